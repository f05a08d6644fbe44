# SPDX-License-Identifier: Apache-2.0
"""The contestants: different ways from a camera to a picture."""

from __future__ import annotations

import time
from typing import Protocol

from nerfstudio_renderer import Camera, ProgressiveRenderer, Quality, StrideLevels, Update
from nerfstudio_renderer.engines.cpu_kernels import CORES
from nerfstudio_renderer.engines.protocol import Engine, RayEngine
from nerfstudio_renderer.rendering.chunk_sizing import ChunkSizer
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Level
from nerfstudio_renderer.rendering.pixel_buffer import PixelBuffer

_FINEST_ALONE = Quality(StrideLevels((1,)))


class Renderer(Protocol):
    """What all contestants do."""

    def render(self, camera: Camera) -> Image:
        """Return what ``camera`` sees."""
        ...


class ByChunks:
    """
    An engine whose chunks all have the same size.

    :param chunk: rays.
    """

    def __init__(self, engine: RayEngine, chunk: int) -> None:
        self._engine = engine
        self._chunks = _ConstantChunks(chunk)

    def render(self, camera: Camera) -> Image:
        """Return what ``camera`` sees."""
        level = Level(camera.intrinsics)
        buffer = PixelBuffer(self._engine, camera)
        buffer.fill(level, self._chunks, lambda: False)
        return buffer.image(level)


class _ConstantChunks(ChunkSizer):

    def __init__(self, size: int) -> None:
        super().__init__(budget_s=0.0)
        self._size = size

    def record(self, rays: int, seconds: float) -> None:
        pass

    def shrink(self) -> None:
        pass


class Paced:
    """An engine as the render queue uses it: chunks follow the clock."""

    def __init__(self, engine: Engine) -> None:
        self._renderer = ProgressiveRenderer(engine)

    def render(self, camera: Camera) -> Image:
        """Return what ``camera`` sees."""
        update = Update(1, camera, time.monotonic(), _FINEST_ALONE)
        (frame,) = self._renderer.frames(update, lambda level: False)
        return frame.image


def thread_counts() -> list[int]:
    """Return how many threads to try: powers of two below the number of cores, and that."""
    powers = (1 << exponent for exponent in range(CORES.bit_length()))
    return [*(count for count in powers if count < CORES), CORES]
