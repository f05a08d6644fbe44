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

"""Running commands quietly, with their output in the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import os
from pathlib import Path
import shlex
import subprocess

from tools.environment.environ import without_ros
from tools.environment.errors import SetupError


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
        :param variables: its environment; None: this process's, without a sourced ROS 2
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
                env=without_ros(os.environ) if variables is None else dict(variables),
                # Inherited: the set-up's exclusive lock, so that a command that outlives a
                # killed set-up keeps the next one waiting.
                close_fds=False)
            log.seek(start)
            output = log.read()
        if status:
            raise CommandFailed(what, self.log, output)
        return output
