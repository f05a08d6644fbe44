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

"""The step that installs the locked wheels."""

from __future__ import annotations

import os
import re
import shutil

from tools.environment import fingerprint
from tools.environment.commands import CommandFailed, Shell
from tools.environment.environ import without_ros
from tools.environment.errors import SetupError
from tools.environment.layout import Layout
from tools.environment.machine import check_compilers, check_space, free_gb

BOOTSTRAP = ('pip', 'setuptools', 'wheel')
"""Installed first, at their locked versions, to install the rest (requirements/bootstrap.in)."""

NO_SPACE = re.compile('No space left on device|Errno 28')
NO_NETWORK = re.compile(
    'name resolution|Failed to establish a new connection|Network is unreachable'
    '|incomplete-download|Connection refused|ConnectTimeout|Read timed out|Max retries exceeded')
"""What pip's output says about two failures that its last lines do not tell."""

FULL_GB = 0.1
"""A disk with less free space than this is the reason of a failure [10^9 bytes]."""


def identity(layout: Layout) -> str:
    """Return the hash of the locked versions."""
    return fingerprint.of_files([layout.lock])


def install(layout: Layout, shell: Shell) -> None:
    """
    Bring the environment to the locked versions; needs no network if it has them.

    :raises SetupError: if the machine lacks something, or pip fails
    """
    check_compilers()  # a few of nerfstudio's dependencies come as sources
    check_space(layout.venv)
    discard_unfinished(layout)
    pip = [layout.python, '-m', 'pip', 'install', '--no-input', '--progress-bar', 'off']
    variables = {
        **without_ros(os.environ),
        'PIP_USER': '0',  # a user's own setting, of no use here
        'PIP_DISABLE_PIP_VERSION_CHECK': '1',
        # Gigabytes pass through it: on the disk that has room, not in a small /tmp.
        'TMPDIR': str(layout.state / 'tmp'),
    }
    try:
        (layout.state / 'tmp').mkdir(parents=True, exist_ok=True)
        shell.run('installing pip', [*pip, '-c', layout.lock, *BOOTSTRAP], variables)
        # The lock is complete, so there is nothing to resolve.
        shell.run('installing the wheels', [*pip, '--no-deps', '-r', layout.lock], variables)
    except CommandFailed as failure:
        raise SetupError(explained(failure, free_gb(layout.venv))) from failure
    finally:
        shutil.rmtree(layout.state / 'tmp', ignore_errors=True)


def discard_unfinished(layout: Layout) -> None:
    """Forget the wheels whose installation was interrupted, so that pip installs them again."""
    site_packages = layout.site_packages()
    for info in site_packages.glob('*.dist-info'):
        if not (info / 'RECORD').exists():  # pip writes it last
            shutil.rmtree(info)
    for half_removed in site_packages.glob('~*'):
        shutil.rmtree(half_removed, ignore_errors=True)


def explained(failure: CommandFailed, free: float) -> str:
    """Return the failure's line, with its reason if it is the disk (`free` GB) or the network."""
    # pip takes a download that does not fit on the disk for one that was cut off.
    if NO_SPACE.search(failure.output) or free < FULL_GB:
        reason = 'no space left on the disk'
    elif NO_NETWORK.search(failure.output):
        reason = 'the package index cannot be reached; the first set-up needs a network connection'
    else:
        return str(failure)
    return f'{failure.what} failed: {reason} (full output: {failure.log})'
