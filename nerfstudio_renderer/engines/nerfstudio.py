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
from nerfstudio.cameras.rays import RayBundle
from nerfstudio.models.base_model import Model
from nerfstudio_renderer.camera import Camera
from nerfstudio_renderer.directions import axis_cosines
from nerfstudio_renderer.engines.protocol import obstacle, View
from nerfstudio_renderer.engines.rays import CameraRays
from nerfstudio_renderer.engines.workers import CORES, Workers
from nerfstudio_renderer.errors import ConfigurationError, RenderError
from nerfstudio_renderer.scene import Scene
import torch

# Whose kernels (gsplat, nerfacc) there are for CUDA alone.
_CUDA_ALONE = {'nerfstudio.models.splatfacto', 'nerfstudio.models.instant_ngp'}


class NerfstudioEngine:
    """
    Renders with any model that nerfstudio can load.

    :raises ConfigurationError: if the model does not render on the scene's device.
    """

    name = 'nerfstudio'

    def __init__(self, scene: Scene) -> None:
        self._model = scene.model
        self.device = scene.device
        if self.device.type == 'cpu' and _needs_cuda(self._model):
            raise ConfigurationError(
                f'the method of this scene, {type(self._model).__name__}, renders on CUDA devices '
                'alone, and the device is cpu; use a GPU, or a scene of a method such as nerfacto'
            )
        self._workers = Workers(CORES if scene.device.type == 'cpu' else 1)
        # Methods that rasterise replace the loop over rays by one of their own (splatfacto).
        own_loop = type(scene.model).get_outputs_for_camera is not Model.get_outputs_for_camera
        self.renders_single_rays = not own_loop

    def view(self, camera: Camera) -> View:
        """
        Return a view that shades rays one by one, or rasterises, as the model does.

        :raises RenderError: if the model rasterises, and the camera is not one for that.
        """
        if (reason := obstacle(self, camera.intrinsics)) is not None:
            raise RenderError(reason)
        if self.renders_single_rays:
            return _RayView(self._model, CameraRays(camera, self.device), self._workers)
        return _RasterView(self._model, camera, self.device)


def _needs_cuda(model: Model) -> bool:
    # By names: to import the classes would be to import their kernels, for every scene.
    return any(base.__module__ in _CUDA_ALONE for base in type(model).__mro__)


class _RayView:

    def __init__(self, model: Model, rays: CameraRays, workers: Workers) -> None:
        self._model = model
        self._rays = rays
        self._workers = workers

    def render(self, pixels: torch.Tensor) -> torch.Tensor:
        return self._rays.shade(pixels, self._shade)

    def _shade(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.cat(self._workers.share(self._shade_part, pixels))

    @torch.inference_mode()
    def _shade_part(self, pixels: torch.Tensor) -> torch.Tensor:
        return channels_of(self._model(ray_bundle(self._rays, pixels)))


class _RasterView:

    def __init__(self, model: Model, camera: Camera, device: torch.device) -> None:
        self._model = model
        self._camera = camera
        self._device = device

    @torch.inference_mode()
    def render(self, pixels: torch.Tensor) -> torch.Tensor:
        cameras = cameras_of(self._camera, self._device)
        picture = channels_of(self._model.get_outputs_for_camera(cameras))
        # gsplat's depth is along the optical axis.
        cosines = torch.from_numpy(axis_cosines(self._camera.intrinsics).copy())
        picture[..., 3] /= cosines.to(self._device)
        return picture.reshape(-1, picture.shape[-1])[pixels]


def ray_bundle(rays: CameraRays, pixels: torch.Tensor) -> RayBundle:
    """
    Return the rays of ``pixels``, shape (n,), as nerfstudio has them.

    nerfstudio's cameras can make most of them too, but undistort each chunk anew and with other
    models, and divide by zero in the middle of a fisheye.
    """
    directions = rays.directions(pixels)
    return RayBundle(
        origins=directions.new_tensor(rays.origin).repeat(len(pixels), 1),
        directions=directions,
        pixel_area=rays.pixel_areas(pixels),
        camera_indices=pixels.new_zeros((len(pixels), 1)),
        # Methods for surfaces divide their distance along the ray by this: it stays what it is.
        metadata={'directions_norm': torch.ones_like(directions[:, :1])},
    )


def cameras_of(camera: Camera, device: torch.device) -> Cameras:
    """Return a perspective ``camera`` without distortion as nerfstudio has it, on ``device``."""
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
    rgb = _output(outputs, 'rgb')[..., :3].clamp(0.0, 1.0)
    depth = _output(outputs, 'depth')
    accumulation = _output(outputs, 'accumulation')
    return torch.cat(
        [
            rgb,
            torch.zeros_like(rgb[..., :1]) if depth is None else depth,
            torch.ones_like(rgb[..., :1]) if accumulation is None else accumulation,
        ],
        dim=-1,
    ).float()


def _output(outputs: dict[str, torch.Tensor], name: str) -> torch.Tensor | None:
    # Methods with a coarse and a fine network (vanilla-nerf) tell apart whose it is.
    return outputs.get(name, outputs.get(f'{name}_fine'))
