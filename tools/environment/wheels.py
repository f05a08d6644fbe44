# SPDX-License-Identifier: Apache-2.0
"""The steps that install the locked wheels, first the light set, then what is more in the full."""

from __future__ import annotations

from pathlib import Path
import re
import shutil

from tools.environment.layout import Layout
from tools.environment.shell import CommandFailed, SetupError, Shell

BOOTSTRAP = ('pip', 'setuptools', 'wheel')
"""Installed first, at their locked versions, to install the rest."""

REASONS = (
    ('no space left on the disk', 'No space left on device|Errno 28'),
    ('the package index cannot be reached; the first set-up needs a network connection',
     'name resolution|Failed to establish a new connection|Network is unreachable'
     '|incomplete-download|Connection refused|ConnectTimeout|Read timed out|Max retries exceeded'),
)
"""What pip's output says about two failures that its last lines do not tell."""

# The wheels of ROS 2 were built in the manylinux containers, as their exported CMake targets still
# say: /opt/python/cp311-cp311/lib/python3.11/site-packages/numpy/_core/include.
PYTHON_INCLUDE = re.compile(r'/opt/python/[^";]*/include/python3\.\d+')
NUMPY_INCLUDE = re.compile(r'/opt/python/[^";]*/numpy/_?core/include')
INCLUDES = 'import numpy, sysconfig; print(sysconfig.get_path("include"), numpy.get_include())'


def light_inputs(layout: Layout) -> str:
    """Return the locked versions of the light set."""
    return layout.lock('light').read_text()


def full_inputs(layout: Layout) -> str:
    """Return the locked versions of the full set."""
    return layout.lock('full').read_text()


def install_light(layout: Layout, shell: Shell) -> None:
    """Install what rendering on a CPU and building the messages take."""
    install(layout, shell, layout.lock('light'))
    answer = shell.run('finding the include folders', [layout.python, '-c', INCLUDES])
    python_include, numpy_include = answer.splitlines()[-1].split()
    for path in layout.venv.glob('share/*/cmake/*.cmake'):
        repair(path, python_include, numpy_include)


def install_full(layout: Layout, shell: Shell) -> None:
    """Install the rest, and import the part that fails when it is not of PyTorch's release."""
    install(layout, shell, layout.lock('full'))
    shell.run('trying PyTorch', [layout.python, '-c', 'import torchvision'])


def install(layout: Layout, shell: Shell, lock: Path) -> None:
    """
    Bring the environment to the locked versions; needs no network if it has them.

    :raises SetupError: if pip fails
    """
    discard_unfinished(layout)
    pip = [layout.python, '-m', 'pip', 'install', '--no-input', '--progress-bar', 'off']
    temporary = layout.state / 'tmp'
    variables = {
        'PIP_USER': '0',  # a user's own setting, of no use here
        'PIP_DISABLE_PIP_VERSION_CHECK': '1',
        # Gigabytes pass through it: on the disk that has room, not in a small /tmp.
        'TMPDIR': str(temporary),
    }
    try:
        temporary.mkdir(parents=True, exist_ok=True)
        shell.run('installing pip', [*pip, '-c', lock, *BOOTSTRAP], variables)
        # The lock is complete, so there is nothing to resolve.
        shell.run('installing the wheels', [*pip, '--no-deps', '-r', lock], variables)
    except CommandFailed as failure:
        raise SetupError(explained(failure)) from failure
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def discard_unfinished(layout: Layout) -> None:
    """Forget the wheels whose installation was interrupted, so that pip installs them again."""
    site_packages = layout.site_packages()
    for info in site_packages.glob('*.dist-info'):
        if not (info / 'RECORD').exists():  # pip writes it last
            shutil.rmtree(info)
    for half_removed in site_packages.glob('~*'):
        shutil.rmtree(half_removed, ignore_errors=True)


def explained(failure: CommandFailed) -> str:
    """Return the failure's line, with its reason if it is the disk or the network."""
    for reason, pattern in REASONS:
        if re.search(pattern, failure.output):
            return f'{failure.what} failed: {reason} (full output: {failure.log})'
    return str(failure)


def repair(path: Path, python_include: str, numpy_include: str) -> None:
    """Make one CMake file of the wheels name this machine's Python and numpy headers."""
    before = path.read_text()
    # Functions, since a path is no replacement pattern.
    after = NUMPY_INCLUDE.sub(lambda _: numpy_include, before)
    after = PYTHON_INCLUDE.sub(lambda _: python_include, after)
    if after != before:
        path.write_text(after)
