# SPDX-License-Identifier: Apache-2.0
"""Gaussians on a CPU: whole pictures, by tiles."""

from __future__ import annotations

from collections.abc import Callable
import threading
import weakref

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.device import CPU
from nerfstudio_renderer.engines.gaussians.cpu.raster_image import RasterImage
from nerfstudio_renderer.engines.gaussians.cpu.rasterizer import (
    PackedGaussians,
    Rasterizer,
    unsupported_reason,
)
from nerfstudio_renderer.engines.protocol import pinhole_alone, UnsupportedSceneError
from nerfstudio_renderer.errors import RenderError
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.scene import Scene
from nerfstudio_renderer.scene.families import gaussians_of

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
        self._by_size = {size: Rasterizer(each) for size, each in packed.items()}
        self._counts = {size: len(each) for size, each in packed.items()}

    def unsupported_reason(self, intrinsics: Intrinsics) -> str | None:
        """Return why such cameras cannot be rendered: they are no pinholes."""
        return pinhole_alone(intrinsics)

    def device_memory(self) -> None:
        """Return None: Gaussians and pictures lie in main memory."""

    def rasterise(
        self, camera: Camera, *, exact: bool, cancelled: Callable[[], bool]
    ) -> Image | None:
        """
        Render a picture.

        :returns: None if it was cancelled.
        :raises RenderError: if the camera is no pinhole.
        """
        if (reason := pinhole_alone(camera.intrinsics)) is not None:
            raise RenderError(reason)
        rasterizer = self._by_size[1 if exact else self._size(camera.intrinsics.pixel_count)]
        pixels = rasterizer.render(camera.c2w, camera.intrinsics, cancelled=cancelled)
        return None if pixels is None else RasterImage(pixels, camera.intrinsics)

    def _size(self, pixels: int) -> int:
        """Return how many Gaussians may be merged into one for a picture of so many pixels."""
        enough = (size for size, count in self._counts.items()
                  if count >= _GAUSSIANS_PER_PIXEL * pixels)
        return max(enough, default=1)


_packing = threading.Lock()
_packed: weakref.WeakKeyDictionary[Scene, dict[int, PackedGaussians]] = (
    weakref.WeakKeyDictionary()
)


def packed_for_cpu(scene: Scene) -> dict[int, PackedGaussians]:
    """
    Return a scene's Gaussians for the CPU kernels, the same for all engines.

    :returns: by how many are merged into one; 1 for the scene itself.
    """
    with _packing:
        if scene not in _packed:
            exact = PackedGaussians(gaussians_of(scene))
            _packed[scene] = {1: exact, **{size: exact.merged(size) for size in _MERGED_SIZES}}
        return _packed[scene]
