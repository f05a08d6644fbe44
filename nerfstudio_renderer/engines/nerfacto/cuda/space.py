# SPDX-License-Identifier: Apache-2.0
"""Where samples are: along the ray, and in the unit cube that the hash grids span."""

from __future__ import annotations

import triton
import triton.language as tl

# Where a kernel finds what: float32 numbers of a scene or network, see packing.py.
DENSITY_SCALE = tl.constexpr(0)
BOX_CORNER = tl.constexpr(1)
BOX_SIZE = tl.constexpr(4)
BACKGROUND = tl.constexpr(8)


@triton.jit
def to_spacing(distance, PIECEWISE: tl.constexpr):
    """Return where ``distance`` lies on the scale on which samples are interpolated."""
    if PIECEWISE:
        distance = tl.where(distance < 1.0, distance * 0.5, 1.0 - 0.5 / distance)
    return distance


@triton.jit
def to_distance(spacing, PIECEWISE: tl.constexpr):
    """Return the inverse of ``to_spacing``."""
    if PIECEWISE:
        spacing = tl.where(spacing < 0.5, spacing * 2.0, 1.0 / (2.0 - 2.0 * spacing))
    return spacing


@triton.jit
def to_unit_cube(x, y, z, constants, CONTRACTED: tl.constexpr):
    """Return scene positions in the unit cube, and whether they were inside; else the origin."""
    if CONTRACTED:
        # Of nerfstudio's SceneContraction with the maximum norm, from (-2, 2) to (0, 1).
        inverse = 1.0 / tl.maximum(tl.abs(x), tl.maximum(tl.abs(y), tl.abs(z)))
        factor = tl.where(inverse > 1.0, 0.25, (0.5 - 0.25 * inverse) * inverse)
        x = x * factor + 0.5
        y = y * factor + 0.5
        z = z * factor + 0.5
    else:
        corner = constants + BOX_CORNER
        size = constants + BOX_SIZE
        x = (x - tl.load(corner)) / tl.load(size)
        y = (y - tl.load(corner + 1)) / tl.load(size + 1)
        z = (z - tl.load(corner + 2)) / tl.load(size + 2)
    inside = (x > 0.0) & (x < 1.0) & (y > 0.0) & (y < 1.0) & (z > 0.0) & (z < 1.0)
    return tl.where(inside, x, 0.0), tl.where(inside, y, 0.0), tl.where(inside, z, 0.0), inside
