# SPDX-License-Identifier: Apache-2.0
"""The pixels of engines that render on the CPU: numpy arrays."""

from __future__ import annotations

from functools import cached_property
import math

from nerfstudio_renderer.cameras.camera import Intrinsics
from nerfstudio_renderer.engines.protocol import CHANNELS
from nerfstudio_renderer.engines.rays import ray_mask
from nerfstudio_renderer.errors import RenderError
from nerfstudio_renderer.rendering.levels import Level
import numpy as np

_WHOLE_PIXEL = np.dtype((np.void, CHANNELS * 4))
"""All channels of a pixel as one element, which numpy copies twice as fast."""
_BAND = 8
"""Rows that are converted together, so that what is between stays in the cache."""


class HostPixels:
    """A grid of pixels in main memory, used again by one view after another."""

    def __init__(self) -> None:
        self._pixels = np.empty((0, CHANNELS), np.float32)
        self._grid: Intrinsics | None = None

    def begin(self, grid: Intrinsics) -> np.ndarray:
        """
        Make room for a picture; what has no ray is black and transparent.

        :returns: the memory, float32 of shape (pixels, CHANNELS).
        """
        if len(self._pixels) != grid.pixel_count:
            self._pixels = np.empty((grid.pixel_count, CHANNELS), np.float32)
        self._grid = grid
        if (mask := ray_mask(grid)) is not None:
            self._pixels[~mask] = 0.0
        return self._pixels

    def write(self, indices: np.ndarray, rendered: np.ndarray) -> None:
        """
        Take rendered pixels.

        :param indices: int64 of shape (n,).
        :param rendered: float32 of shape (n, CHANNELS).
        :raises RenderError: if one is not finite.
        """
        # A finite sum means that all are finite; else each is looked at, for a sum may overflow.
        with np.errstate(over='ignore', invalid='ignore'):
            total = float(rendered.sum())
        if not math.isfinite(total):
            refuse_not_finite(int((~np.isfinite(rendered).all(axis=-1)).sum()), len(rendered))
        whole = np.ascontiguousarray(rendered).view(_WHOLE_PIXEL)
        self._pixels.view(_WHOLE_PIXEL)[indices] = whole

    def image(self, level: Level) -> HostImage:
        """Return a copy of a level's pixels: finer levels and later views write into the grid."""
        assert self._grid is not None
        grid = self._pixels.reshape(self._grid.height, self._grid.width, CHANNELS)
        every = slice(level.offset, None, level.stride)
        return HostImage(grid[every, every].copy())


def refuse_not_finite(count: int, total: int) -> None:
    """Raise a ``RenderError`` if ``count`` of ``total`` pixels, those not finite, is not 0."""
    if count:
        raise RenderError(f'{count} of {total} pixels are not finite: the model diverged, or its '
                          'checkpoint is damaged')


class HostImage:
    """
    A picture in main memory.

    :param pixels: float32 of shape (height, width, CHANNELS), from now on unchanged.
    """

    def __init__(self, pixels: np.ndarray) -> None:
        pixels.setflags(write=False)
        self._pixels = pixels

    @property
    def rgb(self) -> np.ndarray:
        """Return colour, float32 of shape (height, width, 3) in 0..1."""
        return self._pixels[..., :3]

    @cached_property
    def rgb8(self) -> np.ndarray:
        """Return colour, contiguous uint8 of shape (height, width, 3)."""
        height, width, _ = self._pixels.shape
        result = np.empty((height, width, 3), np.uint8)
        # All channels are scaled: runs of three numbers would cost numpy four times as much.
        scaled = np.empty((min(_BAND, height), width, CHANNELS), np.float32)
        for first in range(0, height, _BAND):
            band = self._pixels[first:first + _BAND]
            part = scaled[:len(band)]
            np.multiply(band, np.float32(255.0), out=part)
            part += np.float32(0.5)
            result[first:first + _BAND] = part[..., :3]
        result.setflags(write=False)
        return result

    @property
    def depth(self) -> np.ndarray:
        """Return distance along the ray, float32 of shape (height, width), scene units."""
        return self._pixels[..., 3]

    @property
    def accumulation(self) -> np.ndarray:
        """Return opacity along the ray, float32 of shape (height, width) in 0..1."""
        return self._pixels[..., 4]
