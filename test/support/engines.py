# SPDX-License-Identifier: Apache-2.0
"""Engines and renderers whose pictures and timing a test decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import threading
import time

from nerfstudio_renderer import (
    Camera,
    Frame,
    Intrinsics,
    ProgressiveRenderer,
    Quality,
    StrideLevels,
    Update,
)
from nerfstudio_renderer.device import CPU
from nerfstudio_renderer.engines.host_pixels import HostImage, HostPixels
from nerfstudio_renderer.engines.protocol import (
    CHANNELS,
    Engine,
    pinhole_alone,
    PixelSet,
    RayEngine,
)
from nerfstudio_renderer.engines.rays import ray_mask
from nerfstudio_renderer.errors import DeviceMemoryError
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Level
import numpy as np

PINHOLE = Intrinsics.from_fov_y(8, 6, 50.0)
PATIENCE_S = 20.0


def camera_at(x: float, intrinsics: Intrinsics = PINHOLE) -> Camera:
    """Return a camera at (x, 0, 0) that looks along -z."""
    c2w = np.eye(3, 4)
    c2w[0, 3] = x
    return Camera(c2w, intrinsics)


def every_level(*strides: int) -> Quality:
    """Return a quality of which no level is left out, however fast the engine is."""
    return Quality(StrideLevels(strides), target_latency_s=0.0)


def series(engine: Engine, camera: Camera, quality: Quality) -> list[Frame]:
    """Return all frames of one update."""
    update = Update(1, camera, received_s=0.0, quality=quality)
    return list(ProgressiveRenderer(engine).frames(update, lambda level: False))


class PatternEngine:
    """
    Renders a pattern that depends on the camera's x and on each pixel.

    :param seconds_per_ray: how long it pretends to need.
    """

    name = 'pattern'
    device = CPU

    def __init__(self, *, seconds_per_ray: float = 0.0) -> None:
        self.pixels = HostPixels()
        self.chunks: list[list[int]] = []
        self._seconds_per_ray = seconds_per_ray

    def view(self, camera: Camera) -> PatternEngine.PatternView:
        """Return the pattern of ``camera``."""
        return self.PatternView(self, camera)

    def unsupported_reason(self, intrinsics: Intrinsics) -> str | None:
        """Return None: any camera has pixels."""

    def device_memory(self) -> None:
        """Return None: it has no device."""

    def pause(self, rays: int) -> None:
        """Take the time that ``rays`` take."""
        time.sleep(rays * self._seconds_per_ray)

    class PatternView:
        """The pattern of one camera."""

        def __init__(self, engine: PatternEngine, camera: Camera) -> None:
            self._engine = engine
            self._camera = camera
            engine.pixels.begin(camera.intrinsics)

        def render(self, pixels: PixelSet, part: slice) -> None:
            """Render the pattern at some pixels."""
            indices = pixels.indices[part]
            self._engine.chunks.append(indices.tolist())
            self._engine.pause(len(indices))
            self._engine.pixels.write(indices, self._pattern(indices))

        def image(self, level: Level) -> Image:
            """Return a copy of the pattern that was rendered."""
            return self._engine.pixels.image(level)

        def _pattern(self, indices: np.ndarray) -> np.ndarray:
            return pattern(self._camera, indices)


class RasterPatternEngine:
    """
    Renders whole pictures of the same pattern.

    :param spend: takes the time that a picture takes, by its width.
    """

    name = 'raster pattern'
    device = CPU

    def __init__(self, spend: Callable[[int], None] = lambda width: None) -> None:
        self.exact: list[tuple[int, bool]] = []
        """Of each picture: its width, and whether it had to be exact."""
        self._spend = spend

    def unsupported_reason(self, intrinsics: Intrinsics) -> str | None:
        """Return why a camera is none for an engine that rasterises."""
        return pinhole_alone(intrinsics)

    def device_memory(self) -> None:
        """Return None: it has no device."""

    def rasterise(
        self, camera: Camera, *, exact: bool, cancelled: Callable[[], bool]
    ) -> Image | None:
        """Return the pattern of ``camera``."""
        grid = camera.intrinsics
        if cancelled():
            return None
        self.exact.append((grid.width, exact))
        self._spend(grid.width)
        pixels = pattern(camera, np.arange(grid.pixel_count))
        return HostImage(pixels.reshape(grid.height, grid.width, CHANNELS))


def pattern(camera: Camera, indices: np.ndarray) -> np.ndarray:
    """Return what a PatternEngine renders: red is the camera, green the pixel, depth its index."""
    result = np.zeros((len(indices), CHANNELS), np.float32)
    result[:, 0] = float(camera.c2w[0, 3]) % 1.0
    result[:, 1] = indices / camera.intrinsics.pixel_count
    result[:, 3] = indices
    result[:, 4] = 1.0
    return result


class FailingEngine(PatternEngine):
    """Fails on cameras with a negative x, and renders NaN for those beyond 1000."""

    class PatternView(PatternEngine.PatternView):
        """A view that may fail."""

        def _pattern(self, indices: np.ndarray) -> np.ndarray:
            x = self._camera.c2w[0, 3]
            if x < 0:
                raise DeviceMemoryError(f'out of memory at {x}')
            picture = super()._pattern(indices)
            return picture * np.float32('nan') if x > 1000 else picture


def rendered(engine: RayEngine, camera: Camera, indices: np.ndarray | None = None) -> np.ndarray:
    """
    Return all that an engine makes of a camera, float32 of shape (pixels, CHANNELS).

    :param indices: which pixels it is asked for; None for all that have a ray.
    """
    grid = camera.intrinsics
    if indices is None:
        mask = ray_mask(grid)
        indices = np.arange(grid.pixel_count)
        indices = indices if mask is None else indices[mask]
    view = engine.view(camera)
    if len(indices):
        view.render(PixelSet(np.array(indices)), slice(0, len(indices)))
    image = view.image(Level(grid))
    depth_and_opacity = np.stack([image.depth, image.accumulation], axis=-1)
    return np.concatenate([image.rgb, depth_and_opacity], axis=-1).reshape(-1, CHANNELS)


def frame_of(update: Update, level: int, level_count: int) -> Frame:
    """Return a small frame without rendering anything."""
    return Frame(
        update=update,
        level=level,
        level_count=level_count,
        intrinsics=Intrinsics(1, 1, 1.0, 1.0, 0.5, 0.5),
        image=HostImage(np.zeros((1, 1, CHANNELS), np.float32)),
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
