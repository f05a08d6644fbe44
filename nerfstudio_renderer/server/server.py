# SPDX-License-Identifier: Apache-2.0
"""Accepting clients, and serving each on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
import errno
import gc
import logging
import select
import selectors
import socket
import ssl
import threading
import time

from nerfstudio_renderer.server.addresses import shown
from nerfstudio_renderer.server.channel import PacketChannel, Stream
from nerfstudio_renderer.wording import shortened
from rpyc import Service

_log = logging.getLogger(__name__)

_HANDSHAKE_S = 10.0
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_RECOVERY_S = 1.0


@dataclass(frozen=True)
class Offer:
    """What a server has for a client."""

    new_service: Callable[[], Service]
    """Makes the service of one connection."""
    longest_packet: int
    """Bytes of the longest packet that a client may send."""
    tls: ssl.SSLContext | None = None
    """Admits those with a certificate; None: no encryption."""


class Server:
    """
    Serves clients until it is closed.

    :param listeners: listening sockets that do not block; closed with the server.
    :param offer: what clients find.
    """

    def __init__(self, listeners: Sequence[socket.socket], offer: Offer) -> None:
        self._listeners = listeners
        self._offer = offer
        self._woken, self.waker = socket.socketpair()
        """Any byte sent to ``waker`` ends ``run``, from a signal handler too."""
        self._lock = threading.Lock()
        self._clients: dict[threading.Thread, socket.socket] = {}
        self._is_closed = False

    def run(self) -> None:
        """Accept clients until something is sent to ``waker``."""
        with selectors.DefaultSelector() as selector:
            for each in (*self._listeners, self._woken):
                selector.register(each, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._woken:
                        return
                    self._accept(key.fileobj)

    def close(self, timeout_s: float) -> bool:
        """Disconnect all clients; return whether their threads have ended in time."""
        with self._lock:
            self._is_closed = True
            clients = dict(self._clients)
        for each in (*self._listeners, self._woken, self.waker):
            each.close()
        for sock in clients.values():
            _disconnect(sock)
        deadline = time.monotonic() + timeout_s
        for thread in clients:
            thread.join(max(deadline - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in clients)

    def _accept(self, listener: socket.socket) -> None:
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                _log.warning('cannot accept a client: %s', error.strerror)
                select.select([self._woken], [], [], _RECOVERY_S)  # it would come again at once
            return  # else the client has gone already
        thread = threading.Thread(
            target=self._serve, args=(sock, shown(address)), name=f'client {shown(address)}',
            daemon=True,
        )
        with self._lock:
            self._clients[thread] = sock
        try:
            thread.start()
        except RuntimeError as error:
            _log.warning('cannot serve %s: %s', shown(address), error)
            self._forget(thread, sock)

    def _serve(self, sock: socket.socket, name: str) -> None:
        try:
            sock = self._admitted(sock)
            _log.info('client %s has come', name)
            self._talk(sock)
            _log.info('client %s has gone', name)
        except OSError as error:
            _log.warning('client %s is refused: %s', name, _one_line(error))
        except BaseException as error:  # such as sys.exit, which a client's code may call
            _log.warning('client %s is disconnected: %s', name, _one_line(error))
        finally:
            self._forget(threading.current_thread(), sock)

    def _admitted(self, sock: socket.socket) -> socket.socket:
        """Return the client's socket after the TLS handshake, if there is one."""
        if self._offer.tls is None:
            return sock
        sock.settimeout(_HANDSHAKE_S)
        admitted = self._offer.tls.wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False
        )
        with self._lock:
            self._clients[threading.current_thread()] = admitted
            if self._is_closed:
                _disconnect(admitted)
        try:
            admitted.do_handshake()
        except BaseException:
            admitted.close()
            raise
        return admitted

    def _talk(self, sock: socket.socket) -> None:
        channel = PacketChannel(Stream(sock), self._offer.longest_packet)
        connection = self._offer.new_service()._connect(channel, {'logger': _log})
        connection.serve_until_closed()

    def _forget(self, thread: threading.Thread, sock: socket.socket) -> None:
        sock.close()
        # What the client has named may refer to itself, and hold a queue.
        gc.collect()
        with self._lock:
            self._clients.pop(thread, None)


def _one_line(error: BaseException) -> str:
    return f'{type(error).__name__}: {shortened(" ".join(str(error).split()))}'


def _disconnect(sock: socket.socket) -> None:
    with suppress(OSError):  # it may have gone by itself
        # Not TLS's: that one changes the socket under the thread that reads from it.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
