# SPDX-License-Identifier: Apache-2.0
"""The nerfacto family on a CPU: whole rays in one C++ kernel."""

from __future__ import annotations

import threading
import weakref

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.device import CPU
from nerfstudio_renderer.engines.host_pixels import HostPixels
from nerfstudio_renderer.engines.nerfacto.cpu.packing import pack, PackedModel
from nerfstudio_renderer.engines.nerfacto.cpu.renderer import CpuRenderer, unsupported_reason
from nerfstudio_renderer.engines.protocol import PixelSet, UnsupportedSceneError
from nerfstudio_renderer.engines.rays import CameraRays
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Level
from nerfstudio_renderer.scene import NerfstudioScene
from nerfstudio_renderer.scene.nerfacto import read_nerfacto


class NerfactoCpuEngine:
    """
    Renders rays on all cores of the CPU.

    :param scene: what is rendered; None if ``renderer`` is given.
    :param renderer: instead of one of the scene with the fastest instruction set.
    :raises UnsupportedSceneError: if the kernels are not compiled.
    :raises SceneError: if the scene's checkpoint does not fit its configuration.
    """

    name = 'fused'
    device = CPU

    def __init__(
        self, scene: NerfstudioScene | None, renderer: CpuRenderer | None = None
    ) -> None:
        if (reason := unsupported_reason()) is not None:
            raise UnsupportedSceneError(reason)
        if renderer is None:
            assert scene is not None
            renderer = CpuRenderer(packed_for_cpu(scene))
        self._renderer = renderer
        self._pixels = HostPixels()

    def view(self, camera: Camera) -> _RayView:
        """Return ``camera`` as something to render."""
        return _RayView(self._renderer, camera, self._pixels)

    def unsupported_reason(self, intrinsics: Intrinsics) -> None:
        """Return None: rays are rendered whatever camera they are of."""

    def device_memory(self) -> None:
        """Return None: pixels and tables lie in main memory."""


class _RayView:

    def __init__(self, renderer: CpuRenderer, camera: Camera, pixels: HostPixels) -> None:
        self._renderer = renderer
        self._rays = CameraRays(camera)
        self._pixels = pixels
        pixels.begin(camera.intrinsics)

    def render(self, pixels: PixelSet, part: slice) -> None:
        indices = pixels.indices[part]
        directions = self._rays.directions(indices)
        self._pixels.write(indices, self._renderer.render(self._rays.origin, directions))

    def image(self, level: Level) -> Image:
        return self._pixels.image(level)


_packing = threading.Lock()
_packed_models: weakref.WeakKeyDictionary[NerfstudioScene, PackedModel] = (
    weakref.WeakKeyDictionary()
)


def packed_for_cpu(scene: NerfstudioScene) -> PackedModel:
    """Return the scene's parameters for the CPU kernels, the same for all engines."""
    with _packing:
        if scene not in _packed_models:
            _packed_models[scene] = pack(read_nerfacto(scene.config, scene.checkpoint))
        return _packed_models[scene]
