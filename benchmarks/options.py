# SPDX-License-Identifier: Apache-2.0
"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogue import NAMES

DESCRIPTION = """\
Measure the renderer and write NAME.json for each benchmark, machine.json and tables.txt. Takes
about eight minutes on two CPU cores."""


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    names: tuple[str, ...]
    """The benchmarks, in the order in which they run."""
    scene: Path | None
    """A ``config.yml`` to measure besides the bundled scene."""
    output: Path
    """Folder for the results."""
    quick: bool
    """Whether to try everything out, on too little for figures that mean anything."""
    docs: bool
    """Whether to write the results that are there into the documentation, and measure nothing."""


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options in ``arguments``, those of the process if None; exits on wrong ones."""
    parser = argparse.ArgumentParser(prog='python -m benchmarks', description=DESCRIPTION)
    add = parser.add_argument
    add('names', nargs='*', metavar='NAME', help=f'{", ".join(NAMES)} (default: all of them)')
    add('--scene', type=Path, metavar='CONFIG_YML',
        help='a scene of yours, which engines measures besides the bundled one')
    add('--output', type=Path, default=Path('bench_output'), metavar='DIR',
        help='for the results (default: %(default)s)')
    add('--quick', action='store_true',
        help='try everything out in about a minute; the figures mean nothing')
    add('--docs', action='store_true',
        help='measure nothing, but write the tables in docs/performance.md from the results')
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(NAMES)):
        parser.error(f'{", ".join(unknown)}: there are {", ".join(NAMES)}')
    if given.scene is not None and not given.scene.exists():
        parser.error(f"--scene: '{given.scene}' does not exist: give the path of a config.yml")
    names = tuple(name for name in NAMES if name in given.names or not given.names)
    return Options(names, given.scene, given.output, given.quick, given.docs)
