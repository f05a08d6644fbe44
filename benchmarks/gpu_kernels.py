# SPDX-License-Identifier: Apache-2.0
"""
The fused engine's CUDA kernels one by one, on a random nerfacto of nerfstudio's default size.

Needs a GPU, PyTorch and Triton, not nerfstudio: ``python -m benchmarks.gpu_kernels``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
import json
from pathlib import Path
import time
from typing import Any

from benchmarks.device_time import device_time_ms
from benchmarks.random_nerfacto import random_nerfacto, Sizes
from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.engines.nerfacto.cuda.availability import unsupported_reason
from nerfstudio_renderer.engines.nerfacto.cuda.tiling import Tile, Tiling
from nerfstudio_renderer.engines.torch_support.rays import CameraRays
import numpy as np
import torch

_ROUNDS = 30
_WARM_UP = 5
_PICTURES = {'1280 x 720': (1280, 720), '80 x 45': (80, 45)}
_ORIGIN = (0.1, 0.2, 0.6)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a line each, and write all to a file; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--tilings', action='store_true', help='compare other tiles too')
    parser.add_argument('--output', type=Path, default=Path('bench_output/gpu_kernels.json'))
    options = parser.parse_args(arguments)
    device = torch.device('cuda', 0)
    if (reason := unsupported_reason(device)) is not None:
        print(f'nothing measured: {reason}')
        return 1
    rows = []
    for row in _rows(device, options.tilings):
        print(json.dumps(row), flush=True)
        rows.append(row)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(rows, indent=1))
    return 0


def _rows(device: torch.device, tilings: bool) -> Iterator[dict[str, Any]]:
    from nerfstudio_renderer.engines.nerfacto.cuda.renderer import CudaRenderer

    parameters = random_nerfacto(Sizes())
    begun = time.perf_counter()
    renderer = CudaRenderer(parameters, device)
    torch.cuda.synchronize(device)
    yield {'device': torch.cuda.get_device_name(device), 'torch': torch.__version__,
           'construction_s': round(time.perf_counter() - begun, 2)}
    for name, size in _PICTURES.items():
        directions = _directions(size, device)
        yield {'picture': name, **_times(renderer, directions), **_kernels(renderer, directions)}
    directions = _directions(_PICTURES['1280 x 720'], device)
    usual = renderer.render(_ORIGIN, directions)
    exact = CudaRenderer(parameters, device, precision=torch.float32)
    yield {'half_against_single_precision': _difference(usual, exact.render(_ORIGIN, directions)),
           'light_stopped': round(float(usual[:, 4].mean()), 3)}
    del exact
    hashed = CudaRenderer(parameters, device, cell_bytes=0)
    yield {'all_levels_hashed': _times(hashed, directions), **_kernels(hashed, directions)}
    for tiling in _other_tilings() if tilings else ():
        other = CudaRenderer(parameters, device, tiling)
        yield {'tiling': repr(tiling), **_times(other, directions), **_kernels(other, directions)}


def _other_tilings() -> Iterator[Tiling]:
    usual = Tiling()
    for samples, warps, registers in (
        (1, 1, None), (2, 1, None), (8, 1, None), (4, 1, 96), (4, 1, 128), (4, 2, None),
    ):
        yield replace(usual, proposal=Tile(32, samples, warps, registers))
    yield replace(usual, proposal=Tile(128, 1, 4))
    for rays, samples, warps, registers in (
        (128, 1, 4, None), (128, 1, 4, 168), (128, 1, 4, 96), (64, 1, 2, None), (64, 1, 2, 168),
        (32, 4, 4, 128), (32, 1, 1, None),
    ):
        yield replace(usual, field=Tile(rays, samples, warps, registers))
    for edges, warps in ((1, 4), (8, 4)):
        yield replace(usual, resampling=Tile(128, edges, warps))
    for rays in (1024, 8192):
        yield replace(usual, rays_per_multiprocessor=rays)


def _directions(size: tuple[int, int], device: torch.device) -> torch.Tensor:
    camera = Camera(np.eye(3, 4), Intrinsics.from_fov_y(*size, 50.0))
    return CameraRays(camera, device).directions(torch.arange(size[0] * size[1], device=device))


def _times(renderer: Any, directions: torch.Tensor) -> dict[str, float]:
    """Return how long a picture takes on the device, on the clock, and to launch."""
    def render() -> None:
        renderer.render(_ORIGIN, directions)

    device = [device_time_ms(render) for _ in range(_WARM_UP + _ROUNDS)][_WARM_UP:]
    launches, clock = np.transpose([_host_ms(render) for _ in range(_ROUNDS)])
    return {
        'p50_ms': round(float(np.percentile(device, 50)), 3),
        'p95_ms': round(float(np.percentile(device, 95)), 3),
        'clock_p50_ms': round(float(np.percentile(clock, 50)), 3),
        'launches_p50_ms': round(float(np.percentile(launches, 50)), 3),
    }


def _host_ms(work: Callable[[], None]) -> tuple[float, float]:
    begun = time.perf_counter()
    work()
    launched = time.perf_counter()
    torch.cuda.synchronize()
    return (launched - begun) * 1e3, (time.perf_counter() - begun) * 1e3


def _kernels(renderer: Any, directions: torch.Tensor) -> dict[str, dict[str, float]]:
    """Return the time of each kernel in one picture, all its launches together."""
    activities = [torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        renderer.render(_ORIGIN, directions)
        torch.cuda.synchronize()
    return {'kernels_ms': {
        event.key: round(event.self_device_time_total / 1e3, 3)
        for event in profile.key_averages() if event.key.endswith('_kernel')
    }}


def _difference(picture: torch.Tensor, reference: torch.Tensor) -> dict[str, float]:
    error = float((picture - reference)[:, :3].square().mean())
    near = ((picture[:, 3] / reference[:, 3] - 1.0).abs() < 1e-2).float().mean()
    return {'psnr_db': round(-10.0 * float(np.log10(max(error, 1e-20))), 2),
            'depth_within_1_pct': round(100.0 * float(near), 2)}


if __name__ == '__main__':
    raise SystemExit(main())
