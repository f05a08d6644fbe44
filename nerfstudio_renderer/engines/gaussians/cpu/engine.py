# SPDX-License-Identifier: Apache-2.0
"""Gaussians on a CPU: whole pictures, by tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import threading
import weakref

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.device import CPU
from nerfstudio_renderer.engines.gaussians.covering import render_covered
from nerfstudio_renderer.engines.gaussians.cpu.raster_image import RasterImage
from nerfstudio_renderer.engines.gaussians.cpu.rasterizer import (
    PackedGaussians,
    Rasterizer,
    unsupported_reason,
)
from nerfstudio_renderer.engines.host_pixels import HostImage
from nerfstudio_renderer.engines.protocol import UnsupportedSceneError
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.scene import Scene
from nerfstudio_renderer.scene.extent import Extent, extent_of_points
from nerfstudio_renderer.scene.families import gaussians_of, up_of
import numpy as np

_MERGED_SIZES = (16, 4)
_GAUSSIANS_PER_PIXEL = 0.5
"""
Fewest that a coarse picture is made of: with fewer, merged ones are seen as blobs.
"""


class GaussiansCpuEngine:
    """
    Rasterises a scene of Gaussians on all cores of the CPU, as gsplat 1.4.0 defines it.

    Pictures that need not be exact are made of fewer Gaussians, each of which stands for several.

    :raises UnsupportedSceneError: if the kernels are not compiled.
    :raises SceneError: if the scene's file cannot be read.
    """

    name = 'gaussians'
    device = CPU

    def __init__(self, scene: Scene) -> None:
        if (reason := unsupported_reason()) is not None:
            raise UnsupportedSceneError(reason)
        packed = packed_for_cpu(scene)
        self.gaussian_count = len(packed.by_size[1])
        """How many Gaussians there are."""
        self.extent = packed.extent
        """Where they are."""
        self._by_size = {size: Rasterizer(each) for size, each in packed.by_size.items()}
        self._counts = {size: len(each) for size, each in packed.by_size.items()}

    def unsupported_reason(self, intrinsics: Intrinsics) -> None:
        """Return None: cameras that are no pinholes are resampled from pinhole pictures."""

    def device_memory(self) -> None:
        """Return None: Gaussians and pictures lie in main memory."""

    def rasterise(
        self, camera: Camera, *, exact: bool, cancelled: Callable[[], bool]
    ) -> Image | None:
        """Render a picture; None if it was cancelled."""
        rasterizer = self._by_size[1 if exact else self._size(camera.intrinsics.pixel_count)]

        def render(pinhole: Camera) -> np.ndarray | None:
            return rasterizer.render(pinhole.c2w, pinhole.intrinsics, cancelled=cancelled)

        if camera.intrinsics.is_pinhole:
            pixels = render(camera)
            return None if pixels is None else RasterImage(pixels, camera.intrinsics)
        pixels = render_covered(camera, render)
        return None if pixels is None else HostImage(pixels)

    def _size(self, pixels: int) -> int:
        """Return how many Gaussians may be merged into one for a picture of so many pixels."""
        enough = (size for size, count in self._counts.items()
                  if count >= _GAUSSIANS_PER_PIXEL * pixels)
        return max(enough, default=1)


@dataclass(frozen=True, eq=False)
class PackedScene:
    """A scene's Gaussians as the kernels read them."""

    by_size: dict[int, PackedGaussians]
    """By how many are merged into one; 1 for the scene itself."""
    extent: Extent
    """Where they are."""


_packing = threading.Lock()
_packed: weakref.WeakKeyDictionary[Scene, PackedScene] = weakref.WeakKeyDictionary()


def packed_for_cpu(scene: Scene) -> PackedScene:
    """Return a scene's Gaussians for the CPU kernels, the same for all engines."""
    with _packing:
        if scene not in _packed:
            _packed[scene] = _pack(scene)
        return _packed[scene]


def _pack(scene: Scene) -> PackedScene:
    gaussians = gaussians_of(scene)
    exact = PackedGaussians(gaussians)
    merged = {size: exact.merged(size) for size in _MERGED_SIZES}
    return PackedScene({1: exact, **merged}, extent_of_points(gaussians.means, up_of(scene)))
