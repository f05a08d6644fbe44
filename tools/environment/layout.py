# SPDX-License-Identifier: Apache-2.0
"""Where the set-up finds and puts things."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_ROS = 'kilted'
"""The release of ROS 2 in `.venv`, for which there are both sets."""

RELEASES = (DEFAULT_ROS, 'jazzy')
"""Releases with locked wheels; any but the default has a light set alone, its tests' included."""


@dataclass(frozen=True)
class Layout:
    """The folders and files of one checkout."""

    root: Path
    """The checkout, absolute."""

    ros: str = DEFAULT_ROS
    """The release of ROS 2."""

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
    def build(self) -> Path:
        """Return colcon's build folder; the installed project links to its part of it."""
        return self.state / 'build'

    @property
    def interfaces(self) -> Path:
        """Return the package of messages and services."""
        return self.root / 'nerfstudio_renderer_msgs'

    def lock(self, name: str) -> Path:
        """Return the file with the exact version of every wheel of the light or the full set."""
        files = {'light': 'lock-light.txt', 'full': 'lock.txt'}
        if self.ros != DEFAULT_ROS:
            files = {'light': f'lock-{self.ros}.txt'}
        return self.root / 'requirements' / files[name]

    def site_packages(self) -> Path:
        """Return the environment's folder of Python packages; it must have been created."""
        return next(self.venv.glob('lib/python3.*/site-packages'))
