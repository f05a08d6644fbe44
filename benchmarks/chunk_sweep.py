# SPDX-License-Identifier: Apache-2.0
"""How fast nerfstudio's own model renders with chunks of several sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.figures import speed
from benchmarks.renderers import Renderer
from benchmarks.rounds import RoundPlan, take_turns
from benchmarks.scenes import Subject
from benchmarks.views import pinhole

_WIDTH = 64
_WARM_UP = pinhole(32, 18)


@dataclass(frozen=True)
class SweepRow:
    """Speed with chunks of several sizes, each measured once."""

    scene: str
    renderer: str
    chunk: int
    """Rays in a forward pass."""
    rays_per_second: float


def sweep(
    subject: Subject, name: str, make: Callable[[int], Renderer], chunks: Sequence[int],
    least_rays: int,
) -> list[SweepRow]:
    """
    Measure a renderer with each of ``chunks``.

    :param name: of the renderer.
    :param make: returns it for a chunk of some rays.
    :param least_rays: to time each chunk on; larger chunks are timed once.
    """
    make(chunks[0]).render(subject.cameras(_WARM_UP)[0])
    return [
        SweepRow(
            subject.name, name, chunk, _speed(subject, make(chunk), max(chunk, least_rays))
        )
        for chunk in chunks
    ]


def best_chunk(rows: Sequence[SweepRow]) -> int:
    """Return the chunk with which the renderer was fastest."""
    return max(rows, key=lambda row: row.rays_per_second).chunk


def _speed(subject: Subject, renderer: Renderer, rays: int) -> float:
    picture = pinhole(_WIDTH, rays // _WIDTH)
    camera = subject.cameras(picture)[0]
    (turn,) = take_turns({rays: lambda _: renderer.render(camera)}, RoundPlan(1, 1))[rays]
    return speed(picture.pixel_count, [turn.seconds])['rays_per_second']
