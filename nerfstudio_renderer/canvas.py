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
"""The pixels of one update that are rendered so far."""

from __future__ import annotations

from collections.abc import Callable
import math
import time

from nerfstudio_renderer.camera import Camera
from nerfstudio_renderer.engines.protocol import CHANNELS, Engine
from nerfstudio_renderer.engines.rays import ray_mask
from nerfstudio_renderer.errors import RenderError
from nerfstudio_renderer.ladder import Level
from nerfstudio_renderer.memory import cached
from nerfstudio_renderer.pacing import ChunkPacer
from nerfstudio_renderer.picture import Picture
import numpy as np
import torch

# As many pixels as rays in the largest packet of the fused engine's kernels.
_TILE_HEIGHT, _TILE_WIDTH = 4, 8
_DONE = -1


class Canvas:
    """
    A full-resolution grid of pixels that is filled level by level.

    :param engine: renders the pixels.
    :param camera: what is seen; its intrinsics are those of the grid.
    :param memory: for the pixels, float32 of shape (pixels of the grid, CHANNELS) on the engine's
        device; its contents do not matter.
    """

    def __init__(self, engine: Engine, camera: Camera, memory: torch.Tensor) -> None:
        self._device = engine.device
        self._divisible = engine.renders_single_rays
        self._grid = camera.intrinsics
        self._view = engine.view(camera)
        self._done: Level | None = None
        self._pixels = memory
        if (mask := ray_mask(self._grid, self._device)) is not None:
            memory[~mask] = 0.0

    def fits(self, level: Level) -> bool:
        """Tell whether ``level`` takes its pixels from this grid."""
        return level.canvas == self._grid

    def fill(self, level: Level, pacer: ChunkPacer, cancelled: Callable[[], bool]) -> bool:
        """Render what ``level`` needs beyond the level before; False if cancelled on the way."""
        missing = _missing_pixels(level, self._done, self._device)
        start = 0
        while start < len(missing):
            if cancelled():
                return False
            end = start + pacer.size if self._divisible else len(missing)
            start += self._render(missing[start:end], pacer)
        self._done = level
        return True

    def _render(self, pixels: torch.Tensor, pacer: ChunkPacer) -> int:
        started = time.perf_counter()
        try:
            rendered = self._view.render(pixels)
            # One number tells of them all. Asking for it also waits for the device, so that
            # neither this thread nor a cancelled series runs ahead of it.
            if not math.isfinite(rendered.sum().item()):
                raise RenderError(_broken(rendered))
        except torch.OutOfMemoryError:
            pacer.shrink()
            raise
        self._pixels[pixels] = rendered
        pacer.record(len(pixels), time.perf_counter() - started)
        return len(pixels)

    def picture(self, level: Level) -> Picture:
        """Return the filled pixels of ``level``."""
        grid = self._pixels.view(self._grid.height, self._grid.width, CHANNELS)
        every = slice(level.offset, None, level.stride)
        # Copied, so that finer levels and later updates do not write into this one's picture.
        return Picture(grid[every, every].clone(memory_format=torch.contiguous_format))


def _broken(rendered: torch.Tensor) -> str:
    count = int((~torch.isfinite(rendered)).any(dim=-1).sum())
    return (f'{count} of {len(rendered)} pixels are not finite: the model diverged, or its '
            'checkpoint is damaged')


@cached(most=16)
def _missing_pixels(level: Level, done: Level | None, device: torch.device) -> torch.Tensor:
    """
    Return the indices (row * width + column) of ``level`` that ``done`` has not, int64.

    Tile by tile: pixels that are rendered together then look at the same part of the scene.
    Without those that have no ray: they cost nothing, and would spoil the measured speed.
    """
    rows, columns = np.array(level.rows), np.array(level.columns)
    pixels = rows[:, None] * level.canvas.width + columns
    if done is not None:
        pixels[np.ix_(_has(done, rows), _has(done, columns))] = _DONE
    pixels = _tiled(pixels)
    missing = torch.from_numpy(pixels[pixels != _DONE]).to(device)
    mask = ray_mask(level.canvas, device)
    return missing if mask is None else missing[mask[missing]]


def _has(level: Level, positions: np.ndarray) -> np.ndarray:
    """Tell which rows, or columns, of the canvas ``level`` renders."""
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
