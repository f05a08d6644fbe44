# SPDX-License-Identifier: Apache-2.0
"""The resolutions of a hash encoding's levels."""

from __future__ import annotations

import numpy as np


def level_scalings(levels: int, least: int, most: int) -> np.ndarray:
    """
    Return the cells along the unit cube's edge at each level, as nerfstudio rounds them.

    It computes ``floor(least * growth ** level)`` in single precision, and rounding decides
    whether a level has 511 or 512 cells. Powers in double precision, rounded once, agree with
    PyTorch's; numpy's own in single precision differ between processors.

    :param least: cells at the first level.
    :param most: cells at the last one.
    :returns: float32 of shape (levels,).
    """
    growth = np.exp((np.log(most) - np.log(least)) / (levels - 1)) if levels > 1 else 1.0
    powers = np.float64(np.float32(growth)) ** np.arange(levels)
    return np.floor(np.float32(least) * powers.astype(np.float32))
