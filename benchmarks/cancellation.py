# SPDX-License-Identifier: Apache-2.0
"""
How soon a newer update is begun, and what is rendered in vain for the one before.

The render queue in this process, with the node's default levels and pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
import math
import random
import threading
import time

from benchmarks.figures import latencies
from benchmarks.recording_engine import Beginning, Chunk, pose_of, RecordingEngine
from benchmarks.settings import Settings
from benchmarks.views import on_orbit
from nerfstudio_renderer import (
    Camera,
    DEFAULTS,
    Frame,
    load_scene,
    ProgressiveRenderer,
    Quality,
    RenderQueue,
    select_engine,
    StrideLevels,
    Update,
)

_PATIENCE_S = 120.0
_QUALITY = Quality(StrideLevels(DEFAULTS.levels), DEFAULTS.target_latency_ms / 1e3)
_STEP = math.radians(1.0)
_LONGEST_PAUSE_S = 0.1


@dataclass(frozen=True)
class CancellationRow:
    """Time from RenderQueue.update() to beginning that update's first level."""

    engine: str
    updates: str
    """When updates were sent."""
    sent: int
    begun: int
    """Of those, not replaced by a newer one before they could begin."""
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    chunk_p50_ms: float | None
    """Length of a chunk of rays."""
    chunk_p99_ms: float | None
    late_coarsest_pct: float
    """
    Rays of coarsest levels that were rendered when there was a newer update already, of all rays:
    not in vain, for a coarsest level in work is finished and shown.
    """
    in_vain_pct: float
    """Rays of finer levels that were rendered when there was a newer update already."""


@dataclass(frozen=True)
class Log:
    """What was sent and what was rendered."""

    updates: Sequence[Update]
    """In their order; the first was in work before anything was noted, and is not counted."""
    coarsest: Mapping[bytes, int]
    """Rays of the coarsest level of each pose that had one finished."""
    beginnings: Sequence[Beginning]
    chunks: Sequence[Chunk]


@dataclass(frozen=True)
class _Pattern:
    name: str
    count: int
    """Updates to send."""
    rate_hz: float | None
    """None: at random, each while a finer level of the one before is in work."""


def _patterns(engine: str, *, quick: bool) -> list[_Pattern]:
    while_refining = {'fused': 80, 'nerfstudio': 12}[engine]
    seconds = 10
    if quick:
        while_refining, seconds = 3, 1
    return [
        _Pattern('while refining', while_refining, None),
        _Pattern('10 Hz', 10 * seconds, 10.0),
        _Pattern('30 Hz', 30 * seconds, 30.0),
    ]


def run(settings: Settings) -> list[CancellationRow]:
    """Measure both engines on the bundled scene."""
    scene = load_scene()
    rows = []
    for name in ('fused', 'nerfstudio'):
        for pattern in _patterns(name, quick=settings.quick):
            log = _send(
                RecordingEngine(select_engine(scene, name)), pattern,
                lambda angle: on_orbit(scene, DEFAULTS.intrinsics, angle),
            )
            rows.append(row(name, pattern.name, log))
    return rows


def row(engine: str, pattern: str, log: Log) -> CancellationRow:
    """Return what was noted, in figures."""
    received = {pose_of(update.camera): update.received_s for update in log.updates}
    waits = [beginning.at_s - received[beginning.pose] for beginning in log.beginnings]
    lengths = latencies(chunk.ended_s - chunk.began_s for chunk in log.chunks)
    percentiles = latencies(waits)
    late_coarsest, in_vain = late_shares(log)
    return CancellationRow(
        engine=engine,
        updates=pattern,
        sent=len(log.updates) - 1,
        begun=percentiles.pop('samples'),
        **percentiles,
        max_ms=round(max(waits) * 1e3, 3) if waits else None,
        chunk_p50_ms=lengths['p50_ms'],
        chunk_p99_ms=lengths['p99_ms'],
        late_coarsest_pct=round(100.0 * late_coarsest, 2),
        in_vain_pct=round(100.0 * in_vain, 2),
    )


def late_shares(log: Log) -> tuple[float, float]:
    """Return which shares of all rays came after a newer update: coarsest levels', finer ones'."""
    superseded = {
        pose_of(older.camera): newer.received_s for older, newer in pairwise(log.updates)
    }
    # The updates that were noted from their beginning on: of the first, only finer levels.
    rendered = {beginning.pose: 0 for beginning in log.beginnings}
    late = {True: 0.0, False: 0.0}
    for chunk in log.chunks:
        so_far = rendered.get(chunk.pose, math.inf)
        is_coarsest = so_far < log.coarsest.get(chunk.pose, math.inf)
        late[is_coarsest] += _late_rays(chunk, superseded.get(chunk.pose, math.inf))
        rendered[chunk.pose] = so_far + chunk.rays
    rays = sum(chunk.rays for chunk in log.chunks)
    return (late[True] / rays, late[False] / rays) if rays else (0.0, 0.0)


def _late_rays(chunk: Chunk, superseded_s: float) -> float:
    """Return how many of a chunk's rays came after a moment, as if each took as long."""
    late_s = min(max(chunk.ended_s - superseded_s, 0.0), chunk.ended_s - chunk.began_s)
    return chunk.rays * late_s / (chunk.ended_s - chunk.began_s) if late_s else 0.0


def _send(
    engine: RecordingEngine, pattern: _Pattern, camera: Callable[[float], Camera]
) -> Log:
    """Send one update and, once it is being refined, a pattern of updates."""
    first, *cameras = [camera(index * _STEP) for index in range(pattern.count + 1)]
    with RenderQueue(ProgressiveRenderer(engine)) as queue:
        sender = _Sender(queue)
        updates = [sender.send_and_wait(first)]
        engine.forget()
        if pattern.rate_hz is None:
            updates += sender.send_while_refining(cameras)
        else:
            updates += sender.send_steadily(cameras, pattern.rate_hz)
        if not queue.close(_PATIENCE_S):
            raise RuntimeError(f'the render thread did not end within {_PATIENCE_S:g} s')
    return Log(updates, sender.coarsest, engine.beginnings, engine.chunks)


class _Sender:

    def __init__(self, queue: RenderQueue) -> None:
        self._queue = queue
        self._chance = random.Random(0)
        self._refining = threading.Event()
        self.coarsest: dict[bytes, int] = {}
        queue.subscribe(self._on_frame)

    def _on_frame(self, frame: Frame) -> None:
        if frame.level == 0:
            self.coarsest[pose_of(frame.update.camera)] = frame.intrinsics.pixel_count
            self._refining.set()

    def send_and_wait(self, camera: Camera) -> Update:
        """Send an update; return it when its first picture is there."""
        self._refining.clear()
        update = self._queue.update(camera, quality=_QUALITY)
        if not self._refining.wait(_PATIENCE_S):
            raise RuntimeError(f'no picture within {_PATIENCE_S:g} s')
        return update

    def send_while_refining(self, cameras: Sequence[Camera]) -> list[Update]:
        """Send each update a random time after the first picture of the one before."""
        updates = []
        for camera in cameras:
            time.sleep(self._chance.uniform(0.0, _LONGEST_PAUSE_S))
            updates.append(self.send_and_wait(camera))
        return updates

    def send_steadily(self, cameras: Sequence[Camera], rate_hz: float) -> list[Update]:
        """Send the updates at a steady rate."""
        began_s = time.monotonic()
        updates = []
        for index, camera in enumerate(cameras):
            time.sleep(max(0.0, began_s + index / rate_hz - time.monotonic()))
            updates.append(self._queue.update(camera, quality=_QUALITY))
        return updates
