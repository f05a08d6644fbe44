# SPDX-License-Identifier: Apache-2.0
"""The step that creates the virtual environment, or adopts the one that is there."""

from __future__ import annotations

import shutil
import sys

from tools.environment.layout import Layout
from tools.environment.machine import check_python
from tools.environment.shell import SetupError, Shell

MADE_AT = 'made_at'
"""Name of the file that says for which folder the environment was made."""


def version(layout: Layout) -> str:
    """Return the version of the environment's Python, as '3.11'; '' if there is none."""
    try:
        lines = (layout.venv / 'pyvenv.cfg').read_text().splitlines()
    except OSError:
        return ''
    values = dict(line.replace(' ', '').split('=', 1) for line in lines if '=' in line)
    return '.'.join(values.get('version', '').split('.')[:2])


def is_usable(layout: Layout) -> bool:
    """Return whether the environment has an interpreter and pip, and was made where it is now."""
    # The interpreter is a link, whose target may have gone. Scripts and links inside hold the
    # folder's name, so an environment that was moved with its checkout is of no use.
    made_at = layout.state / MADE_AT
    moved = made_at.exists() and made_at.read_text() != str(layout.venv)
    pip = layout.venv.glob('lib/python3.*/site-packages/pip')
    return bool(version(layout)) and layout.python.exists() and any(pip) and not moved


def create(layout: Layout, shell: Shell) -> None:
    """
    Create the environment with the running Python, unless there is a usable one.

    :raises SetupError: if something that it takes is missing
    """
    if not is_usable(layout):
        check_python()
        # First, so that an interrupted removal leaves nothing that looks usable.
        (layout.venv / 'pyvenv.cfg').unlink(missing_ok=True)
        shutil.rmtree(layout.venv, ignore_errors=True)
        # The running Python may have been started as that of the removed environment.
        interpreter = getattr(sys, '_base_executable', sys.executable)
        shell.run('creating the virtual environment', [interpreter, '-m', 'venv', layout.venv])
    layout.state.mkdir(exist_ok=True)
    (layout.state / MADE_AT).write_text(str(layout.venv))


def check_version(layout: Layout) -> None:
    """Raise SetupError if there is a usable environment of another Python than the running."""
    running = f'{sys.version_info[0]}.{sys.version_info[1]}'
    if is_usable(layout) and version(layout) != running:
        raise SetupError(
            f'{layout.venv} is of Python {version(layout)}, PYTHON is {running}: leave PYTHON out '
            'to go on with it, or start anew with "make distclean"')
