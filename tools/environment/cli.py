# SPDX-License-Identifier: Apache-2.0
"""What the user sees of the set-up: a line for each step, one line for an error."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import signal
import sys
import time

from tools.environment import machine, virtualenv
from tools.environment.layout import DEFAULT_ROS, Layout, RELEASES
from tools.environment.shell import SetupError, Shell
from tools.environment.steps import SETS, stale


def run() -> int:
    """Bring this checkout's environment up to date; return the exit status."""
    parser = argparse.ArgumentParser(prog='tools.environment', description=run.__doc__)
    parser.add_argument('set', nargs='?', choices=SETS, default='full', help='what to install')
    parser.add_argument(
        '--ros', choices=RELEASES, default=DEFAULT_ROS, help='release of ROS 2 (%(default)s)')
    parser.add_argument(
        '--same-python', action='store_true',
        help='refuse a finished .venv of another Python version than the running one')
    arguments = parser.parse_args()
    if arguments.ros != DEFAULT_ROS and arguments.set != 'light':
        parser.error(f'of {arguments.ros} there is the set light alone, not {arguments.set}')
    layout = Layout(Path(__file__).resolve().parents[2], arguments.ros)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        set_up(layout, arguments.set, arguments.same_python)
    except SetupError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('interrupted: the next run goes on from here', file=sys.stderr)
        return 130
    return 0


def set_up(layout: Layout, name: str, same_python: bool = False) -> None:
    """Do every step of a set that is not done yet."""
    with exclusively(layout.root):
        if same_python:
            virtualenv.check_version(layout)
        shell = Shell(layout.root, layout.log)
        for step in stale(layout, SETS[name]):
            machine.check_compilers()
            print(f'{step.title} ...', end=' ', flush=True)
            start = time.monotonic()
            try:
                step.act(layout, shell)
            except BaseException:
                print()
                raise
            print(f'{time.monotonic() - start:.0f} s', flush=True)
        print(f'{layout.venv.name} is up to date ({name})', flush=True)


@contextmanager
def exclusively(root: Path) -> Iterator[None]:
    """Wait until no other set-up of this checkout runs, and keep others waiting."""
    folder = os.open(root, os.O_RDONLY)
    os.set_inheritable(folder, True)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print('waiting for another set-up of this checkout to end', flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
