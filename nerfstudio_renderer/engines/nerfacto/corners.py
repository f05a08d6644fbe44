# SPDX-License-Identifier: Apache-2.0
"""The corners of a hash level's cells, for packings that give each an entry of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

# Of the spatial hash of instant-ngp (https://arxiv.org/abs/2201.05989, section 3).
_PRIME_Y, _PRIME_Z = 2654435761, 805459861


def corners_along_edge(scaling: float) -> int:
    """
    Return how many corners an edge of the unit cube has.

    :param scaling: cells along it.
    """
    return int(scaling) + 2  # a position of 1 - epsilon may be rounded up to the last corner


def entries_by_plane(side: int, entries: int) -> Iterator[np.ndarray]:
    """
    Yield which entry of the hash table each corner has, one plane of equal z after another.

    :param side: corners along the edge.
    :param entries: of the table, a power of 2.
    :returns: int64 of shape (side, side), of y and x.
    """
    corner = np.arange(side)
    across = (corner[:, None] * _PRIME_Y) ^ corner
    for z in range(side):
        yield (across ^ (z * _PRIME_Z)) & (entries - 1)
