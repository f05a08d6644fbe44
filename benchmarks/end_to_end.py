# SPDX-License-Identifier: Apache-2.0
"""
From publishing a pose to having its picture, through ROS, with the node as its own process.

The node has its default parameters but for the size of the pictures; the client is this process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import mode

from benchmarks.figures import latencies
from benchmarks.pose_client import Arrival, PoseClient
from benchmarks.settings import Settings
from examples.demo.process import RendererProcess


@dataclass(frozen=True)
class LatencyRow:
    """
    Time from publishing a pose to having its picture.

    Whole; without the renderer's time for that picture's rays and those of coarser ones; and
    transfer alone, which is all that is not between the node's receiving the pose and its
    finishing the picture.
    """

    picture: str
    """Columns x rows of the finest picture."""
    poses: str
    """How they were sent."""
    awaited: str
    """Which picture, and its columns x rows."""
    time: str
    """Which part of it."""
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    samples: int
    """Poses with that picture."""
    sent: int
    """Poses that were sent."""


@dataclass(frozen=True)
class _Plan:
    width: int
    height: int
    from_idle: int
    """Poses to send to the resting renderer."""
    stream_s: float
    """Seconds of poses at each rate."""


_PLANS = (_Plan(640, 360, 15, 10.0), _Plan(1280, 720, 8, 10.0))
_QUICK_PLANS = (_Plan(320, 180, 2, 1.0),)
_RATES_HZ = (10.0, 30.0)


def run(settings: Settings) -> list[LatencyRow]:
    """Measure pictures of two sizes on the bundled scene."""
    plans = _QUICK_PLANS if settings.quick else _PLANS
    return [row for plan in plans for row in _measure(plan, settings)]


def _measure(plan: _Plan, settings: Settings) -> list[LatencyRow]:
    parameters = {'width': plan.width, 'height': plan.height}
    picture = f'{plan.width} x {plan.height}'
    rows: list[LatencyRow] = []
    with (
        RendererProcess(parameters, settings.output / 'renderer.log') as renderer,
        PoseClient() as client,
    ):
        client.greet(renderer.check)
        stamps = []
        finest = []
        for _ in range(plan.from_idle):
            stamps.append(client.send())
            finest.append(client.wait_for_finest(stamps[-1]))
        rows += rows_of(picture, 'from idle', 'first', map(client.first, stamps))
        rows += rows_of(picture, 'from idle', 'finest', finest)
        for rate_hz in _RATES_HZ:
            stamps = client.stream(round(plan.stream_s * rate_hz), rate_hz)
            client.wait_for_finest(stamps[-1])
            rows += rows_of(picture, f'{rate_hz:g} Hz', 'first', map(client.first, stamps))
    return rows


def rows_of(
    picture: str, poses: str, awaited: str, arrivals: Iterable[Arrival | None]
) -> list[LatencyRow]:
    """
    Return the rows of some poses.

    :param arrivals: the awaited picture of each pose, None where none came.
    """
    arrivals = list(arrivals)
    came = [arrival for arrival in arrivals if arrival is not None]
    sizes = [f'{arrival.levels[-1].width} x {arrival.levels[-1].height}' for arrival in came]
    label = f'{awaited}, {mode(sizes)}' if sizes else awaited
    return [
        LatencyRow(
            picture, poses, label, name, sent=len(arrivals),
            **latencies(filter(_is_known, map(part, came))),
        )
        for name, part in _PARTS.items()
    ]


def _is_known(seconds: float | None) -> bool:
    return seconds is not None


def _whole_s(arrival: Arrival) -> float:
    return arrival.arrived_s - arrival.sent_s


def _without_rendering_s(arrival: Arrival) -> float | None:
    if not arrival.is_complete:
        return None
    return _whole_s(arrival) - sum(level.render_time_s for level in arrival.levels)


def _transfer_s(arrival: Arrival) -> float:
    return _whole_s(arrival) - arrival.levels[-1].latency_s


_PARTS: dict[str, Callable[[Arrival], float | None]] = {
    'whole': _whole_s,
    'without rendering': _without_rendering_s,
    'transfer': _transfer_s,
}
