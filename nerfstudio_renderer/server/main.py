# SPDX-License-Identifier: Apache-2.0
"""Starts and stops the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import logging
import os
import signal
import socket
import ssl
import sys
from typing import TYPE_CHECKING

from nerfstudio_renderer.errors import ConfigurationError
from nerfstudio_renderer.optional_packages import is_installed
from nerfstudio_renderer.server.access_notice import exposure
from nerfstudio_renderer.server.addresses import bind, listen, shown
from nerfstudio_renderer.server.options import Options, parse
from nerfstudio_renderer.shutdown import exit_quickly

if TYPE_CHECKING:
    from nerfstudio_renderer.server.server import Offer

_log = logging.getLogger(__name__)

_END_S = 8.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Serve until Ctrl-C or SIGTERM.

    :param arguments: command line; None for the process's own.
    :returns: the exit status of the process.
    """
    exit_quickly()
    # Until clients can connect there is nothing to clean up: signals terminate immediately.
    _on_signal(signal.SIG_DFL)
    options = parse(arguments)
    logging.basicConfig(
        level=options.log_level.upper(), format='%(asctime)s %(levelname)s: %(message)s'
    )
    if not is_installed('rpyc'):
        return _fail('rpyc is not installed: pip install rpyc')
    try:
        tls = options.tls and options.tls.context()
        sockets = bind(options.host, options.port)
        _log.log(*exposure(options, sockets))
        listen(sockets)
    except ConfigurationError as error:
        return _fail(str(error))
    return _serve(options, tls, sockets)


def _fail(reason: str) -> int:
    print(f'error: {reason}', file=sys.stderr)
    return 1


def _serve(
    options: Options, tls: ssl.SSLContext | None, sockets: Sequence[socket.socket]
) -> int:
    from nerfstudio_renderer.server.server import Server  # imports rpyc

    server = Server(sockets, _offer(options, tls))
    server.waker.setblocking(False)
    signal.set_wakeup_fd(server.waker.fileno(), warn_on_full_buffer=False)
    _on_signal(_nothing)  # the byte that Python sends to the waker ends the run
    for each in sockets:
        print(f'listening on {shown(each.getsockname())}', flush=True)
    server.run()
    # A second Ctrl-C must not interrupt the clean-up.
    _on_signal(signal.SIG_IGN)
    signal.set_wakeup_fd(-1)
    if not server.close(_END_S):
        # A thread in the middle of an engine does not survive the interpreter's own end.
        _log.warning("a client's code does not end; ending without it, by a signal")
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    return 0


def _offer(options: Options, tls: ssl.SSLContext | None) -> Offer:
    from nerfstudio_renderer.server.server import Offer

    if options.scenes is None:
        from nerfstudio_renderer.server import classic

        return Offer(classic.ClassicService, classic.LONGEST_PACKET, tls)
    from nerfstudio_renderer.server import restricted
    from nerfstudio_renderer.server.scene_folder import SceneFolder

    scenes = SceneFolder(options.scenes)
    return Offer(
        lambda: restricted.RestrictedService(scenes), restricted.LONGEST_PACKET, tls
    )


def _on_signal(handler: Callable | signal.Handlers) -> None:
    for number in _SIGNALS:
        signal.signal(number, handler)


def _nothing(number: int, frame: object) -> None:
    pass
