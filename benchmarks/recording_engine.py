# SPDX-License-Identifier: Apache-2.0
"""An engine that notes what it is asked for, and when."""

from __future__ import annotations

from dataclasses import dataclass
import time

from nerfstudio_renderer import Camera, Intrinsics
from nerfstudio_renderer.engines.protocol import PixelSet, RayEngine, View
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Level


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

    def __init__(self, engine: RayEngine) -> None:
        self._engine = engine
        self.name = engine.name
        self.device = engine.device
        self.beginnings: list[Beginning] = []
        self.chunks: list[Chunk] = []

    def forget(self) -> None:
        """Drop what was recorded."""
        self.beginnings.clear()
        self.chunks.clear()

    def unsupported_reason(self, intrinsics: Intrinsics) -> str | None:
        """Return why the other engine cannot render a camera, or None if it can."""
        return self._engine.unsupported_reason(intrinsics)

    def device_memory(self) -> int | None:
        """Return the bytes that the other engine holds on its device."""
        return self._engine.device_memory()

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

    def render(self, pixels: PixelSet, part: slice) -> None:
        began_s = time.monotonic()
        self._view.render(pixels, part)
        self._chunks.append(
            Chunk(self._pose, began_s, time.monotonic(), part.stop - part.start)
        )

    def image(self, level: Level) -> Image:
        return self._view.image(level)
