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

"""The steps that build this repository's packages with colcon, into the environment itself."""

from __future__ import annotations

import os
from pathlib import Path
import shutil

from tools.environment import fingerprint
from tools.environment.commands import Shell
from tools.environment.environ import inside
from tools.environment.layout import Layout
from tools.environment.machine import check_compilers

PROJECT = 'nerfstudio_renderer_ros'
CORE = 'nerfstudio_renderer'

STARTUP = 'nerfstudio_renderer_ros.pth'
"""Name of the file in site-packages that every Python of the environment reads at its start."""

ADD_PREFIX = (
    'import os, sys; '
    'os.environ["AMENT_PREFIX_PATH"] = ":".join(dict.fromkeys([*filter(None, '
    'os.environ.get("AMENT_PREFIX_PATH", "").split(":")), sys.prefix]))')
"""A line of Python, as a start-up file must have it; a sourced overlay keeps its precedence."""


def interfaces_identity(layout: Layout) -> str:
    """Return the hash of the message package."""
    return fingerprint.of_files(fingerprint.files_below(layout.interfaces))


def build_interfaces(layout: Layout, shell: Shell) -> None:
    """Generate, compile and install the messages."""
    check_compilers()
    colcon_build(layout, shell, layout.interfaces, '--cmake-args', *cmake_arguments(layout))


def project_identity(layout: Layout) -> str:
    """
    Return the hash of what is built from, and of the other installed files' names.

    Those others are linked, not copied, so their contents do not matter.
    """
    root = layout.root
    packaging = [root / name for name in ('package.xml', 'setup.py', 'setup.cfg')]
    packaging += [path for path in fingerprint.files_below(root / CORE)
                  if path.suffix in ('.cpp', '.hpp')]
    linked = [*fingerprint.files_below(root / 'launch'), *fingerprint.files_below(root / 'config')]
    return fingerprint.of_texts([fingerprint.of_files(packaging), *map(str, linked)])


def install_project(layout: Layout, shell: Shell) -> None:
    """Install the node and its core as links to their sources, so that edits count at once."""
    for links in (layout.build / PROJECT, layout.venv / 'share' / PROJECT):
        shutil.rmtree(links, ignore_errors=True)  # those to files that are no more
    colcon_build(layout, shell, layout.root, '--symlink-install')
    (layout.site_packages() / STARTUP).write_text(startup_file(layout))


def colcon_build(layout: Layout, shell: Shell, package: Path, *options: str) -> None:
    """Build one package of this repository and install it into the environment."""
    variables = {
        **inside(layout.venv, os.environ),
        # Without a user's own defaults for other workspaces.
        'COLCON_HOME': str(layout.state / 'colcon'),
    }
    shell.run(
        f'building {package.name}',
        [layout.python, '-m', 'colcon', '--log-base', layout.state / 'colcon_log', 'build',
         '--paths', package, '--build-base', layout.build, '--install-base', layout.venv,
         '--merge-install', '--event-handlers', 'console_direct+', 'desktop_notification-',
         *options],
        variables)


def cmake_arguments(layout: Layout) -> list[str]:
    """Return CMake's arguments for the interfaces."""
    return [
        '-GNinja',
        '-DBUILD_TESTING=OFF',
        '-DCMAKE_BUILD_TYPE=Release',
        f'-DPython3_EXECUTABLE={layout.python}',
    ]


def startup_file(layout: Layout) -> str:
    """
    Return the lines that make the environment a sourced workspace without sourcing it.

    The first line puts colcon's build folder, with its links to the two packages and their
    metadata, on the Python path. The second one does what `source setup.bash` does for the
    ament index; the wheels' own start-up file does it for the libraries.
    """
    links = os.path.relpath(layout.build / PROJECT, layout.site_packages())
    return f'{links}\n{ADD_PREFIX}\n'
