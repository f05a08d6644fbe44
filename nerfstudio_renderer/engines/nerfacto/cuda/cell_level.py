# SPDX-License-Identifier: Apache-2.0
"""A level of the hash grid, laid out by cells: two loads instead of eight hashed ones."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def interpolate_cells(x, y, z, cells, start, scale):
    """
    Return two neighbouring features, interpolated between the corners of the cell around each.

    :param x: with y and z, positions in cells, from 0 to ``scale``.
    :param cells: what ``cells.py`` lays out.
    :param start: number of the first of this level's cells of the two features.
    """
    side = scale.to(tl.int32) + 1
    x0 = x.to(tl.int32)
    y0 = y.to(tl.int32)
    z0 = z.to(tl.int32)
    dx = (x - x0.to(tl.float32)).to(cells.dtype.element_ty)[:, None, None]
    dy = (y - y0.to(tl.float32)).to(cells.dtype.element_ty)[:, None]
    dz = (z - z0.to(tl.float32)).to(cells.dtype.element_ty)[:, None]
    cell = (z0 * side + y0) * side + x0
    cells += start * 8
    low = _plane(cells, cell, dx, dy)
    high = _plane(cells, cell + side * side, dx, dy)
    return tl.split(low + (high - low) * dz)


@triton.jit
def _plane(cells, cell, dx, dy):
    """Return the two features between a cell's four corners of equal z, of shape (len, 2)."""
    corners = tl.load(cells + (cell[:, None] * 8 + tl.arange(0, 8)[None, :]))
    # In memory: y, x, feature. Sums are split from the last axis on, and those of both features
    # are done at once.
    corners = tl.permute(tl.reshape(corners, [cell.shape[0], 2, 2, 2]), (0, 3, 1, 2))
    low, high = tl.split(corners)
    low, high = tl.split(low + (high - low) * dx)
    return low + (high - low) * dy
