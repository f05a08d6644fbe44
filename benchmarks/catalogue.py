# SPDX-License-Identifier: Apache-2.0
"""Which benchmarks there are, in the order in which they run."""

from __future__ import annotations

from collections.abc import Sequence
import importlib
from importlib.util import find_spec
from typing import Any

from benchmarks.settings import Settings

_IN_ORDER = (
    'engines', 'scaling', 'gaussians', 'start', 'transport', 'end_to_end', 'cancellation',
    'idle', 'gpu',
)

NAMES = tuple(name for name in _IN_ORDER if find_spec(f'benchmarks.{name}'))
"""As on the command line; each is a module with a function ``run``."""


def run(name: str, settings: Settings) -> Sequence[Any]:
    """Run a benchmark; return its rows, instances of one or more dataclasses."""
    return importlib.import_module(f'benchmarks.{name}').run(settings)
