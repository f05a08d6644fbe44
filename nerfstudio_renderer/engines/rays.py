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
"""The rays of a camera's pixels, for every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nerfstudio_renderer.camera import Camera, Intrinsics
from nerfstudio_renderer.directions import unit_directions
from nerfstudio_renderer.engines.protocol import CHANNELS
from nerfstudio_renderer.memory import cached
import torch


class CameraRays:
    """
    A camera's rays on one device.

    :param camera: what is seen.
    :param device: where the rays are made.
    """

    def __init__(self, camera: Camera, device: torch.device) -> None:
        c2w = torch.from_numpy(camera.c2w.copy()).float()
        self.origin = (float(c2w[0, 3]), float(c2w[1, 3]), float(c2w[2, 3]))
        """Centre of the camera, scene units."""
        self._intrinsics = camera.intrinsics
        self._rotation = c2w[:, :3].to(device)
        self._table = None
        if not camera.intrinsics.is_pinhole:
            self._table = _table(camera.intrinsics, device)
        self._mask = ray_mask(camera.intrinsics, device)

    def directions(self, pixels: torch.Tensor) -> torch.Tensor:
        """
        Return where the rays of ``pixels`` point.

        :param pixels: int64 of shape (n,), row * width + column.
        :returns: unit vectors, float32 of shape (n, 3), scene axes; NaN for pixels without a ray.
        """
        return self._directions(*self._places(pixels))

    def pixel_areas(self, pixels: torch.Tensor) -> torch.Tensor:
        """
        Return what nerfstudio calls the pixel area of the rays of ``pixels``.

        That is how far the directions of the next pixels to the right and below are, multiplied;
        0 where one of these has no ray.

        :returns: float32 of shape (n, 1).
        """
        row, column = self._places(pixels)
        here = self._directions(row, column)
        right = self._directions(row, column + 1) - here
        below = self._directions(row + 1, column) - here
        areas = right.norm(dim=-1, keepdim=True) * below.norm(dim=-1, keepdim=True)
        return areas.nan_to_num_(nan=0.0)

    def shade(
        self, pixels: torch.Tensor, shade: Callable[[torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        """
        Return ``shade`` of those of ``pixels`` that have a ray, and nothing for the others.

        :param shade: from pixels, shape (n,), to what they show, shape (n, CHANNELS).
        :returns: shape (n, CHANNELS); without a ray black, accumulation and depth 0.
        """
        if self._mask is None:
            return shade(pixels)
        seen = self._mask[pixels]
        picture = torch.zeros((len(pixels), CHANNELS), device=pixels.device)
        if seen.any():
            picture[seen] = shade(pixels[seen])
        return picture

    def _places(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        row = torch.div(pixels, self._intrinsics.width, rounding_mode='floor')
        return row, pixels - row * self._intrinsics.width

    def _directions(self, row: torch.Tensor, column: torch.Tensor) -> torch.Tensor:
        axes = self._rotation
        if self._table is None:
            pinhole = self._intrinsics
            right = (column + (0.5 - pinhole.cx)) / pinhole.fx
            down = (row + (0.5 - pinhole.cy)) / pinhole.fy
            directions = right[:, None] * axes[:, 0] - down[:, None] * axes[:, 1] - axes[:, 2]
        else:
            right, up, back = self._table[row, column].T[:, :, None]
            directions = right * axes[:, 0] + up * axes[:, 1] + back * axes[:, 2]
        return torch.nn.functional.normalize(directions, dim=-1)


@cached(most=4)
def ray_mask(intrinsics: Intrinsics, device: torch.device) -> torch.Tensor | None:
    """
    Tell which pixels have a ray.

    :returns: bool of shape (pixels,), indexed by row * width + column; None if all have one.
    """
    if intrinsics.is_pinhole:
        return None
    table = _table(intrinsics, device)
    mask = table[:intrinsics.height, :intrinsics.width, 0].isfinite().flatten()
    return None if mask.all() else mask


@cached(most=4)  # 12 bytes a pixel
def _table(intrinsics: Intrinsics, device: torch.device) -> torch.Tensor:
    """Return unit_directions, with a row and a column more for the areas of the last pixels."""
    grown = replace(intrinsics, width=intrinsics.width + 1, height=intrinsics.height + 1)
    return torch.from_numpy(unit_directions(grown)).to(device)
