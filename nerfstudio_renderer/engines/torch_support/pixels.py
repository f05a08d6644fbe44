# SPDX-License-Identifier: Apache-2.0
"""The pixels of engines that render with PyTorch: tensors on the engine's device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
import math

from nerfstudio_renderer.caches import cached, call_when_freeing
from nerfstudio_renderer.cameras.camera import Intrinsics
from nerfstudio_renderer.engines.host_pixels import refuse_not_finite
from nerfstudio_renderer.engines.protocol import CHANNELS, PixelSet
from nerfstudio_renderer.engines.torch_support.rays import ray_mask
from nerfstudio_renderer.errors import DeviceMemoryError
from nerfstudio_renderer.rendering.levels import Level
import numpy as np
import torch


class TorchPixels:
    """A grid of pixels on a device, used again by one view after another."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._pixels = torch.empty((0, CHANNELS), device=device)
        self._grid: Intrinsics | None = None

    def begin(self, grid: Intrinsics) -> None:
        """Make room for a picture; what has no ray is black and transparent."""
        if len(self._pixels) != grid.pixel_count:
            with device_memory_errors():
                self._pixels = torch.empty((grid.pixel_count, CHANNELS), device=self._device)
        self._grid = grid
        if (mask := ray_mask(grid, self._device)) is not None:
            self._pixels[~mask] = 0.0

    def indices(self, pixels: PixelSet, part: slice) -> torch.Tensor:
        """Return which pixels to render, int64 of shape (n,) on the device."""
        return _on_device(pixels, self._device)[part]

    def write(self, indices: torch.Tensor, rendered: torch.Tensor) -> None:
        """
        Take rendered pixels; return when the device has finished them.

        :param rendered: float32 of shape (n, CHANNELS).
        :raises RenderError: if one is not finite.
        """
        # One number tells of them all. Asking for it also waits for the device, so that neither
        # this thread nor a cancelled series runs ahead of it. Only a sum may overflow.
        if not math.isfinite(rendered.sum().item()):
            broken = (~torch.isfinite(rendered)).any(dim=-1)
            refuse_not_finite(int(broken.sum()), len(rendered))
        self._pixels[indices] = rendered

    def image(self, level: Level) -> TorchImage:
        """Return a copy of a level's pixels: finer levels and later views write into the grid."""
        assert self._grid is not None
        grid = self._pixels.view(self._grid.height, self._grid.width, CHANNELS)
        every = slice(level.offset, None, level.stride)
        return TorchImage(grid[every, every].clone(memory_format=torch.contiguous_format))


class TorchImage:
    """
    A picture on a device.

    :param pixels: float32 of shape (height, width, CHANNELS), from now on unchanged.
    """

    def __init__(self, pixels: torch.Tensor) -> None:
        self._pixels = pixels

    @cached_property
    def rgb(self) -> np.ndarray:
        """Return colour, float32 of shape (height, width, 3) in 0..1."""
        return _on_host(self._pixels[..., :3])

    @cached_property
    def rgb8(self) -> np.ndarray:
        """Return colour, contiguous uint8 of shape (height, width, 3)."""
        # Converted on the device: a quarter of the bytes travel.
        return _on_host(self._pixels[..., :3].mul(255.0).add_(0.5).to(torch.uint8))

    @cached_property
    def depth(self) -> np.ndarray:
        """Return distance along the ray, float32 of shape (height, width), scene units."""
        return _on_host(self._pixels[..., 3])

    @cached_property
    def accumulation(self) -> np.ndarray:
        """Return opacity along the ray, float32 of shape (height, width) in 0..1."""
        return _on_host(self._pixels[..., 4])


@contextmanager
def device_memory_errors() -> Iterator[None]:
    """Turn PyTorch's out-of-memory error into the core's."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise DeviceMemoryError(' '.join(str(error).split())) from error


@cached(most=16)
def _on_device(pixels: PixelSet, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(pixels.indices.copy()).to(device)


def _on_host(values: torch.Tensor) -> np.ndarray:
    if values.device.type == 'cuda':
        # Into page-locked memory, which the device writes to by itself.
        host = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
        host.copy_(values, non_blocking=True)
        torch.cuda.current_stream(values.device).synchronize()
        values = host
    array = values.numpy()
    array.setflags(write=False)
    return array


def _free_device_memory() -> None:
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()  # PyTorch would keep their memory from other programs


call_when_freeing(_free_device_memory)
