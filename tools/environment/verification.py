# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""The step that tries the finished environment."""

from __future__ import annotations

from tools.environment.commands import Shell
from tools.environment.layout import DEFAULT_ROS, Layout

# Each line is a part that fails by itself: the middleware and the type support of the messages
# (libraries), the ament index (prefix), torchvision (must be of PyTorch's release), and the
# compiled kernels.
TRIAL = """
from ament_index_python.packages import get_package_share_path
import nerfstudio_renderer.engines.nerfacto.cpu._kernel
import nerfstudio_renderer_msgs.srv
import rclpy
from rclpy.type_support import check_for_type_support

rclpy.get_rmw_implementation_identifier()
check_for_type_support(nerfstudio_renderer_msgs.srv.GetFrame)
assert (get_package_share_path('nerfstudio_renderer_ros') / 'package.xml').is_file()
"""

TRIAL_OF_PYTORCH = 'import torchvision'


def verify(layout: Layout, shell: Shell) -> None:
    """Raise CommandFailed unless ROS 2, the messages and PyTorch can be used as installed."""
    trial = TRIAL + (TRIAL_OF_PYTORCH if layout.ros == DEFAULT_ROS else '')
    shell.run('trying the environment', [layout.python, '-c', trial])
