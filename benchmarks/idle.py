# SPDX-License-Identifier: Apache-2.0
"""What resting costs: processor time after the finest picture, while no pose comes."""

from __future__ import annotations

from dataclasses import dataclass
import os
import time

from benchmarks.pose_client import PoseClient
from benchmarks.processor_time import processor_time_s
from benchmarks.settings import Settings
from benchmarks.views import on_orbit, pinhole
from examples.demo.process import RendererProcess
from nerfstudio_renderer import (
    DEFAULTS,
    load_scene,
    ProgressiveRenderer,
    Quality,
    RenderQueue,
    select_engine,
    StrideLevels,
)

_SIZE = (640, 360)
_PATIENCE_S = 120.0
# What the last picture leaves to do is done by then.
_SETTLE_S = 1.0


@dataclass(frozen=True)
class IdleRow:
    """Processor time of a resting renderer."""

    what: str
    seconds: float
    """How long it was watched."""
    core_pct: float
    """All threads of the process, as a share of one core."""


def run(settings: Settings) -> list[IdleRow]:
    """Watch the render queue in this process, then the node with a subscriber."""
    seconds = 2.0 if settings.quick else 10.0
    return [_queue(seconds), _node(seconds, settings)]


def _queue(seconds: float) -> IdleRow:
    scene = load_scene()
    quality = Quality(StrideLevels(DEFAULTS.levels))
    with RenderQueue(ProgressiveRenderer(select_engine(scene))) as queue:
        queue.update(on_orbit(scene, pinhole(*_SIZE), 0.0), quality=quality)
        if not queue.wait_until_idle(_PATIENCE_S):
            raise RuntimeError(f'no finest picture within {_PATIENCE_S:g} s')
        return _watch('render queue, in process', os.getpid(), seconds)


def _node(seconds: float, settings: Settings) -> IdleRow:
    parameters = dict(zip(('width', 'height'), _SIZE, strict=True))
    with (
        RendererProcess(parameters, settings.output / 'renderer.log') as renderer,
        PoseClient() as client,
    ):
        client.greet(renderer.check)
        row = _watch('node, one subscriber', renderer.pid, seconds)
        renderer.check()
        return row


def _watch(what: str, pid: int, seconds: float) -> IdleRow:
    time.sleep(_SETTLE_S)
    before_s, began_s = processor_time_s(pid), time.monotonic()
    time.sleep(seconds)
    spent_s, elapsed_s = processor_time_s(pid) - before_s, time.monotonic() - began_s
    return IdleRow(what, round(elapsed_s, 2), round(100.0 * spent_s / elapsed_s, 2))
