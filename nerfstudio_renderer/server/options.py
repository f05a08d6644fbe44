# SPDX-License-Identifier: Apache-2.0
"""The command line of the server."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from nerfstudio_renderer.server.addresses import LOCALHOST
from nerfstudio_renderer.server.tls import TlsFiles

DESCRIPTION = """\
Serve the render queue to programs that speak rpyc. A client of the classic service can run any
code in this process, with all rights of the user who started it; one of the restricted service
can render the scenes of one folder."""

DEFAULT_PORT = 7007
LOG_LEVELS = ('debug', 'info', 'warning', 'error')


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    host: str
    """Name or address to listen on."""
    port: int
    """0 for one that is free."""
    scenes: Path | None
    """Folder of the restricted service's scenes; None: the classic service."""
    tls: TlsFiles | None
    """Certificates; None: no encryption."""
    log_level: str
    """One of LOG_LEVELS."""


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options in ``arguments``, those of the process if None; exits on wrong ones."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if (given.service == 'restricted') != (given.scenes is not None):
        parser.error('--service restricted and --scenes FOLDER belong together')
    if given.scenes is not None and not given.scenes.is_dir():
        parser.error(f'--scenes {str(given.scenes)!r} is no folder')
    return Options(given.host, given.port, given.scenes, _tls(parser, given), given.log_level)


def _tls(parser: argparse.ArgumentParser, given: argparse.Namespace) -> TlsFiles | None:
    files = {'--tls-cert': given.tls_cert, '--tls-key': given.tls_key, '--tls-ca': given.tls_ca}
    if not any(files.values()):
        return None
    for option, path in files.items():
        if path is None:
            parser.error(f'{option} is missing: {", ".join(files)} belong together')
        if not path.is_file():
            parser.error(f'{option} {str(path)!r} does not exist')
    return TlsFiles(given.tls_cert, given.tls_key, given.tls_ca)


class _Parser(argparse.ArgumentParser):

    def error(self, message: str) -> NoReturn:
        self.exit(2, f'error: {message} (--help lists the options)\n')


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog='python -m nerfstudio_renderer.server', description=DESCRIPTION)
    add = parser.add_argument
    add('--host', default=LOCALHOST,
        help='name or address to listen on; 0.0.0.0 or :: for every network this machine is in '
             '(default: %(default)s, where only programs on this machine can connect)')
    add('--port', type=_port, default=DEFAULT_PORT,
        help='TCP port, 0 for a free one, which is then printed (default: %(default)s)')
    add('--service', choices=('classic', 'restricted'), default='classic',
        help='classic: for rpyc.classic.connect; restricted: for rpyc.connect, whose root has '
             'NerfStudioRenderQueue and nothing else (default: %(default)s)')
    add('--scenes', type=Path, metavar='FOLDER',
        help='the folder whose scenes the restricted service renders')
    add('--log-level', choices=LOG_LEVELS, default='info',
        help='what to write to standard error (default: %(default)s)')
    add = parser.add_argument_group(
        'TLS', 'Only clients with a certificate signed by your own authority get in, encrypted '
        '(rpyc.classic.ssl_connect). All three are PEM files.').add_argument
    add('--tls-cert', type=Path, metavar='FILE', help="this server's certificate")
    add('--tls-key', type=Path, metavar='FILE', help='its private key, not encrypted')
    add('--tls-ca', type=Path, metavar='FILE', help='certificate of the authority of the clients')
    return parser


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f'{text!r} is not between 0 and 65535')
    return int(text)
