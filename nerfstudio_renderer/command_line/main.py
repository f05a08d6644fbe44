# SPDX-License-Identifier: Apache-2.0
"""The command and its subcommands."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import logging
import sys
from typing import NoReturn

from nerfstudio_renderer import __version__
from nerfstudio_renderer.command_line import inspect, render, serve
from nerfstudio_renderer.errors import RendererError
from nerfstudio_renderer.wording import reason

_SUBCOMMANDS = {'render': render, 'inspect': inspect, 'serve': serve}


class _Parser(argparse.ArgumentParser):

    def error(self, message: str) -> NoReturn:
        self.exit(2, f'error: {message} (--help lists the options)\n')


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one subcommand.

    :param arguments: command line; None for the process's own.
    :returns: the exit status of the process: 0, or 1 after one line ``error: ...`` on standard
        error. Wrong arguments end the process with 2.
    """
    given, rest = _parser().parse_known_args(arguments)
    subcommand = _SUBCOMMANDS[given.subcommand]
    if rest and subcommand is not serve:  # the server has a parser of its own
        _parser().error(f'unknown argument {rest[0]!r}')
    logging.basicConfig(format='%(levelname)s: %(message)s')
    try:
        return subcommand.run(given, rest)
    except (RendererError, OSError) as error:
        print(f'error: {reason(error)}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog='nerfstudio-renderer',
        description='Render trained nerfstudio scenes, without ROS.',
    )
    parser.add_argument('--version', action='version', version=__version__)
    subparsers = parser.add_subparsers(dest='subcommand', required=True, metavar='SUBCOMMAND')
    for name, module in _SUBCOMMANDS.items():
        module.add_arguments(subparsers, name)
    return parser
