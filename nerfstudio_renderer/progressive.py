# SPDX-License-Identifier: Apache-2.0
"""From one update to its series of frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
import time
from typing import Protocol

from nerfstudio_renderer.camera import Camera, Intrinsics
from nerfstudio_renderer.canvas import Canvas
from nerfstudio_renderer.engines.protocol import Engine, obstacle
from nerfstudio_renderer.frame import Frame, Update
from nerfstudio_renderer.ladder import first_level, Ladder, Level
from nerfstudio_renderer.pacing import ChunkPacer

_CHUNK_BUDGET_S = {'cpu': 0.020, 'cuda': 0.004}

Cancelled = Callable[[int], bool]
"""Asked between chunks with the level in work: whether to abandon the series there."""


class SeriesRenderer(Protocol):
    """What the queue asks of a renderer."""

    def frames(self, update: Update, cancelled: Cancelled) -> Iterator[Frame]:
        """Yield the frames of ``update``, coarse to fine, until done or ``cancelled(level)``."""
        ...


@dataclass(frozen=True)
class Quality:
    """How fine, and how soon."""

    ladder: Ladder
    """The levels of a series."""
    target_latency_s: float = 0.0
    """Coarse levels are left out while the first picture still comes within this many seconds."""


class ProgressiveRenderer:
    """
    Renders an update coarse to fine with one engine.

    :param engine: turns rays into pixels.
    :param quality: the levels; may be replaced at any time, and then holds from the next update.
    """

    def __init__(self, engine: Engine, quality: Quality) -> None:
        self.engine = engine
        self.quality = quality
        self._pacer = ChunkPacer(_CHUNK_BUDGET_S.get(engine.device.type, 0.020))

    @property
    def rays_per_second(self) -> float:
        """Return the engine's measured speed; 0 before anything was rendered."""
        return self._pacer.rays_per_second

    def obstacle(self, intrinsics: Intrinsics) -> str | None:
        """Return why the engine cannot render such a camera, or None if it can."""
        return obstacle(self.engine, intrinsics)

    def frames(self, update: Update, cancelled: Cancelled) -> Iterator[Frame]:
        """
        Yield the frames of ``update``, coarse to fine, until done or ``cancelled(level)``.

        :raises RenderError: if the engine cannot render the camera, or what it renders is not a
            picture.
        """
        levels = self._levels(update.camera)
        canvas: Canvas | None = None
        for index, level in enumerate(levels):
            started = time.monotonic()
            if canvas is None or not canvas.fits(level):
                canvas = Canvas(self.engine, Camera(update.camera.c2w, level.canvas))
            if not canvas.fill(level, self._pacer, partial(cancelled, index)):
                return
            yield _frame(update, index, len(levels), level, canvas, started)

    def _levels(self, camera: Camera) -> tuple[Level, ...]:
        quality = self.quality
        levels = quality.ladder.levels(camera.intrinsics)
        first = first_level(levels, self.rays_per_second * quality.target_latency_s)
        levels = levels[first:]
        if self.engine.renders_single_rays:
            return levels
        return tuple(level.standalone() for level in levels)


def _frame(
    update: Update, index: int, count: int, level: Level, canvas: Canvas, started: float
) -> Frame:
    picture = canvas.picture(level)
    finished = time.monotonic()
    return Frame(
        update=update,
        level=index,
        level_count=count,
        intrinsics=level.intrinsics,
        picture=picture,
        render_time_s=finished - started,
        latency_s=finished - update.received_s,
    )
