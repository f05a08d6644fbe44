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

"""The environment variables that the set-up's commands see."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOREIGN = (
    '_ROS_WHEELS_BOOTSTRAP_COMPLETE',
    'AMENT_PREFIX_PATH',
    'CMAKE_PREFIX_PATH',
    'COLCON_DEFAULTS_FILE',
    'COLCON_PREFIX_PATH',
    'PYTHONHOME',
    'PYTHONPATH',
    'RMW_IMPLEMENTATION',
    'ROS_DISTRO',
    'ROS_PYTHON_VERSION',
    'ROS_VERSION',
)
"""
Variables of a sourced ROS 2 that must not reach the environment; the Makefile drops the same.

They put another release's Python packages, CMake packages or middleware before those of the
wheels, and messages built against a mixture crash when they are used. The first one tells the
wheels' start-up hook that the library path is set already, which is true only of the
environment that set it.
"""


def without_ros(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those of a sourced ROS 2."""
    return {name: value for name, value in variables.items() if name not in FOREIGN}


def inside(venv: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for a build inside the environment, which is its own ROS 2 prefix."""
    return {
        **without_ros(variables),
        'AMENT_PREFIX_PATH': str(venv),
        'CMAKE_PREFIX_PATH': str(venv),
        'PATH': f'{venv / "bin"}:{variables.get("PATH", "")}',
        'VIRTUAL_ENV': str(venv),
    }
