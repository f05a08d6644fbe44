# SPDX-License-Identifier: Apache-2.0
"""
Speed and pictures of all ways from a camera to a picture, side by side.

All render the same views in the same rounds, so the pictures that are timed are those that are
compared. The reference is nerfstudio's own loop at its default chunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks import scenes
from benchmarks.chunk_sweep import best_chunk, sweep, SweepRow
from benchmarks.comparison import differences
from benchmarks.figures import speed
from benchmarks.own_loop import OwnLoop
from benchmarks.renderers import ByChunks, Paced, Renderer, thread_counts
from benchmarks.rounds import RoundPlan, take_turns, Turn
from benchmarks.scenes import Subject
from benchmarks.settings import Settings
from benchmarks.views import pinhole, window
from nerfstudio_renderer import DEFAULTS, Intrinsics
from nerfstudio_renderer.device import CPU
from nerfstudio_renderer.engines.nerfacto.cpu.engine import NerfactoCpuEngine, packed_for_cpu
from nerfstudio_renderer.engines.nerfacto.cpu.renderer import CpuRenderer, instruction_sets
from nerfstudio_renderer.engines.nerfstudio.engine import NerfstudioEngine
from nerfstudio_renderer.engines.nerfstudio.model import shared_model
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.scene import NerfstudioScene
from nerfstudio_renderer.scene.families import renders_as_nerfacto
import torch

_LOOP_CHUNKS = (1024, 2048, 4096, 8192, 16384)
_ENGINE_CHUNKS = (512, 1024, 2048, 4096, 8192)
_SWEPT_RAYS = 2048
_WARM_UP = pinhole(64, 36)


@dataclass(frozen=True)
class SpeedRow:
    """Speed, medians of all rounds."""

    scene: str
    picture: str
    """Columns x rows of the picture."""
    renderer: str
    rays_per_second: float
    slowest: float
    """Rays per second in the slowest round."""
    fastest: float
    """Rays per second in the fastest round."""
    rounds: int
    times_engine_nerfstudio: float | None
    """Times the speed of the engine nerfstudio at its best chunk."""
    times_own_loop: float | None
    """Times the speed of nerfstudio's own loop at its default chunk."""


@dataclass(frozen=True)
class QualityRow:
    """Differences from the pictures of nerfstudio's own loop at its default chunk."""

    scene: str
    renderer: str
    views: int
    """Pictures compared; one a round."""
    psnr_db: float
    """Of colour, over all rays of all views; 200 if equal to the last bit."""
    worst_view_psnr_db: float
    same_depth_pct: float
    """Share of rays whose depth is within 0.1 %."""
    accumulation_error: float
    """The largest."""


Row = SweepRow | SpeedRow | QualityRow


@dataclass(frozen=True)
class _Plan:
    picture: Intrinsics
    rounds: RoundPlan


@dataclass(frozen=True, eq=False)
class _Contestant:
    name: str
    renderer: Renderer
    compared: bool = True
    """Whether its pictures are; threads alone do not change them."""


_FULL = _Plan(window(192, 108), RoundPlan(least=3, most=8, budget_s=35.0))
# Of a large model: nerfstudio's loop needs some seconds for even this.
_LARGE = _Plan(window(80, 45), RoundPlan(least=2, most=8, budget_s=35.0))
_SHOWCASE = _Plan(DEFAULTS.intrinsics, RoundPlan(least=3, most=5, budget_s=12.0))
_QUICK = _Plan(pinhole(48, 27), RoundPlan(least=1, most=1))


def run(settings: Settings) -> list[Row]:
    """Measure all on the bundled scene, a default nerfacto, and the user's scene."""
    full, large = (_QUICK, _QUICK) if settings.quick else (_FULL, _LARGE)
    bundled = scenes.bundled()
    rows = _measure(bundled, full)
    if not settings.quick:
        rows += _showcase(bundled)
    rows += _measure(scenes.default_nerfacto(), large)
    if settings.scene is not None:
        rows += _measure(scenes.of_user(settings.scene), large)
    return rows


def _measure(subject: Subject, plan: _Plan) -> list[Row]:
    swept, (loop, best_loop, engine) = _of_nerfstudio(subject, plan.picture.pixel_count)
    contestants = [loop, best_loop, engine, *_kernels(subject)]
    turns = _race(subject, plan, contestants)
    return [
        *(speed_row(subject.name, plan.picture, each.name, _seconds(turns[each.name]),
                    _seconds(turns[engine.name]), _seconds(turns[loop.name]))
          for each in contestants),
        *(QualityRow(subject.name, each.name, **differences(
            _pictures(turns[each.name]), _pictures(turns[loop.name])
        )) for each in contestants if each.compared and each is not loop),
        *swept,
    ]


