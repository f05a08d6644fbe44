# SPDX-License-Identifier: Apache-2.0
"""Time on a GPU, as its own clock has it."""

from __future__ import annotations

from collections.abc import Callable

import torch


def device_time_ms(work: Callable[[], object]) -> float:
    """Return how long what ``work`` launches takes on the current device, milliseconds."""
    begun, done = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begun.record()
    work()
    done.record()
    done.synchronize()
    return begun.elapsed_time(done)
