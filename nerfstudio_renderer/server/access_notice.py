# SPDX-License-Identifier: Apache-2.0
"""What a server's addresses and service mean, said plainly."""

from __future__ import annotations

from collections.abc import Sequence
import getpass
import logging
import socket

from nerfstudio_renderer.server.addresses import is_loopback
from nerfstudio_renderer.server.options import Options


def exposure(options: Options, sockets: Sequence[socket.socket]) -> tuple[int, str]:
    """
    Return one line about who can do what, and its level.

    :param sockets: bound.
    :returns: a level of ``logging``: a warning where strangers can do anything.
    """
    anyone = not (options.tls or all(is_loopback(each) for each in sockets))
    risky = anyone and options.scenes is None
    remedy = ('; if that is not what you want, give --tls-cert, --tls-key and --tls-ca, or '
              '--service restricted' if risky else '')
    return (logging.WARNING if risky else logging.INFO,
            f'{_who(options, anyone)} can {_what(options)}{remedy}')


def _who(options: Options, anyone: bool) -> str:
    if options.tls:
        return f'whoever has a certificate signed by {options.tls.authority}'
    if anyone:
        return 'EVERYONE in the networks of this machine'
    return 'every program on this machine, but none elsewhere,'


def _what(options: Options) -> str:
    if options.scenes is None:
        return f'run any code here, with all rights of the user {_user()}'
    return f'render the scenes in {options.scenes}, and nothing else'


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        return 'who started this'
