# SPDX-License-Identifier: Apache-2.0
"""From one update to its series of frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
import time
from typing import Protocol

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.engines.protocol import Engine, RasterEngine, RayEngine
from nerfstudio_renderer.rendering.chunk_sizing import ChunkSizer
from nerfstudio_renderer.rendering.costs import RasterCosts
from nerfstudio_renderer.rendering.frame import Frame, Update
from nerfstudio_renderer.rendering.image import Image
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


class _LevelRenderer(Protocol):
    """Renders the levels of one update after another, and knows what they cost."""

    @property
    def rays_per_second(self) -> float:
        """Return the pixels rendered in a second, as measured lately."""
        ...

    def levels(self, update: Update) -> tuple[Level, ...]:
        """Return the levels of an update, those left out that would come too late."""
        ...

    def images(
        self, camera: Camera, levels: tuple[Level, ...], cancelled: Cancelled
    ) -> Iterator[Image]:
        """Yield an image of each level, until cancelled."""
        ...


class ProgressiveRenderer:
    """
    Renders an update coarse to fine with one engine.

    :param engine: turns cameras into pixels.
    :param clock: seconds that only go forward, those of ``Update.received_s``.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self.engine = engine
        self._clock = clock
        self._rendered = _level_renderer(engine, clock)

    @property
    def rays_per_second(self) -> float:
        """Return the engine's measured speed; 0 before anything was rendered."""
        return self._rendered.rays_per_second

    def unsupported_reason(self, intrinsics: Intrinsics) -> str | None:
        """Return why the engine cannot render such a camera, or None if it can."""
        return self.engine.unsupported_reason(intrinsics)

    def frames(self, update: Update, cancelled: Cancelled) -> Iterator[Frame]:
        """
        Yield the frames of ``update``, coarse to fine, until done or ``cancelled(level)``.

        :raises RenderError: if the engine cannot render the camera, or what it renders is not a
            picture.
        """
        levels = self._rendered.levels(update)
        started = self._clock()
        for index, image in enumerate(self._rendered.images(update.camera, levels, cancelled)):
            finished = self._clock()
            yield Frame(
                update=update,
                level=index,
                level_count=len(levels),
                intrinsics=levels[index].intrinsics,
                image=image,
                render_time_s=finished - started,
                latency_s=finished - update.received_s,
            )
            started = self._clock()


def _level_renderer(engine: Engine, clock: Callable[[], float]) -> _LevelRenderer:
    if isinstance(engine, RayEngine):
        return _RayLevels(engine)
    assert isinstance(engine, RasterEngine)
    return _RasterLevels(engine, clock)


class _RayLevels:
    """Nested levels: a finer one renders the pixels that coarser ones have not."""

    def __init__(self, engine: RayEngine) -> None:
        self._engine = engine
        self._chunks = ChunkSizer(_CHUNK_BUDGET_S[engine.device.type])

    @property
    def rays_per_second(self) -> float:
        return self._chunks.rays_per_second

    def levels(self, update: Update) -> tuple[Level, ...]:
        levels = update.quality.levels.levels(update.camera.intrinsics)
        affordable = self.rays_per_second * update.quality.target_latency_s
        return levels[first_level(levels, lambda pixels: pixels <= affordable):]

    def images(
        self, camera: Camera, levels: tuple[Level, ...], cancelled: Cancelled
    ) -> Iterator[Image]:
        buffer: PixelBuffer | None = None
        for index, level in enumerate(levels):
            if buffer is None or not buffer.fits(level):
                buffer = PixelBuffer(self._engine, Camera(camera.c2w, level.grid))
            if not buffer.fill(level, self._chunks, partial(cancelled, index)):
                return
            yield buffer.image(level)


class _RasterLevels:
    """Levels of whole pictures, each of its own size."""

    def __init__(self, engine: RasterEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._costs = RasterCosts()

    @property
    def rays_per_second(self) -> float:
        return self._costs.pixels_per_second

    def levels(self, update: Update) -> tuple[Level, ...]:
        levels = update.quality.levels.levels(update.camera.intrinsics)
        within = update.quality.target_latency_s
        first = first_level(levels, lambda pixels: self._is_within(within, pixels))
        return tuple(level.standalone() for level in levels[first:])

    def _is_within(self, target_latency_s: float, pixels: int) -> bool:
        seconds = self._costs.seconds(pixels)
        return seconds is not None and seconds <= target_latency_s

    def images(
        self, camera: Camera, levels: tuple[Level, ...], cancelled: Cancelled
    ) -> Iterator[Image]:
        for index, level in enumerate(levels):
            started = self._clock()
            image = self._engine.rasterise(
                Camera(camera.c2w, level.grid),
                exact=index == len(levels) - 1,
                cancelled=partial(cancelled, index),
            )
            if image is None:
                return
            seconds = self._clock() - started
            self._costs.record(level.grid.pixel_count, seconds)
            yield image
