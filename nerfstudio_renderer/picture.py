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
"""The pixels of a frame, in the forms that consumers ask for."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch


class Picture:
    """
    Pixels where they were rendered, brought to the host only as far as somebody asks for them.

    All arrays are read-only and made once; any thread may ask.

    :param pixels: float32 of shape (height, width, CHANNELS) on any device, from now on unchanged.
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
