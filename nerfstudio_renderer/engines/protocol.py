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
"""What the renderer asks of an engine."""

from __future__ import annotations

from typing import Protocol

from nerfstudio_renderer.camera import Camera, Intrinsics
import torch

CHANNELS = 5
"""Per ray: red, green, blue (0..1), distance along the ray (scene units), accumulation (0..1)."""


class View(Protocol):
    """A camera, ready to be rendered by an engine."""

    def render(self, pixels: torch.Tensor) -> torch.Tensor:
        """
        Render some pixels of the camera's picture.

        :param pixels: int64 of shape (n,) on the engine's device: row * width + column.
        :returns: float32 of shape (n, CHANNELS) on the engine's device; 0 where the camera sees
            nothing.
        """
        ...


class Engine(Protocol):
    """Turns rays into colour, depth and accumulation on one device."""

    name: str
    """As in the parameter ``engine``."""
    device: torch.device
    """Where it renders."""
    renders_single_rays: bool
    """Whether a view renders any subset of pixels; False for methods that rasterise."""

    def view(self, camera: Camera) -> View:
        """Return ``camera`` as something to render; cheap, called once an update."""
        ...


def obstacle(engine: Engine, intrinsics: Intrinsics) -> str | None:
    """Return why ``engine`` cannot render cameras with ``intrinsics``, or None if it can."""
    if engine.renders_single_rays or intrinsics.is_pinhole:
        return None
    camera = intrinsics.projection.value
    if intrinsics.distortion:
        camera += f' with distortion {list(intrinsics.distortion)}'
    return (f'the camera is {camera}, and the method of this scene rasterises: it renders only '
            'perspective cameras without distortion; set these, or load a scene of a method '
            'that renders rays, such as nerfacto')
