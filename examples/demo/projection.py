# SPDX-License-Identifier: Apache-2.0
"""What the projection of a level must be."""

from __future__ import annotations

import math

from examples.demo.records import Calibration, View

_TOLERANCE_PX = 1e-3


def stride_of(calibration: Calibration, view: View) -> int | None:
    """Return the stride that K, P and size all agree with, if any does."""
    fx, _, cx, _, fy, cy, *_ = calibration.k
    if (
        not all(map(math.isfinite, calibration.k))
        or calibration.k != (fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0)
        or calibration.p != (fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0)
    ):
        return None
    for stride in view.levels:
        if (
            math.isclose(fx * stride, view.focal, rel_tol=1e-6)
            and math.isclose(fy * stride, view.focal, rel_tol=1e-6)
            and _fits(calibration.width, cx, view.width, stride)
            and _fits(calibration.height, cy, view.height, stride)
        ):
            return stride
    return None


def _fits(size: int, centre: float, full: int, stride: int) -> bool:
    """
    Tell whether ``size`` pixels around ``centre`` are every ``stride``-th of ``full`` ones.

    Pixel centres are at half integers, so from offset o: stride * (centre - 0.5) + o
    = full / 2 - 0.5. The offset must be a whole number below the stride.
    """
    exact = full / 2.0 - 0.5 - stride * (centre - 0.5)
    offset = round(exact)
    return (
        abs(exact - offset) <= _TOLERANCE_PX
        and 0 <= offset < stride
        and size == len(range(offset, full, stride))
    )
