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

from tools.environment import virtualenv
from tools.environment.commands import Shell
from tools.environment.errors import SetupError
from tools.environment.layout import DEFAULT_ROS, Layout, RELEASES
from tools.environment.steps import stale, Step, STEPS


def run() -> int:
    """Bring the environment of the checkout that this file is in up to date; return the exit status."""
    parser = argparse.ArgumentParser(prog='tools.environment', description=run.__doc__)
    parser.add_argument(
        '--same-python', action='store_true',
        help='refuse a finished .venv of another Python version than the running one')
    parser.add_argument(
        '--until', metavar='STEP', choices=[step.name for step in STEPS], default=STEPS[-1].name,
        help='leave out the steps after this one, as for a layer of a container image')
    parser.add_argument(
        '--ros', choices=RELEASES, default=DEFAULT_ROS, help='the release of ROS 2 (%(default)s)')
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        layout = Layout(Path(__file__).resolve().parents[2], arguments.ros)
        set_up(layout, arguments.same_python, arguments.until)
    except SetupError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('interrupted: the next run goes on from here', file=sys.stderr)
        return 130
    return 0


def set_up(layout: Layout, same_python: bool = False, until: str = STEPS[-1].name) -> None:
    """Do every step that is not done yet, up to the one named."""
    wanted = STEPS[:[step.name for step in STEPS].index(until) + 1]
    with exclusively(layout.root):
        if same_python:
            virtualenv.check_version(layout)
        shell = Shell(layout.root, layout.log)
        for step in stale(layout, wanted):
            report(step, layout, shell)
        print(f'{layout.venv.relative_to(layout.root)} is up to date', flush=True)


def report(step: Step, layout: Layout, shell: Shell) -> None:
    """Do one step, with a line that tells which it is and how long it took."""
    print(f'[{STEPS.index(step) + 1}/{len(STEPS)}] {step.title} ...', end=' ', flush=True)
    start = time.monotonic()
    try:
        step.act(layout, shell)
    except BaseException:
        print()
        raise
    print(f'{time.monotonic() - start:.0f} s', flush=True)


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
