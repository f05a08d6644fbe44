# SPDX-License-Identifier: Apache-2.0
"""Where the rays of a camera's pixels point, in the camera's own axes."""

from __future__ import annotations

from collections.abc import Callable

from nerfstudio_renderer.caches import cached
from nerfstudio_renderer.cameras.camera import Intrinsics, Projection
from nerfstudio_renderer.cameras.distortion import FisheyeDistortion, PerspectiveDistortion
import numpy as np

# Pixels that are worked on together, so that what is between stays in the processor's cache.
_BAND = 1 << 14

_Unproject = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From positions, focal lengths right of and below the principal point, to directions."""


def unit_directions(intrinsics: Intrinsics) -> np.ndarray:
    """
    Return the directions of the rays through the pixels' centres.

    :returns: unit vectors, float32 of shape (height, width, 3), OpenGL axes (the camera looks
        along -z, +y is up); NaN where the camera sees nothing.
    """
    unproject = _UNPROJECT[intrinsics.projection](intrinsics)
    width, height = intrinsics.width, intrinsics.height
    x = (np.arange(width) + 0.5 - intrinsics.cx) / intrinsics.fx
    y = (np.arange(height) + 0.5 - intrinsics.cy) / intrinsics.fy
    directions = np.empty((height, width, 3), dtype=np.float32)
    rows = max(_BAND // width, 1)
    for first in range(0, height, rows):
        band = slice(first, first + rows)
        directions[band] = unproject(*np.meshgrid(x, y[band]))
    return directions


@cached(most=16)  # the levels of a few cameras
def axis_cosines(intrinsics: Intrinsics) -> np.ndarray:
    """
    Return the cosines of the angles between the rays and the optical axis.

    :returns: float32 of shape (height, width), read-only; NaN where the camera sees nothing.
    """
    cosines = -unit_directions(intrinsics)[..., 2]
    cosines.setflags(write=False)
    return cosines


def _perspective(intrinsics: Intrinsics) -> _Unproject:
    if intrinsics.distortion:
        undistort = PerspectiveDistortion(intrinsics.distortion).undistort
    else:
        undistort = _unchanged

    def unproject(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x, y = undistort(x, y)
        length = np.sqrt(x * x + y * y + 1.0)
        return np.stack([x / length, -y / length, -1.0 / length], axis=-1)

    return unproject


def _unchanged(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x, y


def _fisheye(intrinsics: Intrinsics) -> _Unproject:
    angles_at = FisheyeDistortion(intrinsics.distortion).angles

    def unproject(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        distances = np.hypot(x, y)
        angles = angles_at(distances)
        scale = np.divide(
            np.sin(angles), distances, out=np.ones_like(angles), where=distances > 0.0
        )
        return np.stack([x * scale, -y * scale, -np.cos(angles)], axis=-1)

    return unproject


def _equirectangular(intrinsics: Intrinsics) -> _Unproject:

    def unproject(longitude: np.ndarray, down: np.ndarray) -> np.ndarray:
        # Goes on around the sphere, and over its poles.
        level = np.cos(down)
        return np.stack(
            [np.sin(longitude) * level, -np.sin(down), -np.cos(longitude) * level], axis=-1
        )

    return unproject


_UNPROJECT: dict[Projection, Callable[[Intrinsics], _Unproject]] = {
    Projection.PERSPECTIVE: _perspective,
    Projection.FISHEYE: _fisheye,
    Projection.EQUIRECTANGULAR: _equirectangular,
}
