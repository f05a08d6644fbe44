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
"""Engines and renderers whose pictures and timing a test decides."""

from __future__ import annotations

from collections.abc import Iterator
import threading
import time

from nerfstudio_renderer import Camera, Frame, Intrinsics, Update
from nerfstudio_renderer.engines.protocol import CHANNELS
from nerfstudio_renderer.rendering.image import Image
import numpy as np
import torch

PINHOLE = Intrinsics.from_fov_y(8, 6, 50.0)
PATIENCE_S = 20.0


def camera_at(x: float, intrinsics: Intrinsics = PINHOLE) -> Camera:
    """Return a camera at (x, 0, 0) that looks along -z."""
    c2w = np.eye(3, 4)
    c2w[0, 3] = x
    return Camera(c2w, intrinsics)


class PatternEngine:
    """
    Renders a pattern that depends on the camera's x and on each pixel.

    :param seconds_per_ray: how long it pretends to need.
    """

    name = 'pattern'

    def __init__(self, *, renders_single_rays: bool = True, seconds_per_ray: float = 0.0) -> None:
        self.device = torch.device('cpu')
        self.renders_single_rays = renders_single_rays
        self.chunks: list[list[int]] = []
        self._seconds_per_ray = seconds_per_ray

    def view(self, camera: Camera) -> PatternEngine.PatternView:
        """Return the pattern of ``camera``."""
        return self.PatternView(self, camera)

    def pause(self, rays: int) -> None:
        """Take the time that ``rays`` take."""
        time.sleep(rays * self._seconds_per_ray)

    class PatternView:
        """The pattern of one camera."""

        def __init__(self, engine: PatternEngine, camera: Camera) -> None:
            self._engine = engine
            self._camera = camera

        def render(self, pixels: torch.Tensor) -> torch.Tensor:
            """Return the pattern at ``pixels``."""
            self._engine.chunks.append(pixels.tolist())
            self._engine.pause(len(pixels))
            return pattern(self._camera, pixels)


def pattern(camera: Camera, pixels: torch.Tensor) -> torch.Tensor:
    """Return what a PatternEngine renders: red is the camera, green the pixel, depth its index."""
    result = torch.zeros((len(pixels), CHANNELS))
    result[:, 0] = float(camera.c2w[0, 3]) % 1.0
    result[:, 1] = pixels / camera.intrinsics.pixel_count
    result[:, 3] = pixels.float()
    result[:, 4] = 1.0
    return result


class FailingEngine(PatternEngine):
    """Fails on cameras with a negative x, and renders NaN for those beyond 1000."""

    class PatternView(PatternEngine.PatternView):
        """A view that may fail."""

        def render(self, pixels: torch.Tensor) -> torch.Tensor:
            """Fail, or return the pattern or NaN."""
            x = self._camera.c2w[0, 3]
            if x < 0:
                raise torch.OutOfMemoryError(f'out of memory at {x}')
            picture = super().render(pixels)
            return picture * float('nan') if x > 1000 else picture


def frame_of(update: Update, level: int, level_count: int) -> Frame:
    """Return a small frame without rendering anything."""
    return Frame(
        update=update,
        level=level,
        level_count=level_count,
        intrinsics=Intrinsics(1, 1, 1.0, 1.0, 0.5, 0.5),
        image=Image(torch.zeros((1, 1, CHANNELS))),
        render_time_s=0.0,
        latency_s=0.0,
    )


class SteppedRenderer:
    """
    Renders nothing, one chunk for each call of ``step``.

    Between steps its thread is parked: in a chunk that has begun, or outside any series.
    """

    def __init__(self, levels: int, chunks: int) -> None:
        self._levels = levels
        self._chunks = chunks
        self._changed = threading.Condition()
        self._permits = 0
        self._free_running = False
        self.working_on: tuple[int, int] | None = None
        self.chunks_done: list[tuple[int, int]] = []

    def frames(self, update: Update, cancelled) -> Iterator[Frame]:
        """Yield the levels of ``update``; fails if the camera's x is negative."""
        try:
            for level in range(self._levels):
                for _ in range(self._chunks):
                    if cancelled(level):
                        return
                    self._render_chunk(update, level)
                yield frame_of(update, level, self._levels)
        finally:
            with self._changed:
                self.working_on = None
                self._changed.notify_all()

    def _render_chunk(self, update: Update, level: int) -> None:
        with self._changed:
            self.working_on = (update.sequence, level)
            self._changed.notify_all()
            assert self._changed.wait_for(
                lambda: self._permits or self._free_running, PATIENCE_S
            ), 'no step came'
            self._permits = max(self._permits - 1, 0)
            self.working_on = None
            self.chunks_done.append((update.sequence, level))
        if update.camera.c2w[0, 3] < 0:
            raise RuntimeError('this camera cannot be rendered')

    def wait_until_parked(self) -> None:
        """Wait until a chunk has begun."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.working_on, PATIENCE_S), 'never parked'

    def step(self) -> None:
        """Finish the chunk in work."""
        with self._changed:
            assert self.working_on is not None
            self._permits += 1
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: not self._permits, PATIENCE_S), 'no step taken'

    def run_free(self) -> None:
        """Finish every chunk from now on."""
        with self._changed:
            self._free_running = True
            self._changed.notify_all()
