# SPDX-License-Identifier: Apache-2.0
"""The renderer as a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
import os
from pathlib import Path
import re
import signal
import subprocess
import sys
import time

from support import tested_copy

ROOT = tested_copy.ROOT
REAL_NODE = 'nerfstudio_renderer_ros'
PATTERN_NODE = 'support.pattern_node'
START_S = 90.0


_DOMAINS_A_RUN = 4
# Numbers up to 101 leave the ports that Linux gives to other programs alone.
_GROUPS = 100 // _DOMAINS_A_RUN
# Of Fast DDS: https://fast-dds.docs.eprosima.com, "Well Known Ports".
_FIRST_PORT, _PORTS_A_DOMAIN = 7400, 250


def own_domain(offset: int = 0) -> str:
    """Return a ROS_DOMAIN_ID of this test run's own, another one for each ``offset`` below 4."""
    assert offset < _DOMAINS_A_RUN
    return str(1 + _DOMAINS_A_RUN * _own_group() + offset)


@cache
def _own_group() -> int:
    """Return which domains are this run's: none has ports that others use or have left behind."""
    groups = [(os.getpid() + step) % _GROUPS for step in range(_GROUPS)]
    used = {_group_of(int(match[1])) for path in Path('/dev/shm').glob('fast*_port*')
            if (match := re.search(r'_port(\d+)$', path.name))}
    return next((group for group in groups if group not in used), groups[0])


def _group_of(port: int) -> int:
    return ((port - _FIRST_PORT) // _PORTS_A_DOMAIN - 1) // _DOMAINS_A_RUN


class NodeProcess:
    """
    A renderer node that is started, watched and, whatever happens, ended.

    :param module: which node, REAL_NODE or PATTERN_NODE.
    :param parameters: ROS parameters, as they are written on a command line.
    :param environment: variables besides this process's own.
    """

    def __init__(
        self,
        module: str,
        log: Path,
        parameters: Mapping[str, object] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        command = [sys.executable, '-m', module, '--ros-args']
        for name, value in (parameters or {}).items():
            command += ['-p', f'{name}:={value}']
        self.log = log
        with log.open('w') as output:
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, 'PYTHONPATH': tested_copy.python_path(), **(environment or {})},
            )

    @property
    def output(self) -> str:
        """All that it has written."""
        return self.log.read_text()

    def wait_for_output(self, text: str, timeout_s: float = START_S) -> None:
        """Wait until it has written ``text``; a file cannot be waited for, so this one looks."""
        deadline = time.monotonic() + timeout_s
        while text not in self.output:
            assert self.process.poll() is None, f'ended without {text!r}:\n{self.output}'
            assert time.monotonic() < deadline, f'no {text!r} in time:\n{self.output}'
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGINT, timeout_s: float = 20.0) -> int:
        """Send it a signal, and return its exit status once it has ended."""
        self.process.send_signal(number)
        return self.process.wait(timeout_s)

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.process.poll() is None:
            self._end()
        self.process.wait()

    def _end(self) -> None:
        # Killed at once, it would leave its shared memory behind, some MiB each time.
        try:
            self.stop(signal.SIGTERM)
        except subprocess.TimeoutExpired:
            self.process.kill()
