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
"""An engine that notes what it is asked for, and when."""

from __future__ import annotations

from dataclasses import dataclass
import time

from nerfstudio_renderer import Camera
from nerfstudio_renderer.engines.protocol import Engine, View
import torch


@dataclass(frozen=True)
class Beginning:
    """The start of a series: its first level is about to be rendered."""

    pose: bytes
    """Which update, see ``pose_of``."""
    at_s: float
    """When, seconds of the monotonic clock."""


@dataclass(frozen=True)
class Chunk:
    """Rays that were rendered together."""

    pose: bytes
    """Which update, see ``pose_of``."""
    began_s: float
    """When, seconds of the monotonic clock."""
    ended_s: float
    """When, seconds of the monotonic clock."""
    rays: int


def pose_of(camera: Camera) -> bytes:
    """Return what tells updates apart whose cameras differ in their poses."""
    return camera.c2w.tobytes()


class RecordingEngine:
    """Renders with another engine; one thread renders, any may read when that is done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = engine.name
        self.device = engine.device
        self.renders_single_rays = engine.renders_single_rays
        self.beginnings: list[Beginning] = []
        self.chunks: list[Chunk] = []

    def forget(self) -> None:
        """Begin anew."""
        self.beginnings.clear()
        self.chunks.clear()

    def view(self, camera: Camera) -> View:
        """Return ``camera`` as something to render, and note that it begins."""
        pose = pose_of(camera)
        self.beginnings.append(Beginning(pose, time.monotonic()))
        return _RecordingView(self._engine.view(camera), pose, self.chunks)


class _RecordingView:

    def __init__(self, view: View, pose: bytes, chunks: list[Chunk]) -> None:
        self._view = view
        self._pose = pose
        self._chunks = chunks

    def render(self, pixels: torch.Tensor) -> torch.Tensor:
        began_s = time.monotonic()
        rendered = self._view.render(pixels)
        if rendered.is_cuda:
            torch.cuda.synchronize(rendered.device)  # else only the launch would be timed
        self._chunks.append(Chunk(self._pose, began_s, time.monotonic(), len(pixels)))
        return rendered
