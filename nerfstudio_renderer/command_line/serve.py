# SPDX-License-Identifier: Apache-2.0
"""``nerfstudio-renderer serve``: the render queue for programs that speak rpyc."""

from __future__ import annotations

import argparse
from typing import Any

from nerfstudio_renderer.server.main import main


def add_arguments(subparsers: Any, name: str) -> None:
    """Add the subcommand; its options are those of ``python -m nerfstudio_renderer.server``."""
    subparsers.add_parser(name, help='serve the render queue over rpyc', add_help=False)


def run(given: argparse.Namespace, rest: list[str]) -> int:
    """Serve until a signal comes."""
    return main(rest)
