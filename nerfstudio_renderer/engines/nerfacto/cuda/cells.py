# SPDX-License-Identifier: Apache-2.0
"""
Levels of a hash grid, laid out by cells.

The hash scatters the corners of a cell over the table. Where a level is coarse enough, what it
says of every corner is written out instead, four corners of a cell side by side: the same numbers,
read with two loads instead of eight, from memory that neighbours share.
"""

from __future__ import annotations

from collections.abc import Iterable

from nerfstudio_renderer.engines.nerfacto.corners import corners_along_edge, entries_by_plane
import torch

_NUMBERS = 8
"""Of a cell and two features: for each of the corners (y, x) of its lower side, both features."""
_MOST_NUMBERS = 1 << 31
"""Offsets within a level are 32-bit."""


class CellBudget:
    """
    Memory for cells, to be given out to one level after another.

    :param size: bytes.
    """

    def __init__(self, size: int) -> None:
        self._left = size

    def levels(self, scalings: Iterable[float], features: int, precision: torch.dtype) -> int:
        """Return how many levels of a grid, from the coarsest on, can be laid out; take them."""
        count = 0
        for scaling in scalings:
            numbers = _side(scaling) ** 3 * _NUMBERS * features // 2
            size = numbers * precision.itemsize
            if size > self._left or numbers >= _MOST_NUMBERS:
                break
            self._left -= size
            count += 1
        return count


def lay_out(table: torch.Tensor, scaling: float) -> torch.Tensor:
    """
    Return the cells of one level.

    :param table: of shape (entries, features).
    :param scaling: cells along the unit cube's edge.
    :returns: of shape (features / 2, cells, 8); number (z * side + y) * side + x of side = scaling
        + 1 is the cell whose corner nearest to the origin is (x, y, z).
    """
    side = _side(scaling)
    features = table.shape[1]
    planes = entries_by_plane(side + 1, len(table))
    cells = table.new_empty((features // 2, side, side, side, 2, 2, 2))
    for z, entries in zip(range(side), planes, strict=False):
        found = table[torch.from_numpy(entries).to(table.device)]
        corners = found.view(side + 1, side + 1, -1, 2).permute(2, 0, 1, 3)
        for y in (0, 1):
            for x in (0, 1):
                cells[:, z, :, :, y, x] = corners[:, y:y + side, x:x + side]
    return cells.view(features // 2, -1, _NUMBERS)


def _side(scaling: float) -> int:
    return corners_along_edge(scaling) - 1
