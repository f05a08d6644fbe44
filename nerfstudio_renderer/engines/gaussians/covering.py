# SPDX-License-Identifier: Apache-2.0
"""
Pictures of any camera out of pinhole pictures, for engines that rasterise pinholes alone.

Pinhole pictures that look ahead, or in all directions of a cube, are rendered from the same point
and resampled where the camera's rays cross them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import math

from nerfstudio_renderer.caches import cached
from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.cameras.directions import axis_cosines, unit_directions
from nerfstudio_renderer.engines.protocol import CHANNELS
import numpy as np

_FINER = 1.25
"""Pixels of a pinhole picture for one of the camera, along each axis: resampling blurs."""
_MARGIN = 2
"""Pixels around what is needed, so that interpolation does not reach beyond the picture."""
_WIDEST_TANGENT = 1.7
"""Of the angle to the axis that one picture covers; beyond, its corners would be wasteful."""
_LARGEST_SIDE = 4096
# Right, up and back of pictures that look along -z, z, -x, x, y, -y of the camera's axes.
_CUBE = tuple(
    np.array(axes, dtype=np.float64).T
    for axes in (
        ((1, 0, 0), (0, 1, 0), (0, 0, 1)), ((-1, 0, 0), (0, 1, 0), (0, 0, -1)),
        ((0, 0, -1), (0, 1, 0), (1, 0, 0)), ((0, 0, 1), (0, 1, 0), (-1, 0, 0)),
        ((1, 0, 0), (0, 0, 1), (0, -1, 0)), ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    )
)

RenderPinhole = Callable[[Camera], np.ndarray | None]
"""Of a pinhole camera: float32 of shape (height, width, CHANNELS), z-depth; None if cancelled."""


@dataclass(frozen=True, eq=False)
class _Face:
    """A pinhole picture, and which of the camera's pixels it is for."""

    axes: np.ndarray
    """From its axes to the camera's, shape (3, 3)."""
    pinhole: Intrinsics
    pixels: np.ndarray
    """Indices of the camera's pixels, int64 of shape (n,)."""
    columns: np.ndarray
    """Where their rays cross the picture, float32 of shape (n,), pixel centres at integers."""
    rows: np.ndarray


def render_covered(camera: Camera, render: RenderPinhole) -> np.ndarray | None:
    """
    Render a camera that is no pinhole.

    :param render: renders pinholes.
    :returns: float32 of shape (height, width, CHANNELS); the depth is along the rays; 0 where the
        camera sees nothing. None if ``render`` was cancelled.
    """
    grid = camera.intrinsics
    result = np.zeros((grid.pixel_count, CHANNELS), np.float32)
    for face in _faces(grid):
        c2w = np.column_stack([camera.c2w[:, :3] @ face.axes, camera.c2w[:, 3]])
        picture = render(Camera(c2w, face.pinhole))
        if picture is None:
            return None
        result[face.pixels] = _resampled(picture, face)
    return result.reshape(grid.height, grid.width, CHANNELS)


def _resampled(picture: np.ndarray, face: _Face) -> np.ndarray:
    distances = picture[..., 3] / axis_cosines(face.pinhole)
    left, above = face.columns.astype(np.int64), face.rows.astype(np.int64)
    right_share = (face.columns - left)[:, None]
    below_share = (face.rows - above)[:, None]
    upper = _between(picture[above, left], picture[above, left + 1], right_share)
    lower = _between(picture[above + 1, left], picture[above + 1, left + 1], right_share)
    result = _between(upper, lower, below_share)
    # Between a near and a far surface there is nothing: the depth of the nearest pixel.
    nearest = np.rint(face.rows).astype(np.int64), np.rint(face.columns).astype(np.int64)
    result[:, 3] = distances[nearest]
    return result


def _between(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    return first + (second - first) * share


@cached(most=4)  # 16 bytes a pixel
def _faces(grid: Intrinsics) -> tuple[_Face, ...]:
    directions = unit_directions(grid).reshape(-1, 3).astype(np.float64)
    seen = np.flatnonzero(np.isfinite(directions[:, 0]))
    rays = directions[seen]
    focal = _FINER * _pixels_per_radian(grid)
    ahead = -rays[:, 2]
    tangents = np.abs(rays[:, :2]) / np.maximum(ahead, 1e-9)[:, None]
    if len(rays) and (ahead > 0.0).all() and tangents.max() <= _WIDEST_TANGENT:
        return (_face(_CUBE[0], focal, tangents.max(axis=0), seen, rays),)
    nearest = np.argmax([-(rays @ axes[:, 2]) for axes in _CUBE], axis=0) if len(rays) else rays
    return tuple(
        _face(axes, focal, np.ones(2), seen[nearest == index], rays[nearest == index])
        for index, axes in enumerate(_CUBE)
        if (nearest == index).any()
    )


def _pixels_per_radian(grid: Intrinsics) -> float:
    return max(grid.fx, grid.fy)


def _face(
    axes: np.ndarray, focal: float, tangents: np.ndarray, pixels: np.ndarray, rays: np.ndarray
) -> _Face:
    """
    Return a picture that the rays cross.

    :param axes: from its axes to the camera's.
    :param focal: pixels; less if the picture would be too large.
    :param tangents: of the largest angles to its axis, to the sides and up or down.
    """
    focal = min(focal, (_LARGEST_SIDE / 2 - _MARGIN) / float(tangents.max()))
    half_width, half_height = (math.ceil(focal * tangent) + _MARGIN for tangent in tangents)
    pinhole = Intrinsics(
        2 * half_width, 2 * half_height, focal, focal, float(half_width), float(half_height)
    )
    local = rays @ axes
    ahead = -local[:, 2]
    columns = half_width + focal * local[:, 0] / ahead - 0.5
    rows = half_height - focal * local[:, 1] / ahead - 0.5
    return _Face(axes, pinhole, pixels, columns.astype(np.float32), rows.astype(np.float32))
