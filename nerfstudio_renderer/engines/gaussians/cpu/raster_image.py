# SPDX-License-Identifier: Apache-2.0
"""Pictures whose depth is along the camera's axis."""

from __future__ import annotations

from functools import cached_property

from nerfstudio_renderer.cameras.camera import Intrinsics
from nerfstudio_renderer.cameras.directions import axis_cosines
from nerfstudio_renderer.engines.host_pixels import HostImage
import numpy as np


class RasterImage(HostImage):
    """
    A picture of a rasteriser; distances along the rays are computed when somebody asks for them.

    :param pixels: float32 of shape (height, width, CHANNELS), from now on unchanged; the depth is
        that along the axis.
    :param intrinsics: of the camera, a pinhole.
    """

    def __init__(self, pixels: np.ndarray, intrinsics: Intrinsics) -> None:
        super().__init__(pixels)
        self._intrinsics = intrinsics

    @cached_property
    def depth(self) -> np.ndarray:
        """Return distance along the ray, float32 of shape (height, width), scene units."""
        distances = super().depth / axis_cosines(self._intrinsics)
        distances.setflags(write=False)
        return distances
