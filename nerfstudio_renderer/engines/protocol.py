# SPDX-License-Identifier: Apache-2.0
"""What the renderer asks of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.device import Device
from nerfstudio_renderer.errors import RendererError
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Level
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
    renders_single_rays: bool
    """Whether a view renders any subset of pixels; False for methods that rasterise."""

    def view(self, camera: Camera) -> View:
        """
        Return ``camera`` as something to render; cheap, called once an update.

        The view before it is not used any more: a new one may take over its memory.
        """
        ...

    def device_memory(self) -> int | None:
        """Return the bytes that this process holds on the device; None if that is main memory."""
        ...


def unsupported_reason(engine: Engine, intrinsics: Intrinsics) -> str | None:
    """Return why ``engine`` cannot render cameras with ``intrinsics``, or None if it can."""
    if engine.renders_single_rays or intrinsics.is_pinhole:
        return None
    camera = intrinsics.projection.value
    if intrinsics.distortion:
        camera += f' with distortion {list(intrinsics.distortion)}'
    return (f'the camera is {camera}, and the method of this scene rasterises: it renders only '
            'perspective cameras without distortion; set these, or load a scene of a method '
            'that renders rays, such as nerfacto')
