# SPDX-License-Identifier: Apache-2.0
"""What the renderer asks of an engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.device import Device
from nerfstudio_renderer.errors import RendererError
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Level
from nerfstudio_renderer.scene.extent import Extent
import numpy as np

CHANNELS = 5
"""Per ray: red, green, blue (0..1), distance along the ray (scene units), accumulation (0..1)."""


class UnsupportedSceneError(RendererError):
    """A scene that an engine does not render here; the message says why."""


@dataclass(frozen=True, eq=False)
class PixelSet:
    """Some pixels of a picture, in the order in which they are rendered; compared by identity."""

    indices: np.ndarray
    """Int64 of shape (n,), row * width + column; read-only."""

    def __len__(self) -> int:
        return len(self.indices)


class View(Protocol):
    """A camera whose picture an engine renders, bit by bit, into memory of its own."""

    def render(self, pixels: PixelSet, part: slice) -> None:
        """
        Render some pixels; return when they are finished.

        :param pixels: what the level in work renders.
        :param part: which of them are rendered now.
        :raises RenderError: if what is rendered is not finite, or the device's memory is too small
            (DeviceMemoryError).
        """
        ...

    def image(self, level: Level) -> Image:
        """Return a copy of the pixels of ``level``, all of which are rendered."""
        ...


class Engine(Protocol):
    """Turns a camera into colour, depth and accumulation on one device."""

    name: str
    """As in the parameter ``engine``."""
    device: Device
    """Where it renders."""

    def unsupported_reason(self, intrinsics: Intrinsics) -> str | None:
        """Return why it cannot render cameras with ``intrinsics``, or None if it can."""
        ...

    def device_memory(self) -> int | None:
        """Return the bytes that this process holds on the device; None if that is main memory."""
        ...


@runtime_checkable
class RayEngine(Engine, Protocol):
    """An engine that renders any subset of a picture's pixels, ray by ray."""

    def view(self, camera: Camera) -> View:
        """
        Return ``camera`` as something to render; cheap, called once an update.

        The view before it is not used any more: a new one may take over its memory.
        """
        ...


@runtime_checkable
class RasterEngine(Engine, Protocol):
    """An engine that renders whole pictures, and none of their pixels alone."""

    def rasterise(
        self, camera: Camera, *, exact: bool, cancelled: Callable[[], bool]
    ) -> Image | None:
        """
        Render a picture.

        :param exact: whether it has to be what the scene is; else it may be nearly that, and soon.
        :param cancelled: asked now and then whether to stop.
        :returns: None if it was cancelled.
        :raises RenderError: if the engine cannot render such a camera.
        """
        ...


@runtime_checkable
class HasGaussians(Protocol):
    """An engine that renders Gaussians, and so knows where its scene is."""

    gaussian_count: int
    """How many there are."""
    extent: Extent
    """Where they are."""


def pinhole_alone(intrinsics: Intrinsics) -> str | None:
    """Return why an engine that rasterises pinholes alone cannot render a camera, if it cannot."""
    if intrinsics.is_pinhole:
        return None
    camera = intrinsics.projection.value
    if intrinsics.distortion:
        camera += f' with distortion {list(intrinsics.distortion)}'
    return (f'the camera is {camera}, and the method of this scene rasterises: it renders only '
            'perspective cameras without distortion; set these, or load a scene of a method '
            'that renders rays, such as nerfacto')
