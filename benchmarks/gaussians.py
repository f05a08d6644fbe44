# SPDX-License-Identifier: Apache-2.0
"""
Pictures of Gaussians on the CPU: every instruction set, what they grow with, and coarse levels.

On a room that is made in memory. With GAUSSIANS_PROTOTYPE (``gaussian_prototype``), that
rasteriser takes its turns too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
import statistics
import time
from typing import Any

from benchmarks import gaussian_prototype
from benchmarks.gaussian_scene import in_room, room
from benchmarks.rounds import RoundPlan, take_turns
from benchmarks.settings import Settings
from nerfstudio_renderer import Camera
from nerfstudio_renderer.engines.cpu_kernels import CORES
from nerfstudio_renderer.engines.gaussians.cpu.rasterizer import (
    instruction_sets,
    PackedGaussians,
    Rasterizer,
)
import numpy as np

_PLAN = RoundPlan(least=9, most=15, budget_s=20.0)
_QUICK_PLAN = RoundPlan(least=2, most=2)
_COUNTS = (100_000, 1_000_000)
_GROWTH_COUNT = 300_000
_SIZES = ((640, 360), (1280, 720))
_QUICK_COUNT, _QUICK_SIZE = 2_000, (64, 36)
_PROTOTYPE = 'prototype'


@dataclass(frozen=True)
class GaussiansRow:
    """Pictures of Gaussians on the CPU: red, green, blue, depth and accumulation, degree 3."""

    gaussians: int
    picture: str
    kernels: str
    """The instruction set, or the prototype."""
    median_ms: float
    fastest_ms: float
    processor_ms: float
    """Least time of all cores together, which other load on the machine changes least."""
    of_prototype: float | None
    """That, as a part of the prototype's."""
    rounds: int


@dataclass(frozen=True)
class GaussiansGrowthRow:
    """What the time of a picture of Gaussians grows with; the fastest kernels."""

    changed: str
    """What is changed, and all else left as it is: 300,000 Gaussians, 1280 x 720."""
    value: int | float | str
    median_ms: float
    fastest_ms: float
    processor_ms: float


@dataclass(frozen=True)
class GaussiansLevelRow:
    """Coarse pictures of a million Gaussians against the exact 1280 x 720."""

    merged: int
    """Gaussians of which each is made; 1 for the exact ones."""
    picture: str
    processor_ms: float
    psnr_db: float
    """Enlarged by linear interpolation."""
    made_in_s: float
    """At loading, for all sizes of the picture."""


@dataclass(frozen=True)
class _Times:
    wall_s: float
    cores_s: float


def run(settings: Settings) -> list[Any]:
    """Measure on all cores of this machine."""
    plan = _QUICK_PLAN if settings.quick else _PLAN
    if settings.quick:
        scenes = [(_QUICK_COUNT, (_QUICK_SIZE,))]
        return [
            *_headlines(scenes, plan), *_growth(_QUICK_COUNT, plan),
            *_levels(_QUICK_COUNT, _QUICK_SIZE),
        ]
    return [
        *_headlines([(count, _SIZES) for count in _COUNTS], plan),
        *_growth(_GROWTH_COUNT, plan), *_levels(_COUNTS[-1], _SIZES[-1]),
    ]


def _headlines(scenes: list[tuple[int, Any]], plan: RoundPlan) -> Iterator[GaussiansRow]:
    library = gaussian_prototype.compiled() if gaussian_prototype.given() else None
    for count, sizes in scenes:
        gaussians = room(count)
        packed = PackedGaussians(gaussians)
        renderers = {name: _into_memory(packed, name) for name in instruction_sets()}
        prototype = gaussian_prototype.Prototype(library, gaussians) if library else None
        if prototype:
            renderers[_PROTOTYPE] = prototype.render
        for size in sizes:
            times = _measure(
                {name: partial(render, in_room(*size)) for name, render in renderers.items()}, plan
            )
            reference = min(t.cores_s for t in times[_PROTOTYPE]) if prototype else None
            for name, turns in times.items():
                least = min(turn.cores_s for turn in turns)
                yield GaussiansRow(
                    count, _name(size), name, **_figures(turns),
                    of_prototype=round(least / reference, 3) if reference else None,
                    rounds=len(turns),
                )
        if prototype:
            prototype.close()


