# SPDX-License-Identifier: Apache-2.0
"""Running commands quietly, with their output in the log, in an environment without ROS 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import os
from pathlib import Path
import shlex
import subprocess

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


class SetupError(Exception):
    """The set-up cannot go on; the message is one line that says why and what to do."""


class CommandFailed(SetupError):
    """A command exited with an error."""

    def __init__(self, what: str, log: Path, output: str) -> None:
        """
        Make the one line for the user.

        :param what: what the command was for, as in 'installing the wheels'
        :param log: where its whole output is
        :param output: what it wrote
        """
        super().__init__(f'{what} failed; the full output is at the end of {log}')
        self.what = what
        self.log = log
        self.output = output


def without_ros(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those of a sourced ROS 2."""
    return {name: value for name, value in variables.items() if name not in FOREIGN}


@dataclass(frozen=True)
class Shell:
    """Runs commands in a folder and appends what they write to a log."""

    folder: Path
    """Where commands run."""

    log: Path
    """The file that gets their output; it and its folder are created."""

    def run(
        self, what: str, command: Sequence[str | Path], variables: Mapping[str, str] | None = None,
    ) -> str:
        """
        Run a command to its end and return what it wrote.

        :param what: what it is for, for the message if it fails
        :param variables: added to this process's, of which a sourced ROS 2's are left out
        :raises CommandFailed: if it exits with anything but 0
        """
        words = [str(word) for word in command]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open('a+') as log:
            log.write(f'\n$ {shlex.join(words)}\n')
            log.flush()
            start = log.tell()
            status = subprocess.call(
                words, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**without_ros(os.environ), **(variables or {})},
                # Inherited: the set-up's exclusive lock, so that a command that outlives a
                # killed set-up keeps the next one waiting.
                close_fds=False)
            log.seek(start)
            output = log.read()
        if status:
            raise CommandFailed(what, self.log, output)
        return output
