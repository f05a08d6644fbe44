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
"""The engine that renders the nerfacto family with kernels of our own."""

from __future__ import annotations

import threading
from typing import Protocol
import weakref

from nerfstudio_renderer.camera import Camera
from nerfstudio_renderer.engines.fused.cpu.packing import pack, PackedModel
from nerfstudio_renderer.engines.fused.cpu.renderer import CpuRenderer, why_unavailable
from nerfstudio_renderer.engines.fused.cuda.availability import obstacle
from nerfstudio_renderer.engines.fused.extraction import extract_parameters
from nerfstudio_renderer.engines.fused.parameters import UnsupportedModelError
from nerfstudio_renderer.engines.protocol import View
from nerfstudio_renderer.engines.rays import CameraRays
from nerfstudio_renderer.scene import Scene
import torch


class RayRenderer(Protocol):
    """What the engine asks of the kernels of one kind of device."""

    def render(
        self, origin: tuple[float, float, float], directions: torch.Tensor
    ) -> torch.Tensor:
        """Render rays: float32 of shape (n, 3), unit vectors, to (n, CHANNELS)."""
        ...


class FusedEngine:
    """
    Renders whole rays in one kernel, instead of hundreds of operations on all samples.

    :param renderer: made for the scene's model and device; None for the usual one.
    :raises UnsupportedModelError: if there are no kernels for the scene's model and device.
    """

    name = 'fused'
    renders_single_rays = True

    def __init__(self, scene: Scene, renderer: RayRenderer | None = None) -> None:
        self.device = scene.device
        self._renderer = renderer or _renderer(scene)

    def view(self, camera: Camera) -> View:
        """Return ``camera`` as something to render."""
        return _FusedView(self._renderer, CameraRays(camera, self.device))


class _FusedView:

    def __init__(self, renderer: RayRenderer, rays: CameraRays) -> None:
        self._renderer = renderer
        self._rays = rays

    @torch.inference_mode()
    def render(self, pixels: torch.Tensor) -> torch.Tensor:
        return self._rays.shade(pixels, self._shade)

    def _shade(self, pixels: torch.Tensor) -> torch.Tensor:
        return self._renderer.render(self._rays.origin, self._rays.directions(pixels))


def _renderer(scene: Scene) -> RayRenderer:
    if scene.device.type == 'cpu':
        if (reason := why_unavailable()) is not None:
            raise UnsupportedModelError(reason)
        return CpuRenderer(packed_for_cpu(scene))
    if (reason := obstacle(scene.device)) is not None:
        raise UnsupportedModelError(reason)
    from nerfstudio_renderer.engines.fused.cuda.renderer import CudaRenderer  # imports Triton

    return CudaRenderer(extract_parameters(scene.model), scene.device)


_packing = threading.Lock()
_packed_models: weakref.WeakKeyDictionary[Scene, PackedModel] = weakref.WeakKeyDictionary()


def packed_for_cpu(scene: Scene) -> PackedModel:
    """Return the scene's parameters for the CPU kernels, the same for all engines."""
    with _packing:
        if scene not in _packed_models:
            _packed_models[scene] = pack(extract_parameters(scene.model))
        return _packed_models[scene]
