# SPDX-License-Identifier: Apache-2.0
"""The nerfacto family on a CUDA device: whole rays in a few Triton kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.device import Device
from nerfstudio_renderer.engines.nerfacto.cuda.availability import unsupported_reason
from nerfstudio_renderer.engines.protocol import PixelSet, UnsupportedSceneError
from nerfstudio_renderer.engines.torch_support.pixels import device_memory_errors, TorchPixels
from nerfstudio_renderer.engines.torch_support.rays import CameraRays
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Level
from nerfstudio_renderer.scene import NerfstudioScene
from nerfstudio_renderer.scene.nerfacto import read_nerfacto
import torch

if TYPE_CHECKING:
    from nerfstudio_renderer.engines.nerfacto.cuda.renderer import CudaRenderer


class NerfactoCudaEngine:
    """
    Renders rays on a CUDA device.

    :raises UnsupportedSceneError: if the device cannot run the kernels.
    :raises SceneError: if the scene's checkpoint does not fit its configuration.
    """

    name = 'fused'

    def __init__(self, scene: NerfstudioScene, device: Device) -> None:
        self.device = device
        self._torch_device = torch.device(str(device))
        if (reason := unsupported_reason(self._torch_device)) is not None:
            raise UnsupportedSceneError(reason)
        from nerfstudio_renderer.engines.nerfacto.cuda.renderer import CudaRenderer  # with Triton

        parameters = read_nerfacto(scene.config, scene.checkpoint)
        with device_memory_errors():
            self._renderer = CudaRenderer(parameters, self._torch_device)
        self._pixels = TorchPixels(self._torch_device)

    def view(self, camera: Camera) -> _RayView:
        """Return ``camera`` as something to render."""
        rays = CameraRays(camera, self._torch_device)
        return _RayView(self._renderer, rays, self._pixels, camera)

    def unsupported_reason(self, intrinsics: Intrinsics) -> None:
        """Return None: rays are rendered whatever camera they are of."""

    def device_memory(self) -> int:
        """Return the bytes that this process holds on the device."""
        return torch.cuda.memory_reserved(self._torch_device)


class _RayView:

    def __init__(
        self, renderer: CudaRenderer, rays: CameraRays, pixels: TorchPixels, camera: Camera
    ) -> None:
        self._renderer = renderer
        self._rays = rays
        self._pixels = pixels
        pixels.begin(camera.intrinsics)

    @torch.inference_mode()
    def render(self, pixels: PixelSet, part: slice) -> None:
        with device_memory_errors():
            indices = self._pixels.indices(pixels, part)
            directions = self._rays.directions(indices)
            rendered = self._renderer.render(self._rays.origin, directions)
            self._pixels.write(indices, rendered)

    def image(self, level: Level) -> Image:
        return self._pixels.image(level)
