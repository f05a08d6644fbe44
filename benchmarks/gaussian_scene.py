# SPDX-License-Identifier: Apache-2.0
"""A room of Gaussians of any number, made in memory."""

from __future__ import annotations

from collections.abc import Iterator

from nerfstudio_renderer import Camera, Intrinsics
from nerfstudio_renderer.scene.gaussians.gaussians import Gaussians, SH_DEGREE_0
import numpy as np

_SIZE = np.array([6.0, 5.0, 3.0])
_BOXES, _SPHERES = 6, 5
_EYE, _TARGET = np.array([5.3, 4.4, 1.7]), np.array([1.5, 1.2, 1.0])
_FOV_X_DEG = 70.0

_Surface = tuple[np.ndarray, np.ndarray, float]
"""Points, normals, and the distance between neighbours."""


def room(count: int, *, scale: float = 1.0, seed: int = 5) -> Gaussians:
    """
    Return what training leaves of a room of 6 x 5 x 3 with boxes and spheres.

    Flat Gaussians on the surfaces, as large as the distance to their neighbours; 15 % of them
    hover off it, 2 % are four times as large; half of them nearly opaque; spherical harmonics of
    degree 3.

    :param scale: of the Gaussians' sizes, which is what overdraw grows with.
    """
    random = np.random.default_rng(seed)
    points, normals, spacing = map(np.concatenate, zip(*_surfaces(count, random), strict=True))
    count = len(points)
    hovering = random.random(count) < 0.15
    height = random.normal(size=count) * np.where(hovering, 0.04, 0.004)
    log_scales = np.log(spacing * 0.75 * scale)[:, None] + random.normal(size=(count, 3)) * 0.55
    log_scales[:, 2] += np.log(0.15)
    log_scales[random.random(count) < 0.02] += np.log(4.0)
    opacity = np.where(
        random.random(count) < 0.55, random.uniform(0.75, 0.995, count),
        random.uniform(0.1, 0.75, count),
    )
    waves = np.sin(points @ random.normal(size=(3, 3)) * 9.0)
    sh = random.normal(size=(count, 16, 3)) * 0.06
    sh[:, 0] = waves * 0.4 / SH_DEGREE_0
    order = random.permutation(count)
    return Gaussians(*(
        np.ascontiguousarray(array[order], np.float32) for array in (
            points + normals * height[:, None], _facing(normals, random), log_scales,
            np.log(opacity / (1.0 - opacity)), sh,
        )
    ))


def in_room(width: int, height: int) -> Camera:
    """Return a camera that sees most of the room, 70 degrees wide."""
    focal = 0.5 * width / np.tan(np.radians(_FOV_X_DEG) / 2.0)
    back = (_EYE - _TARGET) / np.linalg.norm(_EYE - _TARGET)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    return Camera(
        np.stack([right, np.cross(back, right), back, _EYE], 1),
        Intrinsics(width, height, focal, focal, width / 2.0, height / 2.0),
    )


def _surfaces(count: int, random: np.random.Generator) -> Iterator[_Surface]:
    rectangles = list(_box(np.zeros(3), _SIZE))
    for _ in range(_BOXES):
        size = random.uniform([0.2, 0.2, 0.3], [0.6, 0.6, 1.4])
        corner = np.append(random.uniform(0.8, _SIZE[:2] - 0.8) - size[:2] / 2.0, 0.0)
        rectangles += _box(corner, size)
    spheres = [
        (np.append(random.uniform(0.6, _SIZE[:2] - 0.6), random.uniform(0.3, 1.8)),
         random.uniform(0.15, 0.4)) for _ in range(_SPHERES)
    ]
    areas = [np.linalg.norm(np.cross(a, b)) for _, a, b in rectangles]
    areas += [4.0 * np.pi * radius**2 for _, radius in spheres]
    # What people look at has more.
    weights = np.array(areas) * np.where(np.arange(len(areas)) < 6, 1.0, 2.5)
    counts = random.multinomial(count, weights / weights.sum())
    for (corner, a, b), area, some in zip(rectangles, areas, counts, strict=False):
        u, v = random.random((2, some, 1))
        normal = np.cross(a, b) / np.linalg.norm(np.cross(a, b))
        yield corner + u * a + v * b, np.tile(normal, (some, 1)), _spacing(area, some)
    for (centre, radius), area, some in zip(
        spheres, areas[len(rectangles):], counts[len(rectangles):], strict=True
    ):
        normals = random.normal(size=(some, 3))
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        yield centre + radius * normals, normals, _spacing(area, some)


def _spacing(area: float, count: int) -> np.ndarray:
    return np.full(count, np.sqrt(area / max(count, 1)))


def _box(corner: np.ndarray, size: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield a corner and two edges of each side."""
    edges = np.diag(size)
    for axis in range(3):
        for side in (0, 1):
            yield corner + side * edges[axis], edges[axis - 2], edges[axis - 1]


def _facing(normals: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return quaternions w, x, y, z that turn z to ``normals``, by any angle about it."""
    x, y, z = normals.T
    # Half way from z to the normal; any axis across z where they are opposite.
    opposite = z < -1.0 + 1e-9
    tilt = np.stack([1.0 + z, -y, x, np.zeros_like(x)], 1)
    tilt[opposite] = [0.0, 1.0, 0.0, 0.0]
    angle = random.uniform(0.0, np.pi, len(normals))
    w, i, j, _ = tilt.T
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = np.stack([
        w * cosine, i * cosine + j * sine, j * cosine - i * sine, w * sine,
    ], 1)
    return turned * random.uniform(0.5, 2.0, (len(normals), 1))
