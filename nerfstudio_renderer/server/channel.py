# SPDX-License-Identifier: Apache-2.0
"""rpyc's packets on a socket: large ones quickly, absurd ones not at all."""

from __future__ import annotations

import socket
import ssl
import zlib

from rpyc.core.channel import Channel
from rpyc.core.stream import SocketStream

SILENCE_S = 60.0
"""A client that takes nothing of an answer for this many seconds is given up."""

_PIECE = 1 << 20  # bytes sent at once, so that TLS is silent no longer than a client is


class Stream(SocketStream):
    """
    A connected socket, plain or TLS.

    :param sock: the socket; its options are changed.
    """

    __slots__ = ()

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        sock.settimeout(SILENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _notice_a_lost_peer(sock)

    def poll(self, timeout: object) -> bool:
        """Tell whether there is something to read within ``timeout`` seconds."""
        # What TLS has decrypted already, the operating system cannot see.
        waiting = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()
        return bool(waiting) or super().poll(timeout)

    def read(self, count: int) -> bytes:
        """Return exactly ``count`` bytes; raises EOFError if the peer has gone."""
        data = super().read(count)
        _acknowledge_at_once(self.sock)
        return data

    def write(self, data: bytes | memoryview) -> None:
        """Send all of ``data``; raises EOFError if the peer has gone or takes nothing."""
        left = memoryview(data)  # rpyc's own copies the rest for every 64 kB that it has sent
        try:
            while left:
                left = left[self.sock.send(left[:_PIECE]):]
        except OSError as error:
            self.close()
            raise EOFError(str(error)) from error


class PacketChannel(Channel):
    """
    Packets as rpyc frames them, never compressed on the way out.

    zlib takes half a second for a picture and saves nothing worth it; the client's side reads
    either form. What cannot be a packet ends the connection before it takes memory.

    :param stream: carries them.
    :param longest: bytes of the longest packet to accept.
    """

    __slots__ = ('_longest',)

    def __init__(self, stream: Stream, longest: int) -> None:
        super().__init__(stream, compress=False)
        self._longest = longest

    def recv(self) -> bytes:
        """
        Return the next packet.

        :raises ValueError: if what comes is none.
        :raises EOFError: if the peer has gone.
        """
        length, compressed = self.FRAME_HEADER.unpack(self.stream.read(self.FRAME_HEADER.size))
        if length > self._longest or compressed not in (0, 1):
            raise ValueError('what it sends is not of rpyc, or too long')
        data = self.stream.read(length + len(self.FLUSHER))[:-len(self.FLUSHER)]
        return self._decompressed(data) if compressed else data

    def _decompressed(self, data: bytes) -> bytes:
        decompressor = zlib.decompressobj()
        plain = decompressor.decompress(data, self._longest)
        if not decompressor.eof:
            raise ValueError('a compressed packet is damaged, or too long')
        return plain

    def send(self, data: bytes) -> None:
        """Send ``data`` as one packet."""
        header = self.FRAME_HEADER.pack(len(data), 0)
        if len(data) <= self.stream.MAX_IO_CHUNK:
            self.stream.write(header + data + self.FLUSHER)
        else:
            for part in (header, data, self.FLUSHER):
                self.stream.write(part)


def _notice_a_lost_peer(sock: socket.socket) -> None:
    """Ask a silent peer after 15 s, and three times more, whether it is still there."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (('TCP_KEEPIDLE', 15), ('TCP_KEEPINTVL', 5), ('TCP_KEEPCNT', 4)):
        if hasattr(socket, name):  # they are Linux's
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _acknowledge_at_once(sock: socket.socket) -> None:
    # rpyc's clients send small packets with Nagle's algorithm on: each would wait 40 ms for the
    # acknowledgement of the one before. Linux forgets the option with every packet.
    if hasattr(socket, 'TCP_QUICKACK'):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
