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

"""Where the set-up finds and puts things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_ROS = 'kilted'
"""The release whose environment has all of the project: `.venv`, with PyTorch and nerfstudio."""

RELEASES = (DEFAULT_ROS, 'jazzy')
"""The releases of ROS 2 for which there are locked wheels; the others' have what the node needs."""


@dataclass(frozen=True)
class Layout:
    """The folders and files of one checkout."""

    root: Path
    """The checkout, absolute."""

    ros: str = DEFAULT_ROS
    """The release of ROS 2, in lower case."""

    @property
    def venv(self) -> Path:
        """Return the virtual environment, which is the ROS 2 prefix too."""
        return self.root / ('.venv' if self.ros == DEFAULT_ROS else f'.venv-{self.ros}')

    @property
    def python(self) -> Path:
        """Return the environment's interpreter."""
        return self.venv / 'bin' / 'python'

    @property
    def state(self) -> Path:
        """Return the set-up's own folder, in the environment so that both come and go together."""
        return self.venv / 'setup'

    @property
    def log(self) -> Path:
        """Return the file with the output of all that was run."""
        return self.state / 'setup.log'

    @property
    def stamps(self) -> Path:
        """Return the folder with a file for each finished step."""
        return self.state / 'stamps'

    @property
    def build(self) -> Path:
        """Return colcon's build folder; the installed project links to its part of it."""
        return self.state / 'build'

    @property
    def lock(self) -> Path:
        """Return the file with the exact version of every wheel."""
        name = 'lock' if self.ros == DEFAULT_ROS else self.ros
        return self.root / 'requirements' / f'{name}.txt'

    @property
    def interfaces(self) -> Path:
        """Return the package of messages and services."""
        return self.root / 'nerfstudio_renderer_msgs'

    def site_packages(self) -> Path:
        """Return the environment's folder of Python packages; it must have been created."""
        return next(self.venv.glob('lib/python3.*/site-packages'))
