# SPDX-License-Identifier: Apache-2.0
"""The rays of a camera's pixels, as tensors on a device."""

from __future__ import annotations

from dataclasses import replace

from nerfstudio_renderer.caches import cached
from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.cameras.directions import unit_directions
from nerfstudio_renderer.engines import rays
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
    mask = rays.ray_mask(intrinsics)
    return None if mask is None else torch.from_numpy(mask.copy()).to(device)


@cached(most=4)  # 12 bytes a pixel
def _table(intrinsics: Intrinsics, device: torch.device) -> torch.Tensor:
    """Return unit_directions, with a row and a column more for the areas of the last pixels."""
    grown = replace(intrinsics, width=intrinsics.width + 1, height=intrinsics.height + 1)
    return torch.from_numpy(unit_directions(grown)).to(device)