def _of_nerfstudio(subject: Subject, rays: int) -> tuple[list[SweepRow], list[_Contestant]]:
    """
    Return nerfstudio's own loop, at its default and its best chunk, and the engine at its best.

    :param rays: of the picture; larger chunks would all be the same.
    """
    model = shared_model(subject.scene, torch.device('cpu'))
    engine = NerfstudioEngine(model, CPU)
    default = model.config.eval_num_rays_per_chunk
    swept_rays = min(_SWEPT_RAYS, rays)
    loops = sweep(subject, 'own loop', lambda chunk: OwnLoop(model, chunk),
                  [chunk for chunk in _LOOP_CHUNKS if chunk < rays], swept_rays)
    engines = sweep(subject, 'engine nerfstudio', lambda chunk: ByChunks(engine, chunk),
                    [chunk for chunk in _ENGINE_CHUNKS if chunk < rays], swept_rays)
    loop, chunk = best_chunk(loops), best_chunk(engines)
    return [*loops, *engines], [
        _Contestant(f'own loop, chunk {default} (default)', OwnLoop(model, default)),
        _Contestant(f'own loop, chunk {loop} (best)', OwnLoop(model, loop)),
        _Contestant(f'engine nerfstudio, chunk {chunk} (best)', ByChunks(engine, chunk)),
    ]


def _kernels(subject: Subject) -> Iterator[_Contestant]:
    """Yield the fused engine in all its forms; none if it does not render the scene."""
    if not renders_as_nerfacto(subject.scene):
        return
    for instruction_set in instruction_sets():
        for threads in thread_counts():
            yield _Contestant(
                f'engine fused, {instruction_set}, {threads} thread{"s" * (threads > 1)}',
                Paced(_fused_engine(subject.scene, instruction_set, threads)),
                compared=threads == thread_counts()[-1],
            )


def _fused_engine(
    scene: NerfstudioScene, instruction_set: str, threads: int
) -> NerfactoCpuEngine:
    packed = packed_for_cpu(scene)
    return NerfactoCpuEngine(
        scene, CpuRenderer(packed, instruction_set=instruction_set, threads=threads)
    )


def _race(
    subject: Subject, plan: _Plan, contestants: Sequence[_Contestant]
) -> dict[str, list[Turn[Image]]]:
    """Let all render one view after the other; return the turns of each by its name."""
    for each in contestants:
        if isinstance(each.renderer, Paced):  # the others are warm from their sweeps
            each.renderer.render(subject.cameras(_WARM_UP)[0])
    cameras = subject.cameras(plan.picture)
    return take_turns(
        {each.name: lambda number, each=each: each.renderer.render(cameras[number % len(cameras)])
         for each in contestants},
        plan.rounds,
    )


def _showcase(subject: Subject) -> list[SpeedRow]:
    """Return the speed of the fused engine's fastest form on a picture of the default size."""
    fastest = next(each for each in _kernels(subject) if each.compared)
    turns = _race(subject, _SHOWCASE, [fastest])[fastest.name]
    return [speed_row(subject.name, _SHOWCASE.picture, fastest.name, _seconds(turns))]


def speed_row(
    scene: str,
    picture: Intrinsics,
    renderer: str,
    seconds: Sequence[float],
    of_engine: Sequence[float] | None = None,
    of_loop: Sequence[float] | None = None,
) -> SpeedRow:
    """
    Return the row of a renderer.

    :param seconds: that each round took.
    :param of_engine: the same of the engine nerfstudio, with the same picture.
    :param of_loop: the same of nerfstudio's own loop.
    """
    return SpeedRow(
        scene=scene, picture=f'{picture.width} x {picture.height}', renderer=renderer,
        **speed(picture.pixel_count, seconds),
        times_engine_nerfstudio=_times(seconds, of_engine),
        times_own_loop=_times(seconds, of_loop),
    )


def _times(seconds: Sequence[float], of_other: Sequence[float] | None) -> float | None:
    return None if of_other is None else round(median(of_other) / median(seconds), 2)


def _seconds(turns: Sequence[Turn[Image]]) -> list[float]:
    return [turn.seconds for turn in turns]


def _pictures(turns: Sequence[Turn[Image]]) -> list[Image]:
    return [turn.result for turn in turns]
