# SPDX-License-Identifier: Apache-2.0
"""The container's health check: whether its rpyc server, if that is its job, answers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import contextlib
import errno
from pathlib import Path
import socket
import sys

MODULE = 'nerfstudio_renderer.server'
PATIENCE_S = 3.0


def main() -> int:
    """Return 0 if all is well, else 1 with one line that says what is not."""
    for options in map(parsed, servers(Path('/proc'))):
        check = is_taken if options.tls_cert else answers
        try:
            check(options.port)
        except Exception as error:
            print(f'no answer on port {options.port}: {error}')
            return 1
    # Docker itself sees whether the process of any other job is there.
    return 0


def servers(processes: Path) -> list[Sequence[str]]:
    """Return the command lines of the servers that run here, behind the module's name."""
    found = []
    for process in processes.glob('[0-9]*'):
        with contextlib.suppress(OSError):  # it has just ended, or is another user's
            # With docker run --pid=host, the host's processes are seen too.
            if (process / 'root').samefile('/'):
                found += arguments((process / 'cmdline').read_text(errors='replace'))
    return found


def arguments(cmdline: str) -> list[Sequence[str]]:
    """Return a server's command line behind the module's name; none if it is no server."""
    words = cmdline.split('\0')[:-1]
    if '-m' not in words[:-1] or words[words.index('-m') + 1] != MODULE:
        return []
    return [words[words.index('-m') + 2:]]


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what matters of a server's options."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument('--port', type=int, default=7007)
    parser.add_argument('--tls-cert')
    return parser.parse_known_args(arguments)[0]


def answers(port: int) -> None:
    """Raise an exception unless a server answers, of either service."""
    import rpyc

    stream = rpyc.SocketStream.connect('127.0.0.1', port, timeout=PATIENCE_S)
    with rpyc.connect_stream(stream, config={'sync_request_timeout': PATIENCE_S}) as connection:
        connection.ping(timeout=PATIENCE_S)


def is_taken(port: int) -> None:
    """Raise OSError unless somebody listens; one with TLS would log a stranger as refused."""
    with socket.socket() as sock:
        try:
            sock.bind(('127.0.0.1', port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return
            raise
    raise ConnectionRefusedError('nobody listens')


if __name__ == '__main__':
    sys.exit(main())
