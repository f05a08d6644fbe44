# SPDX-License-Identifier: Apache-2.0
"""Features of positions: levels of cells where there are any, else of the hash table."""

from __future__ import annotations

from nerfstudio_renderer.engines.nerfacto.cuda.cell_level import interpolate_cells
from nerfstudio_renderer.engines.nerfacto.cuda.hash_level import interpolate_hashed
import triton
import triton.language as tl


@triton.jit
def encode(
    x, y, z, tables, cells, starts, scalings, group,
    IN_CELLS: tl.constexpr, HASHED: tl.constexpr, FEATURES: tl.constexpr, ENTRIES: tl.constexpr,
):
    """
    Return 16 features of positions in the unit cube: of the group's levels, a pair at a time.

    The first IN_CELLS pairs are read from ``cells``, HASHED more from ``tables``, others are zero.

    :param starts: number of the first cell of each pair.
    :param scalings: of each level.
    :returns: of shape (len(x), 16), in the tables' precision.
    """
    tables += group * (16 * ENTRIES)
    starts += group * 8
    scalings += group * (16 // FEATURES)
    a0, b0 = _pair(
        x, y, z, tables, cells, starts, scalings, 0, IN_CELLS, HASHED, FEATURES, ENTRIES
    )
    a1, b1 = _pair(
        x, y, z, tables, cells, starts, scalings, 1, IN_CELLS, HASHED, FEATURES, ENTRIES
    )
    a2, b2 = _pair(
        x, y, z, tables, cells, starts, scalings, 2, IN_CELLS, HASHED, FEATURES, ENTRIES
    )
    a3, b3 = _pair(
        x, y, z, tables, cells, starts, scalings, 3, IN_CELLS, HASHED, FEATURES, ENTRIES
    )
    a4, b4 = _pair(
        x, y, z, tables, cells, starts, scalings, 4, IN_CELLS, HASHED, FEATURES, ENTRIES
    )
    a5, b5 = _pair(
        x, y, z, tables, cells, starts, scalings, 5, IN_CELLS, HASHED, FEATURES, ENTRIES
    )
    a6, b6 = _pair(
        x, y, z, tables, cells, starts, scalings, 6, IN_CELLS, HASHED, FEATURES, ENTRIES
    )
    a7, b7 = _pair(
        x, y, z, tables, cells, starts, scalings, 7, IN_CELLS, HASHED, FEATURES, ENTRIES
    )
    return columns(a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5, a6, b6, a7, b7)


@triton.jit
def columns(a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5, a6, b6, a7, b7):
    """Return 16 vectors as the columns of a matrix; each row is in one thread, nothing moves."""
    a = tl.join(tl.join(tl.join(a0, a4), tl.join(a2, a6)),
                tl.join(tl.join(a1, a5), tl.join(a3, a7)))
    b = tl.join(tl.join(tl.join(b0, b4), tl.join(b2, b6)),
                tl.join(tl.join(b1, b5), tl.join(b3, b7)))
    return tl.reshape(tl.join(a, b), [a0.shape[0], 16])


@triton.jit
def _pair(
    x, y, z, tables, cells, starts, scalings, PAIR: tl.constexpr,
    IN_CELLS: tl.constexpr, HASHED: tl.constexpr, FEATURES: tl.constexpr, ENTRIES: tl.constexpr,
):
    LEVEL: tl.constexpr = PAIR * 2 // FEATURES
    if PAIR < IN_CELLS:
        scale = tl.load(scalings + LEVEL)
        first, second = interpolate_cells(
            x * scale, y * scale, z * scale, cells, tl.load(starts + PAIR), scale
        )
    elif PAIR < IN_CELLS + HASHED:
        scale = tl.load(scalings + LEVEL)
        table = tables + (LEVEL * ENTRIES * FEATURES + PAIR * 2 % FEATURES)
        first, second = interpolate_hashed(
            x * scale, y * scale, z * scale, table, FEATURES, ENTRIES
        )
    else:
        first = tl.zeros_like(x).to(tables.dtype.element_ty)
        second = first
    return first, second
