# SPDX-License-Identifier: Apache-2.0
"""What the engines with compiled CPU kernels share on Python's side."""

from __future__ import annotations

import os

CORES = len(os.sched_getaffinity(0))
"""CPU cores that this process may use."""


def not_compiled(error: str) -> str:
    """Return why there are no kernels where importing their module failed with ``error``."""
    return f'its CPU kernels are not compiled ({error}); run make setup, or colcon build'
