# SPDX-License-Identifier: Apache-2.0
"""The pixels of one update that are rendered so far."""

from __future__ import annotations

from collections.abc import Callable
import time

from nerfstudio_renderer.caches import cached
from nerfstudio_renderer.cameras.camera import Camera
from nerfstudio_renderer.engines.protocol import PixelSet, RayEngine
from nerfstudio_renderer.engines.rays import ray_mask
from nerfstudio_renderer.errors import DeviceMemoryError
from nerfstudio_renderer.rendering.chunk_sizing import ChunkSizer
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Level
import numpy as np

# As many pixels as rays in the largest packet of the fused engine's kernels.
_TILE_HEIGHT, _TILE_WIDTH = 4, 8
_DONE = -1


class PixelBuffer:
    """
    A full-resolution grid of pixels that is filled level by level.

    :param engine: renders the pixels, into memory of its own.
    :param camera: what is seen; its intrinsics are those of the grid.
    """

    def __init__(self, engine: RayEngine, camera: Camera) -> None:
        self._grid = camera.intrinsics
        self._view = engine.view(camera)
        self._done: Level | None = None

    def fits(self, level: Level) -> bool:
        """Tell whether ``level`` takes its pixels from this grid."""
        return level.grid == self._grid

    def fill(self, level: Level, chunks: ChunkSizer, cancelled: Callable[[], bool]) -> bool:
        """Render what ``level`` needs beyond the level before; False if cancelled on the way."""
        missing = _missing_pixels(level, self._done)
        start = 0
        while start < len(missing):
            if cancelled():
                return False
            part = slice(start, min(start + chunks.size, len(missing)))
            self._render(missing, part, chunks)
            start = part.stop
        self._done = level
        return True

    def _render(self, pixels: PixelSet, part: slice, chunks: ChunkSizer) -> None:
        started = time.perf_counter()
        try:
            self._view.render(pixels, part)
        except DeviceMemoryError:
            chunks.shrink()
            raise
        chunks.record(part.stop - part.start, time.perf_counter() - started)

    def image(self, level: Level) -> Image:
        """Return the filled pixels of ``level``."""
        return self._view.image(level)


@cached(most=16)
def _missing_pixels(level: Level, done: Level | None) -> PixelSet:
    """
    Return the pixels of ``level`` that ``done`` has not.

    Tile by tile: pixels that are rendered together then look at the same part of the scene.
    Without those that have no ray: they cost nothing, and would spoil the measured speed.
    """
    rows, columns = np.array(level.rows), np.array(level.columns)
    pixels = rows[:, None] * level.grid.width + columns
    if done is not None:
        pixels[np.ix_(_has(done, rows), _has(done, columns))] = _DONE
    pixels = _tiled(pixels)
    missing = pixels[pixels != _DONE]
    if (mask := ray_mask(level.grid)) is not None:
        missing = missing[mask[missing]]
    missing.setflags(write=False)
    return PixelSet(missing)


def _has(level: Level, positions: np.ndarray) -> np.ndarray:
    """Tell which rows, or columns, of the grid ``level`` renders."""
    return (positions >= level.offset) & ((positions - level.offset) % level.stride == 0)


def _tiled(pixels: np.ndarray) -> np.ndarray:
    """Return ``pixels`` of shape (height, width) in one row, padded with _DONE to whole tiles."""
    height, width = pixels.shape
    padding = ((0, -height % _TILE_HEIGHT), (0, -width % _TILE_WIDTH))
    padded = np.pad(pixels, padding, constant_values=_DONE)
    tiles = padded.reshape(
        padded.shape[0] // _TILE_HEIGHT, _TILE_HEIGHT, padded.shape[1] // _TILE_WIDTH, _TILE_WIDTH
    )
    return tiles.transpose(0, 2, 1, 3).ravel()
