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
"""The model's own forward pass: the reference that every other engine is compared with."""

from __future__ import annotations

from nerfstudio.cameras.cameras import Cameras
from nerfstudio.models.base_model import Model
from nerfstudio_renderer.camera import Camera
from nerfstudio_renderer.engines.protocol import View
from nerfstudio_renderer.engines.workers import CORES, Workers
from nerfstudio_renderer.scene import Scene
import torch


class NerfstudioEngine:
    """Renders with any model that nerfstudio can load."""

    name = 'nerfstudio'

    def __init__(self, scene: Scene) -> None:
        self._model = scene.model
        self.device = scene.device
        self._workers = Workers(CORES if scene.device.type == 'cpu' else 1)
        # Methods that rasterise replace the loop over rays by one of their own (splatfacto).
        own_loop = type(scene.model).get_outputs_for_camera is not Model.get_outputs_for_camera
        self.renders_single_rays = not own_loop

    def view(self, camera: Camera) -> View:
        """Return a view that shades rays one by one, or rasterises, as the model does."""
        cameras = cameras_of(camera, self.device)
        if self.renders_single_rays:
            return _RayView(self._model, cameras, self._workers)
        return _RasterView(self._model, cameras)


class _RayView:

    def __init__(self, model: Model, cameras: Cameras, workers: Workers) -> None:
        self._model = model
        self._cameras = cameras
        self._workers = workers
        self._width = int(cameras.width)

    def render(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.cat(self._workers.share(self._shade, pixels))

    @torch.inference_mode()
    def _shade(self, pixels: torch.Tensor) -> torch.Tensor:
        row = torch.div(pixels, self._width, rounding_mode='floor')
        # nerfstudio's coordinates are (y, x), pixel centres at half integers.
        coords = torch.stack([row, pixels - row * self._width], dim=-1) + 0.5
        rays = self._cameras.generate_rays(camera_indices=0, coords=coords)
        return channels_of(self._model(rays))


class _RasterView:

    def __init__(self, model: Model, cameras: Cameras) -> None:
        self._model = model
        self._cameras = cameras

    @torch.inference_mode()
    def render(self, pixels: torch.Tensor) -> torch.Tensor:
        picture = channels_of(self._model.get_outputs_for_camera(self._cameras))
        return picture.reshape(-1, picture.shape[-1])[pixels]


def cameras_of(camera: Camera, device: torch.device) -> Cameras:
    """Return ``camera`` as nerfstudio has it, on ``device``."""
    pinhole = camera.intrinsics
    # One camera with a batch dimension: splatfacto insists on it, rays do not mind.
    return Cameras(
        camera_to_worlds=torch.from_numpy(camera.c2w.copy()).float()[None],
        fx=pinhole.fx,
        fy=pinhole.fy,
        cx=pinhole.cx,
        cy=pinhole.cy,
        width=pinhole.width,
        height=pinhole.height,
    ).to(device)


def channels_of(outputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return what a nerfstudio model has rendered, shape (..., CHANNELS)."""
    rgb = outputs['rgb'][..., :3].clamp(0.0, 1.0)
    depth = outputs.get('depth')
    accumulation = outputs.get('accumulation')
    return torch.cat(
        [
            rgb,
            torch.zeros_like(rgb[..., :1]) if depth is None else depth,
            torch.ones_like(rgb[..., :1]) if accumulation is None else accumulation,
        ],
        dim=-1,
    ).float()
