# SPDX-License-Identifier: Apache-2.0
"""
Procedural albedo as a function of the point that a ray hits.

Every pattern is given in metres of the cell frame and has no detail under two centimetres, so
that a small radiance field can learn it from pictures of 320 x 240.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .colour import Array, linear

Material = Callable[[Array, Array], Array]
"""Maps hit points (N, 3) in metres and unit normals (N, 3) to linear RGB albedo (N, 3) in 0..1."""


def plain(code: str) -> Material:
    """Paint everything in one colour."""
    colour = linear(code)
    return lambda points, normals: np.broadcast_to(colour, points.shape)


def blend(below: Material, above: Material, mask: Callable[[Array], Array]) -> Material:
    """Paint `above` over `below` where `mask(points)`, shape (N,) in 0..1, says so."""

    def albedo(points: Array, normals: Array) -> Array:
        weight = mask(points)[:, None].astype(np.float32)
        return below(points, normals) * (1 - weight) + above(points, normals) * weight

    return albedo


def checker(first: str, second: str, size: float, axes: tuple[int, ...] = (0, 1)) -> Material:
    """Alternate two colours in cells of `size` metres along `axes`."""
    return blend(plain(first), plain(second), lambda p: _parity(p[:, axes] / size))


def stripes(first: str, second: str, size: float, direction: tuple[float, ...]) -> Material:
    """Alternate two colours in bands of `size` metres across `direction`, shape (3,)."""
    across = np.array(direction, np.float32)
    across /= np.linalg.norm(across)
    return blend(plain(first), plain(second), lambda p: _parity((p @ across)[:, None] / size))


def waves(first: str, second: str, frequency: tuple[float, float, float]) -> Material:
    """Fade smoothly between two colours; `frequency` is in cycles per metre along x, y, z."""
    omega = 2 * np.pi * np.array(frequency, np.float32)

    def mask(points: Array) -> Array:
        phase = points * omega
        bend = 0.8 * np.sin(phase.sum(axis=1) * 0.37 + 1.0)
        return 0.5 + 0.5 * np.sin(phase.sum(axis=1) + bend)

    return blend(plain(first), plain(second), mask)


def bricks(brick: Material, mortar: str, length: float, height: float, axis: int) -> Material:
    """Lay courses of bricks along `axis` (0 or 1), every other course shifted by half a brick."""
    joint = 0.03

    def mask(points: Array) -> Array:
        course = np.floor(points[:, 2] / height)
        along = points[:, axis] + 0.5 * length * (course % 2)
        return (along % length < joint) | (points[:, 2] % height < joint)

    return blend(brick, plain(mortar), mask)


def dots(ground: str, dot: str, pitch: float, radius: float, axes: tuple[int, int]) -> Material:
    """Set discs of `radius` on a square grid of `pitch`, both in metres, in the plane `axes`."""

    def mask(points: Array) -> Array:
        offset = points[:, axes] % pitch - pitch / 2
        return np.linalg.norm(offset, axis=1) < radius

    return blend(plain(ground), plain(dot), mask)


def framed(
    inside: Material, frame: str, centre: Sequence[float], size: Sequence[float], border: float
) -> Material:
    """Draw a frame of `border` metres along the edges of a box, and `inside` within it."""
    half = np.asarray(size, np.float32) / 2

    def albedo(points: Array, normals: Array) -> Array:
        to_edge = half - np.abs(points - np.asarray(centre, np.float32))
        to_edge[np.abs(normals) > 0.5] = np.inf  # the axis across the face bounds nothing
        edge = (to_edge.min(axis=1) < border)[:, None]
        return np.where(edge, linear(frame), inside(points, normals))

    return albedo


def within(
    low: tuple[float, float], high: tuple[float, float], axes: tuple[int, int]
) -> Callable[[Array], Array]:
    """Return a mask that is 1 between two corners, in metres, of the plane `axes`."""

    def mask(points: Array) -> Array:
        inside = (points[:, axes] >= np.array(low)) & (points[:, axes] <= np.array(high))
        return inside.all(axis=1)

    return mask


def _parity(cells: Array) -> Array:
    return np.floor(cells).sum(axis=1) % 2
