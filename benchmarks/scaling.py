# SPDX-License-Identifier: Apache-2.0
"""
Speed of the fused engine as one thing at a time is changed.

On small random models, which are made in memory: their hash tables are read like trained ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchmarks.figures import speed
from benchmarks.random_nerfacto import random_nerfacto, Sizes, SMALL
from benchmarks.renderers import Paced, thread_counts
from benchmarks.rounds import RoundPlan, take_turns
from benchmarks.settings import Settings
from benchmarks.views import around_origin, pinhole
from nerfstudio_renderer import Camera, Intrinsics
from nerfstudio_renderer.engines.cpu_kernels import CORES
from nerfstudio_renderer.engines.nerfacto.cpu.engine import NerfactoCpuEngine
from nerfstudio_renderer.engines.nerfacto.cpu.packing import pack
from nerfstudio_renderer.engines.nerfacto.cpu.renderer import CpuRenderer

_PICTURE = pinhole(320, 180)
_PICTURES = ((80, 45), (160, 90), (320, 180), (640, 360), (1280, 720))
_SAMPLES = (((24, 12), 8), ((48, 24), 16), ((96, 48), 24), ((256, 96), 48))
_LOG2_TABLE_SIZES = (12, 15, 17, 19, 21)
_LEVELS = (2, 4, 8, 16)
_ROUNDS = RoundPlan(least=3, most=9, budget_s=40.0)
_QUICK_PICTURE = pinhole(64, 36)
_QUICK_ROUNDS = RoundPlan(least=1, most=1)


@dataclass(frozen=True)
class ScalingRow:
    """Speed of the fused engine, the median of all rounds."""

    changed: str
    """What is changed, and all else left as it is."""
    value: int | str
    """What it is changed to."""
    rays_per_second: float
    slowest: float
    """Rays per second in the slowest round."""
    fastest: float
    """Rays per second in the fastest round."""
    rounds: int


@dataclass(frozen=True, eq=False)
class _Case:
    changed: str
    value: int | str
    renderer: Paced
    picture: Intrinsics

    @property
    def camera(self) -> Camera:
        """Return what is rendered."""
        return around_origin(self.picture)[0]


def run(settings: Settings) -> list[ScalingRow]:
    """Measure the kernels of the best instruction set here."""
    cases = list(_quick_cases() if settings.quick else _cases())
    for case in cases:
        case.renderer.render(around_origin(_QUICK_PICTURE)[0])  # warm up
    turns = take_turns(
        {index: lambda _, case=case: case.renderer.render(case.camera)
         for index, case in enumerate(cases)},
        _QUICK_ROUNDS if settings.quick else _ROUNDS,
    )
    return [
        ScalingRow(case.changed, case.value, **speed(
            case.picture.pixel_count, [turn.seconds for turn in turns[index]]
        ))
        for index, case in enumerate(cases)
    ]


def _cases() -> Iterator[_Case]:
    for threads in thread_counts():
        yield _Case('threads', threads, _renderer(SMALL, threads), _PICTURE)
    whole = _renderer(SMALL)
    for size in _PICTURES:
        yield _Case('picture', '{} x {}'.format(*size), whole, pinhole(*size))
    for proposal, field in _SAMPLES:
        names = ' + '.join(map(str, (*proposal, field)))
        renderer = _renderer(replace(SMALL, proposal_samples=proposal, field_samples=field))
        yield _Case('samples per ray', names, renderer, _PICTURE)
    for exponent in _LOG2_TABLE_SIZES:
        renderer = _with_field(log2_entries=exponent)
        yield _Case('log2 of table size', exponent, renderer, _PICTURE)
    for levels in _LEVELS:
        yield _Case('levels', levels, _with_field(levels=levels), _PICTURE)


def _quick_cases() -> Iterator[_Case]:
    for threads in thread_counts():
        yield _Case('threads', threads, _with_field(threads, log2_entries=12), _QUICK_PICTURE)


def _with_field(threads: int = CORES, **changes: int) -> Paced:
    return _renderer(replace(SMALL, field=replace(SMALL.field, **changes)), threads)


def _renderer(sizes: Sizes, threads: int = CORES) -> Paced:
    renderer = CpuRenderer(pack(random_nerfacto(sizes)), threads=threads)
    return Paced(NerfactoCpuEngine(None, renderer))
