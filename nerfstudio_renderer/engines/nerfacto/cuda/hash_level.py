# SPDX-License-Identifier: Apache-2.0
"""A level of the hash grid as it was learned: corners of cells are scattered in a table."""

from __future__ import annotations

import triton
import triton.language as tl

# Of the spatial hash of instant-ngp (https://arxiv.org/abs/2201.05989, section 3).
_PRIME_Y = tl.constexpr(2654435761)
_PRIME_Z = tl.constexpr(805459861)


@triton.jit
def interpolate_hashed(x, y, z, table, FEATURES: tl.constexpr, ENTRIES: tl.constexpr):
    """
    Return two neighbouring features, interpolated between the corners of the cell around each.

    :param x: with y and z, positions in cells, from 0 on.
    :param table: where the first of the two features is in entry 0.
    """
    # On a grid plane, nerfstudio's upper corner is the lower one; but there, its weight is 0.
    x0 = x.to(tl.int32)
    y0 = y.to(tl.int32)
    z0 = z.to(tl.int32)
    dx = (x - x0.to(tl.float32)).to(table.dtype.element_ty)
    dy = (y - y0.to(tl.float32)).to(table.dtype.element_ty)
    dz = (z - z0.to(tl.float32)).to(table.dtype.element_ty)
    # nerfstudio hashes in 64 bits, but uses no more than the lower 32.
    low_x = x0.to(tl.uint32)
    low_y = y0.to(tl.uint32) * _PRIME_Y
    low_z = z0.to(tl.uint32) * _PRIME_Z
    high_x = low_x + 1
    high_y = low_y + _PRIME_Y
    high_z = low_z + _PRIME_Z
    a, b = _along_x(low_x, high_x, low_y ^ low_z, dx, table, FEATURES, ENTRIES)
    c, d = _along_x(low_x, high_x, high_y ^ low_z, dx, table, FEATURES, ENTRIES)
    e, f = _along_x(low_x, high_x, low_y ^ high_z, dx, table, FEATURES, ENTRIES)
    g, h = _along_x(low_x, high_x, high_y ^ high_z, dx, table, FEATURES, ENTRIES)
    a += (c - a) * dy
    b += (d - b) * dy
    e += (g - e) * dy
    f += (h - f) * dy
    return a + (e - a) * dz, b + (f - b) * dz


@triton.jit
def _along_x(low, high, yz, dx, table, FEATURES: tl.constexpr, ENTRIES: tl.constexpr):
    first, second = _corner(low ^ yz, table, FEATURES, ENTRIES)
    first_high, second_high = _corner(high ^ yz, table, FEATURES, ENTRIES)
    return first + (first_high - first) * dx, second + (second_high - second) * dx


@triton.jit
def _corner(hashed, table, FEATURES: tl.constexpr, ENTRIES: tl.constexpr):
    entry = hashed & (ENTRIES - 1)
    # Neighbours in memory, so that the compiler loads both at once.
    return tl.split(tl.load(table + (entry[:, None] * FEATURES + tl.arange(0, 2)[None, :])))
