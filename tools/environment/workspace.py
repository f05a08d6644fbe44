# SPDX-License-Identifier: Apache-2.0
"""The steps that build this repository's packages with colcon, into the environment itself."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
import os
from pathlib import Path
import shutil

from tools.environment.layout import Layout
from tools.environment.shell import Shell

PROJECT = 'nerfstudio_renderer_ros'
CORE = 'nerfstudio_renderer'

STARTUP = 'nerfstudio_renderer_ros.pth'
"""Name of the file in site-packages that every Python of the environment reads at its start."""

ADD_PREFIX = (
    'import os, sys; '
    'os.environ["AMENT_PREFIX_PATH"] = ":".join(dict.fromkeys([*filter(None, '
    'os.environ.get("AMENT_PREFIX_PATH", "").split(":")), sys.prefix]))')
"""A line of Python, as a start-up file must have it; a sourced overlay keeps its precedence."""

# Each line is a part that fails by itself: the compiled kernels, the ament index (prefix), the
# middleware and the type support of the messages (libraries).
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


def interfaces_inputs(layout: Layout) -> str:
    """Return the hash of the message package."""
    return hashed(files_below(layout.interfaces))


def build_interfaces(layout: Layout, shell: Shell) -> None:
    """Generate, compile and install the messages."""
    colcon_build(
        layout, shell, layout.interfaces, '--cmake-args', '-GNinja', '-DBUILD_TESTING=OFF',
        '-DCMAKE_BUILD_TYPE=Release', f'-DPython3_EXECUTABLE={layout.python}')


def project_inputs(layout: Layout) -> str:
    """
    Return the hash of what is built from, and the other installed files' names.

    Those others are linked, not copied, so their contents do not matter.
    """
    root = layout.root
    built = [root / name for name in (
        'package.xml', 'setup.py', 'setup.cfg', f'{CORE}/__init__.py')]
    built += [path for path in files_below(root / CORE) if path.suffix in ('.cpp', '.hpp')]
    linked = [*files_below(root / 'launch'), *files_below(root / 'config')]
    return ' '.join([hashed(built), *map(str, linked)])


def install_project(layout: Layout, shell: Shell) -> None:
    """Install the node and its core as links to their sources, so that edits count at once."""
    for links in (layout.build / PROJECT, layout.venv / 'share' / PROJECT):
        shutil.rmtree(links, ignore_errors=True)  # those to files that are no more
    colcon_build(layout, shell, layout.root, '--symlink-install')
    (layout.site_packages() / STARTUP).write_text(startup_file(layout))
    shell.run('trying the environment', [layout.python, '-c', TRIAL])


def colcon_build(layout: Layout, shell: Shell, package: Path, *options: str) -> None:
    """Build one package of this repository and install it into the environment."""
    variables = {
        # The environment is its own ROS 2 prefix.
        'AMENT_PREFIX_PATH': str(layout.venv),
        'CMAKE_PREFIX_PATH': str(layout.venv),
        'PATH': f'{layout.venv / "bin"}:{os.environ.get("PATH", "")}',
        'VIRTUAL_ENV': str(layout.venv),
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


def startup_file(layout: Layout) -> str:
    """
    Return the lines that make the environment a sourced workspace without sourcing it.

    The first line puts colcon's build folder, with its links to the two packages and their
    metadata, on the Python path. The second one does what `source setup.bash` does for the
    ament index; the wheels' own start-up file does it for the libraries.
    """
    links = os.path.relpath(layout.build / PROJECT, layout.site_packages())
    return f'{links}\n{ADD_PREFIX}\n'


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder, sorted, without Python's caches; [] if it is missing."""
    files = (path for path in folder.rglob('*') if path.is_file())
    return sorted(path for path in files if '__pycache__' not in path.parts)


def hashed(paths: Iterable[Path]) -> str:
    """Return the SHA-256 (hex) of the files' names and contents."""
    digest = sha256()
    for path in paths:
        digest.update(f'{path}\0{sha256(path.read_bytes()).hexdigest()}\0'.encode())
    return digest.hexdigest()
