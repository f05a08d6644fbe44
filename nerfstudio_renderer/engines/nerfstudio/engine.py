# SPDX-License-Identifier: Apache-2.0
"""The model's own forward pass: the reference that every other engine is compared with."""

from __future__ import annotations

from collections.abc import Callable

from nerfstudio.cameras.cameras import Cameras
from nerfstudio.cameras.rays import RayBundle
from nerfstudio.models.base_model import Model
from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.cameras.directions import axis_cosines
from nerfstudio_renderer.device import Device
from nerfstudio_renderer.engines.nerfstudio.model import shared_model
from nerfstudio_renderer.engines.protocol import pinhole_alone, PixelSet, View
from nerfstudio_renderer.engines.torch_support.pixels import device_memory_errors, TorchPixels
from nerfstudio_renderer.engines.torch_support.rays import CameraRays
from nerfstudio_renderer.engines.torch_support.workers import CORES, Workers
from nerfstudio_renderer.errors import ConfigurationError, RenderError
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Level
from nerfstudio_renderer.scene import NerfstudioScene
import torch

# Whose kernels (gsplat, nerfacc) there are for CUDA alone.
_CUDA_ALONE = {'nerfstudio.models.splatfacto', 'nerfstudio.models.instant_ngp'}


def nerfstudio_engine(
    scene: NerfstudioScene, device: Device
) -> NerfstudioEngine | NerfstudioRasterEngine:
    """
    Return the engine that renders a scene as nerfstudio does: by rays, or by rasterising.

    :raises SceneError: if nerfstudio cannot build the model, or the checkpoint is not its own.
    :raises ConfigurationError: if the model does not render on ``device``.
    """
    with device_memory_errors():
        model = shared_model(scene, torch.device(str(device)))
    if device.type == 'cpu' and _needs_cuda(model):
        raise ConfigurationError(
            f'the method of this scene, {type(model).__name__}, is rendered on CUDA devices '
            "alone by the engine 'nerfstudio', and the device is cpu; use a GPU, or engine auto"
        )
    # Methods that rasterise replace the loop over rays by one of their own (splatfacto).
    own_loop = type(model).get_outputs_for_camera is not Model.get_outputs_for_camera
    return (NerfstudioRasterEngine if own_loop else NerfstudioEngine)(model, device)


class _ModelEngine:
    """
    An engine that is a nerfstudio model.

    :param model: in evaluation mode on ``device``.
    """

    name = 'nerfstudio'

    def __init__(self, model: Model, device: Device) -> None:
        self.model = model
        self.device = device
        self._torch_device = torch.device(str(device))
        self._pixels = TorchPixels(self._torch_device)

    def device_memory(self) -> int | None:
        """Return the bytes that this process holds on a CUDA device, None on a CPU."""
        if self.device.type == 'cpu':
            return None
        return torch.cuda.memory_reserved(self._torch_device)


class NerfstudioEngine(_ModelEngine):
    """Renders rays with any model that nerfstudio can load."""

    def __init__(self, model: Model, device: Device) -> None:
        super().__init__(model, device)
        self._workers = Workers(CORES if device.type == 'cpu' else 1)

    def unsupported_reason(self, intrinsics: Intrinsics) -> None:
        """Return None: rays are rendered whatever camera they are of."""

    def view(self, camera: Camera) -> View:
        """Return a view that shades rays one by one."""
        return _RayView(self.model, camera, self._torch_device, self._pixels, self._workers)


class NerfstudioRasterEngine(_ModelEngine):
    """Renders pictures with models that rasterise."""

    def unsupported_reason(self, intrinsics: Intrinsics) -> str | None:
        """Return why such cameras cannot be rendered: they are no pinholes."""
        return pinhole_alone(intrinsics)

    @torch.inference_mode()
    def rasterise(
        self, camera: Camera, *, exact: bool, cancelled: Callable[[], bool]
    ) -> Image | None:
        """
        Render a picture; what is asked for is always exact, and once begun it is finished.

        :raises RenderError: if the camera is no pinhole.
        """
        if (reason := pinhole_alone(camera.intrinsics)) is not None:
            raise RenderError(reason)
        if cancelled():
            return None
        with device_memory_errors():
            self._pixels.begin(camera.intrinsics)
            rendered = channels_of(
                self.model.get_outputs_for_camera(cameras_of(camera, self._torch_device))
            )
            # gsplat's depth is along the optical axis.
            cosines = torch.from_numpy(axis_cosines(camera.intrinsics).copy())
            rendered[..., 3] /= cosines.to(self._torch_device)
            everything = torch.arange(camera.intrinsics.pixel_count, device=self._torch_device)
            self._pixels.write(everything, rendered.reshape(-1, rendered.shape[-1]))
            return self._pixels.image(Level(camera.intrinsics))


def _needs_cuda(model: Model) -> bool:
    # By names: to import the classes would be to import their kernels, for every scene.
    return any(base.__module__ in _CUDA_ALONE for base in type(model).__mro__)


class _RayView:

    def __init__(
        self, model: Model, camera: Camera, device: torch.device, pixels: TorchPixels,
        workers: Workers,
    ) -> None:
        self._model = model
        self._rays = CameraRays(camera, device)
        self._pixels = pixels
        self._workers = workers
        pixels.begin(camera.intrinsics)
        # What is done between chunks is small: shared out, it would wait for the slowest core.
        torch.set_num_threads(1)

    def render(self, pixels: PixelSet, part: slice) -> None:
        with device_memory_errors():
            indices = self._pixels.indices(pixels, part)
            self._pixels.write(indices, torch.cat(self._workers.share(self._shade, indices)))

    @torch.inference_mode()
    def _shade(self, indices: torch.Tensor) -> torch.Tensor:
        return channels_of(self._model(ray_bundle(self._rays, indices)))

    def image(self, level: Level) -> Image:
        return self._pixels.image(level)


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
