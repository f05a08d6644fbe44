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
"""The contestants: different ways from a camera to a picture."""

from __future__ import annotations

import time
from typing import Protocol

from nerfstudio.models.base_model import Model
from nerfstudio_renderer import Camera, ProgressiveRenderer, Quality, StrideLevels, Update
from nerfstudio_renderer.engines.nerfacto.cpu.renderer import CpuRenderer
from nerfstudio_renderer.engines.nerfacto.engine import FusedEngine, packed_for_cpu
from nerfstudio_renderer.engines.nerfstudio import cameras_of, channels_of
from nerfstudio_renderer.engines.protocol import CHANNELS, Engine
from nerfstudio_renderer.engines.workers import CORES
from nerfstudio_renderer.rendering.image import Picture
from nerfstudio_renderer.rendering.levels import Level
from nerfstudio_renderer.rendering.pixel_buffer import PixelBuffer
from nerfstudio_renderer.scene import Scene
import torch


class Renderer(Protocol):
    """What all contestants do."""

    def render(self, camera: Camera) -> Picture:
        """Return what ``camera`` sees."""
        ...


class OwnLoop:
    """
    nerfstudio's own loop over the rays of a camera, with PyTorch's own threads.

    :param chunk: rays in a forward pass.
    """

    def __init__(self, model: Model, chunk: int) -> None:
        self._model = model
        self._chunk = chunk

    def render(self, camera: Camera) -> Picture:
        """Return what ``camera`` sees."""
        torch.set_num_threads(CORES)  # the renderers below take that away from their thread
        self._model.config.eval_num_rays_per_chunk = self._chunk
        outputs = self._model.get_outputs_for_camera(cameras_of(camera, torch.device('cpu')))
        return Picture(channels_of(outputs))


class ByChunks:
    """
    An engine whose chunks all have the same size.

    :param chunk: rays.
    """

    def __init__(self, engine: Engine, chunk: int) -> None:
        self._engine = engine
        self._pacer = _ConstantPacer(chunk)

    def render(self, camera: Camera) -> Picture:
        """Return what ``camera`` sees."""
        torch.set_num_threads(1)  # as on the render thread
        level = Level(camera.intrinsics)
        memory = torch.empty(
            (camera.intrinsics.pixel_count, CHANNELS), device=self._engine.device
        )
        canvas = PixelBuffer(self._engine, camera, memory)
        canvas.fill(level, self._pacer, lambda: False)
        return canvas.image(level)


class _ConstantPacer:

    def __init__(self, size: int) -> None:
        self.size = size

    def record(self, rays: int, seconds: float) -> None:
        pass

    def shrink(self) -> None:
        pass


class Paced:
    """An engine as the render queue uses it: chunks follow the clock."""

    def __init__(self, engine: Engine) -> None:
        self._renderer = ProgressiveRenderer(engine, Quality(StrideLevels((1,))))

    def render(self, camera: Camera) -> Picture:
        """Return what ``camera`` sees."""
        update = Update(1, camera, time.monotonic())
        (frame,) = self._renderer.frames(update, lambda level: False)
        return frame.image


def fused_engine(scene: Scene, instruction_set: str, threads: int) -> FusedEngine:
    """Return the fused engine with the CPU kernels of one instruction set, on some threads."""
    renderer = CpuRenderer(
        packed_for_cpu(scene), instruction_set=instruction_set, threads=threads
    )
    return FusedEngine(scene, renderer)


def thread_counts() -> list[int]:
    """Return how many threads to try: powers of two below the number of cores, and that."""
    powers = (1 << exponent for exponent in range(CORES.bit_length()))
    return [*(count for count in powers if count < CORES), CORES]
