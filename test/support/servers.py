# SPDX-License-Identifier: Apache-2.0
"""The rpyc server as a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
import gc
import os
from pathlib import Path
import re
import signal
import ssl
import subprocess
import sys
import threading
import time

from nerfstudio_renderer.server.addresses import bind, listen
from nerfstudio_renderer.server.classic import ClassicService
from nerfstudio_renderer.server.server import Offer, Server
import rpyc

from support import tested_copy

REAL_SERVER = 'nerfstudio_renderer.server'
PATTERN_SERVER = 'support.pattern_server'
START_S = 120.0
PATIENCE_S = 30.0


def environment() -> dict[str, str]:
    """Return this process's environment, with which children find the checkout's packages."""
    return {**os.environ, 'PYTHONPATH': tested_copy.python_path()}


class ServerProcess:
    """
    A server that is started at once, watched and, whatever happens, ended.

    :param module: REAL_SERVER or PATTERN_SERVER.
    :param log: file for all that it writes.
    :param options: its command line, besides ``--port``.
    :param port: 0 for a free one.
    """

    def __init__(
        self, module: str, log: Path, options: Sequence[str] = (), port: int = 0
    ) -> None:
        self.log = log
        with log.open('w') as output:
            self.process = subprocess.Popen(
                [sys.executable, '-m', module, '--port', str(port), *options],
                stdout=output, stderr=subprocess.STDOUT, env=environment(),
            )

    @property
    def output(self) -> str:
        """All that it has written."""
        return self.log.read_text()

    @property
    def port(self) -> int:
        """Where it listens; waits until it does."""
        return int(self.wait_for(r'listening on 127\.0\.0\.1:(\d+)')[1])

    def wait_for(self, pattern: str, timeout_s: float = START_S) -> re.Match:
        """Wait until it has written ``pattern``; a file cannot be waited for, so this looks."""
        deadline = time.monotonic() + timeout_s
        while (match := re.search(pattern, self.output)) is None:
            assert self.process.poll() is None, f'ended without {pattern!r}:\n{self.output}'
            assert time.monotonic() < deadline, f'no {pattern!r} in time:\n{self.output}'
            time.sleep(0.02)
        return match

    def connect(self) -> rpyc.Connection:
        """Return a connection of an unmodified classic client."""
        return rpyc.classic.connect('localhost', port=self.port)

    def stop(self, number: int = signal.SIGINT, timeout_s: float = 20.0) -> int:
        """Send it a signal, and return its exit status once it has ended."""
        self.process.send_signal(number)
        return self.process.wait(timeout_s)

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@contextmanager
def serving(
    new_service: Callable[[], rpyc.Service] = ClassicService, tls: ssl.SSLContext | None = None,
    longest_packet: int = 1 << 20,
) -> Iterator[int]:
    """Serve in this process, whose objects a test can then look at; the value is the port."""
    sockets = bind('localhost', 0)
    listen(sockets)
    gc.freeze()  # what other tests left would be searched for each client that leaves
    server = Server(sockets, Offer(new_service, longest_packet, tls))
    thread = threading.Thread(target=server.run, name='server')
    thread.start()
    try:
        yield sockets[0].getsockname()[1]
    finally:
        server.waker.send(b'.')
        thread.join(PATIENCE_S)
        assert server.close(PATIENCE_S), 'a client is still served'
        gc.unfreeze()


def run_client(script: str, timeout_s: float = 60.0) -> str:
    """Run ``script`` in a Python of its own; return what it prints."""
    done = subprocess.run(
        [sys.executable, '-c', script], env=environment(), capture_output=True, text=True,
        timeout=timeout_s,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def render_threads(connection: rpyc.Connection) -> int:
    """Return how many queues of the server still render or could."""
    return connection.eval(
        "sum(each.name == 'render' for each in __import__('threading').enumerate())"
    )


def wait_until(condition, timeout_s: float = PATIENCE_S) -> None:
    """Wait until ``condition()`` holds of another process, which can only be asked."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, 'it did not come true in time'
        time.sleep(0.02)
