# SPDX-License-Identifier: Apache-2.0
"""The sockets that a server listens on."""

from __future__ import annotations

import errno
import ipaddress
import socket

from nerfstudio_renderer.errors import ConfigurationError

LOCALHOST = 'localhost'
_LOOPBACK = ('127.0.0.1', '::1')
_TRIES = 5
_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def bind(host: str, port: int) -> list[socket.socket]:
    """
    Return a socket for each address of ``host``, bound but not listening yet.

    :param host: name or address; ``localhost`` is both loopback addresses, as far as the machine
        has them: which of them a client means by that name, only its resolver knows.
    :param port: 0 for one that is free.
    :raises ConfigurationError: if the port is in use, or the address is not this machine's.
    """
    addresses = _resolve(host)
    tries = _TRIES if port == 0 else 1
    while True:
        tries -= 1
        try:
            return _bind_all(addresses, port, optional=host == LOCALHOST)
        except ConfigurationError:
            if not tries:  # a port that is free at one address may be taken at another
                raise


def _bind_all(addresses: list[tuple[int, str]], port: int, optional: bool) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, address in addresses:
            try:
                sockets.append(_bound(family, address, port))
            except OSError as error:
                if optional and sockets and error.errno in _NO_SUCH_ADDRESS:
                    continue
                raise ConfigurationError(_refusal(address, port, error)) from error
            port = sockets[0].getsockname()[1]
    except BaseException:
        for each in sockets:
            each.close()
        raise
    return sockets


def listen(sockets: list[socket.socket]) -> None:
    """
    Let clients connect.

    :raises ConfigurationError: if another program was quicker.
    """
    for each in sockets:
        try:
            each.listen()
        except OSError as error:
            address, port = each.getsockname()[:2]
            raise ConfigurationError(_refusal(address, port, error)) from error


def shown(address: tuple) -> str:
    """Return a socket's address as it is written: ``127.0.0.1:7007``, ``[::1]:7007``."""
    host, port = address[:2]
    return f'[{host}]:{port}' if ':' in host else f'{host}:{port}'


def is_loopback(sock: socket.socket) -> bool:
    """Tell whether only programs on this machine reach a bound socket."""
    return ipaddress.ip_address(sock.getsockname()[0].partition('%')[0]).is_loopback


def _resolve(host: str) -> list[tuple[int, str]]:
    if host == LOCALHOST:
        return list(zip((socket.AF_INET, socket.AF_INET6), _LOOPBACK, strict=True))
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # the latter for what cannot be a name
        reason = getattr(error, 'strerror', None) or error
        raise ConfigurationError(
            f'host {host!r} is no address of this machine: {reason}'
        ) from error
    return list(dict.fromkeys((family, address[0]) for family, _, _, _, address in found))


def _bound(family: int, address: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        # So that a server can be restarted while connections of the last one fade away.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, port))
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _refusal(address: str, port: int, error: OSError) -> str:
    where = shown((address, port))
    if error.errno == errno.EADDRINUSE:
        return f'{where} is in use by another program; give another --port, or 0 for a free one'
    return f'cannot listen on {where}: {error.strerror}'
