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
"""The rays of a camera's pixels, as nerfstudio's cameras make them."""

from __future__ import annotations

from nerfstudio_renderer.camera import Camera
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
        self._pinhole = camera.intrinsics
        self._rotation = c2w[:, :3].to(device)

    def directions(self, pixels: torch.Tensor) -> torch.Tensor:
        """
        Return where the rays of ``pixels`` point.

        :param pixels: int64 of shape (n,), row * width + column.
        :returns: unit vectors, float32 of shape (n, 3), scene axes.
        """
        pinhole = self._pinhole
        row = torch.div(pixels, pinhole.width, rounding_mode='floor')
        right = (pixels - row * pinhole.width + (0.5 - pinhole.cx)) / pinhole.fx
        down = (row + (0.5 - pinhole.cy)) / pinhole.fy
        axes = self._rotation
        directions = right[:, None] * axes[:, 0] - down[:, None] * axes[:, 1] - axes[:, 2]
        return torch.nn.functional.normalize(directions, dim=-1)
