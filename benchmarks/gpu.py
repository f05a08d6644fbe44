# SPDX-License-Identifier: Apache-2.0
"""
The fused engine's CUDA kernels beside nerfstudio's own forward pass, on a GPU.

Frames are timed as the render queue renders them, chunk by chunk; kernels by CUDA events.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from benchmarks import scenes
from benchmarks.comparison import differences
from benchmarks.device_time import device_time_ms
from benchmarks.renderers import ByChunks, Paced, Renderer
from benchmarks.scenes import Subject
from benchmarks.settings import Settings
from benchmarks.views import pinhole
from nerfstudio_renderer import Camera, DEFAULTS
from nerfstudio_renderer.device import Device
from nerfstudio_renderer.engines.nerfacto.cuda.availability import unsupported_reason
from nerfstudio_renderer.engines.nerfacto.cuda.engine import NerfactoCudaEngine
from nerfstudio_renderer.engines.nerfstudio.engine import NerfstudioEngine
from nerfstudio_renderer.engines.nerfstudio.model import shared_model
import numpy as np
import torch

_CHUNKS = (1 << 12, 1 << 14, 1 << 16, 1 << 18)
_FIRST_LEVEL = pinhole(80, 45)
_ROUNDS, _QUICK_ROUNDS = 20, 2
_WARM_UP = 3
_DEVICE = Device('cuda')
_TORCH_DEVICE = torch.device(str(_DEVICE))


@dataclass(frozen=True)
class FrameRow:
    """Time of whole pictures on the GPU."""

    scene: str
    device: str
    renderer: str
    picture: str
    """Columns x rows."""
    p50_ms: float
    p95_ms: float
    rounds: int
    peak_memory_mb: float
    """Of PyTorch's allocator while rendering, model included, 10^6 bytes."""


@dataclass(frozen=True)
class GpuQualityRow:
    """Differences of the fused engine's pictures from those of nerfstudio's forward pass."""

    scene: str
    views: int
    psnr_db: float
    worst_view_psnr_db: float
    same_depth_pct: float
    """Share of rays whose depth is within 0.1 %."""
    accumulation_error: float


def run(settings: Settings) -> list[FrameRow | GpuQualityRow]:
    """Measure all on the first CUDA device; nothing, with a line that says so, without one."""
    if (reason := unsupported_reason(_TORCH_DEVICE)) is not None:
        print(f'gpu: nothing measured, {reason}')
        return []
    rounds = _QUICK_ROUNDS if settings.quick else _ROUNDS
    rows: list[FrameRow | GpuQualityRow] = []
    for subject in (scenes.bundled(), scenes.default_nerfacto()):
        rows += _measure(subject, rounds)
    return rows


def _measure(subject: Subject, rounds: int) -> list[FrameRow | GpuQualityRow]:
    fused = Paced(NerfactoCudaEngine(subject.scene, _DEVICE))
    engine = NerfstudioEngine(shared_model(subject.scene, _TORCH_DEVICE), _DEVICE)
    full = subject.cameras(DEFAULTS.intrinsics)
    chunk = _best_chunk(engine, full[0])
    own = ByChunks(engine, chunk)
    rows: list[FrameRow | GpuQualityRow] = []
    for cameras in (subject.cameras(_FIRST_LEVEL), full):
        for name, renderer in (('fused', fused), (f'nerfstudio, chunk {chunk}', own)):
            rows.append(_timed(subject, name, renderer, cameras, rounds))
    pictures, references = ([each.render(camera) for camera in full] for each in (fused, own))
    return [*rows, GpuQualityRow(subject.name, **differences(pictures, references))]


def _best_chunk(engine: NerfstudioEngine, camera: Camera) -> int:
    def milliseconds(chunk: int) -> float:
        renderer = ByChunks(engine, chunk)
        return min(device_time_ms(partial(renderer.render, camera)) for _ in range(_WARM_UP))

    return min(_CHUNKS, key=milliseconds)


def _timed(
    subject: Subject, name: str, renderer: Renderer, cameras: list[Camera], rounds: int
) -> FrameRow:
    for _ in range(_WARM_UP):
        renderer.render(cameras[0])
    torch.cuda.reset_peak_memory_stats()
    times = [
        device_time_ms(partial(renderer.render, cameras[number % len(cameras)]))
        for number in range(rounds)
    ]
    pinhole = cameras[0].intrinsics
    return FrameRow(
        scene=subject.name,
        device=torch.cuda.get_device_name(),
        renderer=name,
        picture=f'{pinhole.width} x {pinhole.height}',
        p50_ms=round(float(np.percentile(times, 50)), 3),
        p95_ms=round(float(np.percentile(times, 95)), 3),
        rounds=rounds,
        peak_memory_mb=round(torch.cuda.max_memory_allocated() / 1e6, 1),
    )
