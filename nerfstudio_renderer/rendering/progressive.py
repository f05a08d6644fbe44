# SPDX-License-Identifier: Apache-2.0
"""From one update to its series of frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
import time
from typing import Protocol

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.engines.protocol import Engine, unsupported_reason
from nerfstudio_renderer.rendering.chunk_sizing import ChunkSizer
from nerfstudio_renderer.rendering.frame import Frame, Update
from nerfstudio_renderer.rendering.levels import first_level, Level
from nerfstudio_renderer.rendering.pixel_buffer import PixelBuffer

_CHUNK_BUDGET_S = {'cpu': 0.020, 'cuda': 0.004}

Cancelled = Callable[[int], bool]
"""Asked between chunks with the level in work: whether to abandon the series there."""


class SeriesRenderer(Protocol):
    """What the queue asks of a renderer."""

    def frames(self, update: Update, cancelled: Cancelled) -> Iterator[Frame]:
        """Yield the frames of ``update``, coarse to fine, until done or ``cancelled(level)``."""
        ...


class ProgressiveRenderer:
    """
    Renders an update coarse to fine with one engine.

    :param engine: turns rays into pixels.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._chunks = ChunkSizer(_CHUNK_BUDGET_S.get(engine.device.type, 0.020))

    @property
    def rays_per_second(self) -> float:
        """Return the engine's measured speed; 0 before anything was rendered."""
        return self._chunks.rays_per_second

    def unsupported_reason(self, intrinsics: Intrinsics) -> str | None:
        """Return why the engine cannot render such a camera, or None if it can."""
        return unsupported_reason(self.engine, intrinsics)

    def frames(self, update: Update, cancelled: Cancelled) -> Iterator[Frame]:
        """
        Yield the frames of ``update``, coarse to fine, until done or ``cancelled(level)``.

        :raises RenderError: if the engine cannot render the camera, or what it renders is not a
            picture.
        """
        levels = self._levels(update)
        buffer: PixelBuffer | None = None
        for index, level in enumerate(levels):
            started = time.monotonic()
            if buffer is None or not buffer.fits(level):
                buffer = PixelBuffer(self.engine, Camera(update.camera.c2w, level.grid))
            if not buffer.fill(level, self._chunks, partial(cancelled, index)):
                return
            yield _frame(update, index, len(levels), level, buffer, started)

    def _levels(self, update: Update) -> tuple[Level, ...]:
        quality = update.quality
        levels = quality.levels.levels(update.camera.intrinsics)
        first = first_level(levels, self.rays_per_second * quality.target_latency_s)
        levels = levels[first:]
        if self.engine.renders_single_rays:
            return levels
        return tuple(level.standalone() for level in levels)


def _frame(
    update: Update, index: int, count: int, level: Level, buffer: PixelBuffer, started: float
) -> Frame:
    image = buffer.image(level)
    finished = time.monotonic()
    return Frame(
        update=update,
        level=index,
        level_count=count,
        intrinsics=level.intrinsics,
        image=image,
        render_time_s=finished - started,
        latency_s=finished - update.received_s,
    )
