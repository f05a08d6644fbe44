# SPDX-License-Identifier: Apache-2.0
"""Samples in short, named as the fields of rows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def speed(rays: int, seconds: Iterable[float]) -> dict[str, float | int]:
    """
    Return median, least and greatest rays per second of some rounds.

    :param rays: in each round.
    :param seconds: that each round took.
    """
    speeds = rays / np.array(list(seconds))
    return {
        'rays_per_second': round(float(np.median(speeds)), 1),
        'slowest': round(float(speeds.min()), 1),
        'fastest': round(float(speeds.max()), 1),
        'rounds': len(speeds),
    }


def latencies(seconds: Iterable[float]) -> dict[str, float | int | None]:
    """Return percentiles of ``seconds`` in milliseconds, None if there are none."""
    sample = np.array(list(seconds)) * 1e3
    values = np.percentile(sample, (50, 95, 99)).tolist() if len(sample) else [None] * 3
    names = ('p50_ms', 'p95_ms', 'p99_ms')
    return {
        **{name: _rounded(value) for name, value in zip(names, values, strict=True)},
        'samples': len(sample),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
