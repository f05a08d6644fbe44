# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""The multiresolution hash encoding, as nerfstudio 1.1.5 computes it in PyTorch."""

from __future__ import annotations

import triton
import triton.language as tl

# Of the spatial hash of instant-ngp (https://arxiv.org/abs/2201.05989, section 3).
_PRIME_Y = tl.constexpr(2654435761)
_PRIME_Z = tl.constexpr(805459861)


@triton.jit
def encode(
    x, y, z, tables, scalings,
    COUNT: tl.constexpr, FEATURES: tl.constexpr, ENTRIES: tl.constexpr,
):
    """
    Return the first COUNT features, at most 16, of positions in the unit cube, then zeros.

    :returns: of shape (len(x), 16), in the tables' precision.
    """
    a0, b0 = _pair(x, y, z, tables, scalings, 0, COUNT, FEATURES, ENTRIES)
    a1, b1 = _pair(x, y, z, tables, scalings, 1, COUNT, FEATURES, ENTRIES)
    a2, b2 = _pair(x, y, z, tables, scalings, 2, COUNT, FEATURES, ENTRIES)
    a3, b3 = _pair(x, y, z, tables, scalings, 3, COUNT, FEATURES, ENTRIES)
    a4, b4 = _pair(x, y, z, tables, scalings, 4, COUNT, FEATURES, ENTRIES)
    a5, b5 = _pair(x, y, z, tables, scalings, 5, COUNT, FEATURES, ENTRIES)
    a6, b6 = _pair(x, y, z, tables, scalings, 6, COUNT, FEATURES, ENTRIES)
    a7, b7 = _pair(x, y, z, tables, scalings, 7, COUNT, FEATURES, ENTRIES)
    return columns(
        a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5, a6, b6, a7, b7, x.shape[0]
    )


@triton.jit
def columns(
    a0, b0, a1, b1, a2, b2, a3, b3, a4, b4, a5, b5, a6, b6, a7, b7, ROWS: tl.constexpr
):
    """Return 16 vectors of length ROWS as the columns of a matrix; nothing moves."""
    a = tl.join(tl.join(tl.join(a0, a4), tl.join(a2, a6)),
                tl.join(tl.join(a1, a5), tl.join(a3, a7)))
    b = tl.join(tl.join(tl.join(b0, b4), tl.join(b2, b6)),
                tl.join(tl.join(b1, b5), tl.join(b3, b7)))
    return tl.reshape(tl.join(a, b), [ROWS, 16])


@triton.jit
def _pair(
    x, y, z, tables, scalings,
    PAIR: tl.constexpr, COUNT: tl.constexpr, FEATURES: tl.constexpr, ENTRIES: tl.constexpr,
):
    """Return the features 2 * PAIR and 2 * PAIR + 1, which are neighbours in the table."""
    if PAIR * 2 < COUNT:
        LEVEL: tl.constexpr = PAIR * 2 // FEATURES
        table = tables + (LEVEL * ENTRIES * FEATURES + PAIR * 2 % FEATURES)
        scale = tl.load(scalings + LEVEL)
        first, second = _interpolate(x * scale, y * scale, z * scale, table, FEATURES, ENTRIES)
    else:
        first = tl.zeros_like(x).to(tables.dtype.element_ty)
        second = first
    return first, second


@triton.jit
def _interpolate(x, y, z, table, FEATURES: tl.constexpr, ENTRIES: tl.constexpr):
    # Positions are not negative: truncation is the floor. On a grid plane, nerfstudio's upper
    # corner is the lower one, but then the upper one's weight is 0.
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
