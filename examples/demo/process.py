# SPDX-License-Identifier: Apache-2.0
"""The renderer node as a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
import json
from pathlib import Path
import signal
import subprocess
import sys

RENDERER = '/nerfstudio_renderer'
"""The node's name, and the namespace of its topics and services."""
_GRACE_S = 5.0
_TAIL_LINES = 15

Value = bool | int | float | str | list[int]


class RendererStopped(Exception):
    """The renderer ended, or did not begin."""


class RendererProcess:
    """
    Runs ``python -m nerfstudio_renderer_ros`` while the context lasts.

    :param parameters: of the node, by name.
    :param log: file for everything that it prints.
    """

    def __init__(self, parameters: Mapping[str, Value], log: Path) -> None:
        self._command = [sys.executable, '-m', 'nerfstudio_renderer_ros', '--ros-args']
        for name, value in parameters.items():
            # JSON is YAML, which ROS reads; its quotes keep a path like "1" a string.
            self._command += ['-p', f'{name}:={json.dumps(value, ensure_ascii=False)}']
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RendererProcess:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open('wb') as output:
            # In a session of its own: Ctrl-C is for the demo, which then stops the renderer.
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._process.pid

    def check(self) -> None:
        """
        Do nothing while the renderer runs.

        :raises RendererStopped: if it does not.
        """
        if (status := self._process.poll()) is not None:
            raise RendererStopped(f'the renderer ended with status {status}')


def clean_up_when_asked_to_end() -> None:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does, so that its children end too."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, signal.default_int_handler)


def log_tail(log: Path) -> str:
    """Return the last lines of ``log`` and where it is."""
    lines = log.read_text(errors='replace').splitlines()[-_TAIL_LINES:]
    return '\n'.join([f'the end of {log}:', *(f'  {line}' for line in lines)])