def _growth(count: int, plan: RoundPlan) -> Iterator[GaussiansGrowthRow]:
    quick = count == _QUICK_COUNT
    large = in_room(*(_QUICK_SIZE if quick else _SIZES[-1]))
    cases: list[tuple[str, Any, Any, Camera]] = []
    base = PackedGaussians(room(count))
    for factor in (1,) if quick else (0.1, 0.33, 1, 3, 10):
        some = round(count * factor)
        cases.append(('Gaussians', some, PackedGaussians(room(some)), large))
    for size in ((80, 45), (320, 180), (640, 360), (1280, 720), (1920, 1080)):
        cases.append(('picture', _name(size), base, in_room(*size)))
    for scale in (0.5, 1.0, 2.0, 4.0):
        cases.append(("Gaussians' size", scale, PackedGaussians(room(count, scale=scale)), large))
    threads = sorted({1, 2, CORES})
    contestants = {
        (changed, value): partial(_into_memory(packed), camera)
        for changed, value, packed, camera in cases
    }
    for number in threads:
        contestants['threads', number] = partial(_into_memory(base, threads=number), large)
    for (changed, value), turns in _measure(contestants, plan).items():
        yield GaussiansGrowthRow(changed, value, **_figures(turns))


def _levels(count: int, size: tuple[int, int]) -> Iterator[GaussiansLevelRow]:
    exact = PackedGaussians(room(count))
    reference = _into_memory(exact)(in_room(*size))[..., :3].copy()
    for merged in (1, 4, 16, 64):
        began_s = time.perf_counter()
        packed = exact if merged == 1 else exact.merged(merged)
        seconds = time.perf_counter() - began_s if merged > 1 else 0.0
        render = _into_memory(packed)
        for stride in (8, 4, 2, 1):
            level = (size[0] // stride, size[1] // stride)
            picture = render(in_room(*level))[..., :3]
            turns = _measure({0: partial(render, in_room(*level))}, RoundPlan(5, 5))[0]
            quality = _psnr(_enlarged(picture, size), reference)
            yield GaussiansLevelRow(
                merged, _name(level), _figures(turns)['processor_ms'], round(quality, 2),
                round(seconds, 2),
            )


def _into_memory(
    packed: PackedGaussians, name: str = '', threads: int = 0
) -> Callable[[Camera], np.ndarray]:
    """Return a function that renders into the memory of the picture before, as an engine does."""
    rasterizer = Rasterizer(packed, instruction_set=name, threads=threads)
    pictures: dict[tuple[int, int], np.ndarray] = {}

    def render(camera: Camera) -> np.ndarray:
        size = (camera.intrinsics.height, camera.intrinsics.width)
        pictures[size] = rasterizer.render(
            camera.c2w, camera.intrinsics, out=pictures.get(size)
        )
        return pictures[size]

    return render


def _measure(contestants: Mapping[Any, Callable[[], Any]], plan: RoundPlan) -> dict[Any, Any]:
    def timed(render: Callable[[], Any]) -> Callable[[int], _Times]:
        def turn(_: int) -> _Times:
            render()  # warm: the turn before was another's
            wall_s, cores_s = time.perf_counter(), time.process_time()
            render()
            return _Times(time.perf_counter() - wall_s, time.process_time() - cores_s)
        return turn

    turns = take_turns({key: timed(render) for key, render in contestants.items()}, plan)
    return {key: [turn.result for turn in some] for key, some in turns.items()}


def _figures(turns: list[_Times]) -> dict[str, float]:
    return {
        'median_ms': round(statistics.median(turn.wall_s for turn in turns) * 1e3, 3),
        'fastest_ms': round(min(turn.wall_s for turn in turns) * 1e3, 3),
        'processor_ms': round(min(turn.cores_s for turn in turns) * 1e3, 3),
    }


def _name(size: tuple[int, int]) -> str:
    return '{} x {}'.format(*size)


def _psnr(picture: np.ndarray, reference: np.ndarray) -> float:
    error = np.mean((picture.astype(np.float64) - reference)**2)
    return float(10.0 * np.log10(1.0 / max(error, 1e-12)))


def _enlarged(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return ``picture`` in another size (width, height), by linear interpolation."""
    for axis, length in ((0, size[1]), (1, size[0])):
        old = picture.shape[axis]
        position = np.clip((np.arange(length) + 0.5) * old / length - 0.5, 0.0, old - 1.0)
        first = np.minimum(position.astype(int), max(old - 2, 0))
        shape = [1, 1, 1]
        shape[axis] = length
        weight = (position - first).reshape(shape)
        second = np.minimum(first + 1, old - 1)
        near, far = np.take(picture, first, axis), np.take(picture, second, axis)
        picture = near * (1.0 - weight) + far * weight
    return picture
