# SPDX-License-Identifier: Apache-2.0
"""The rays of a camera's pixels, as numpy arrays."""

from __future__ import annotations

from collections.abc import Sequence

from nerfstudio_renderer.caches import cached
from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.cameras.directions import unit_directions
import numpy as np

_SHORTEST = np.float32(1e-12)


class CameraRays:
    """
    A camera's rays.

    :param camera: what is seen.
    """

    def __init__(self, camera: Camera) -> None:
        c2w = camera.c2w.astype(np.float32)
        self.origin = (float(c2w[0, 3]), float(c2w[1, 3]), float(c2w[2, 3]))
        """Centre of the camera, scene units."""
        self._intrinsics = camera.intrinsics
        self._axes = c2w[:, :3]  # a row for each of the scene's axes
        self._table = None
        if not camera.intrinsics.is_pinhole:
            self._table = direction_table(camera.intrinsics)

    def directions(self, pixels: np.ndarray) -> np.ndarray:
        """
        Return where the rays of ``pixels`` point.

        :param pixels: int64 of shape (n,), row * width + column, of pixels that have a ray.
        :returns: unit vectors, float32 of shape (n, 3), scene axes.
        """
        if self._table is None:
            components = self._through_image_plane(pixels)
        else:
            right, up, back = self._table[pixels].T
            components = [right * x + up * y + back * z for x, y, z in self._axes]
        return _normalised(components)

    def _through_image_plane(self, pixels: np.ndarray) -> list[np.ndarray]:
        right, down = self._on_image_plane(pixels)
        components = []
        for right_axis, up_axis, back_axis in self._axes:
            component = right * right_axis
            component -= down * up_axis
            component -= back_axis
            components.append(component)
        return components

    def _on_image_plane(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how far right of and below the axis pixels lie, at distance 1."""
        pinhole = self._intrinsics
        rows, columns = np.divmod(pixels, pinhole.width)
        right = columns.astype(np.float32)
        right += np.float32(0.5 - pinhole.cx)
        right /= np.float32(pinhole.fx)
        down = rows.astype(np.float32)
        down += np.float32(0.5 - pinhole.cy)
        down /= np.float32(pinhole.fy)
        return right, down


def _normalised(components: Sequence[np.ndarray]) -> np.ndarray:
    """
    Return vectors of length 1, shape (n, 3).

    Squares are summed up as PyTorch does, with fused products, so that all engines take the same
    rays: each sum is exact in double precision before it is rounded.

    :param components: of the vectors, three arrays of shape (n,): ten times as fast as by rows.
    """
    first, *others = components
    squares = first * first
    for component in others:
        exact = component.astype(np.float64)
        exact *= exact
        exact += squares
        squares = exact.astype(np.float32)
    lengths = np.maximum(np.sqrt(squares), _SHORTEST)
    vectors = np.empty((len(lengths), 3), np.float32)
    for axis, component in enumerate(components):
        np.divide(component, lengths, out=vectors[:, axis])
    return vectors


@cached(most=4)
def ray_mask(intrinsics: Intrinsics) -> np.ndarray | None:
    """
    Tell which pixels have a ray.

    :returns: bool of shape (pixels,), indexed by row * width + column; None if all have one.
    """
    if intrinsics.is_pinhole:
        return None
    mask = np.isfinite(direction_table(intrinsics)[:, 0])
    mask.setflags(write=False)
    return None if mask.all() else mask


@cached(most=4)  # 12 bytes a pixel
def direction_table(intrinsics: Intrinsics) -> np.ndarray:
    """Return ``unit_directions`` of each pixel, float32 of shape (pixels, 3), read-only."""
    table = unit_directions(intrinsics).reshape(-1, 3)
    table.setflags(write=False)
    return table
