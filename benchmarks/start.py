# SPDX-License-Identifier: Apache-2.0
"""
From starting a process to its first picture of the bundled scene, and to a node that is ready.

Both in turns, with each engine; and the main memory that a node takes while it rests.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
import json
from pathlib import Path
from statistics import median
import subprocess
import sys
import time

from benchmarks.memory import main_memory
from benchmarks.pose_client import PoseClient
from benchmarks.rounds import RoundPlan, take_turns
from benchmarks.settings import Settings
from examples.demo.process import RendererProcess

_ENGINES = ('nerfstudio', 'fused')
_ROOT = Path(__file__).resolve().parents[1]
_LIMIT_S = 300.0
_STEPS = ('began_s', 'imported_s', 'ready_s', 'pictured_s')
_LOOK_EVERY_S = 0.002
_SETTLE_S = 1.0
_READY = b'ready: '


@dataclass(frozen=True)
class FirstPictureRow:
    """Time from starting a process to its first picture, medians of all rounds."""

    engine: str
    interpreter_s: float
    """Starting Python."""
    imports_s: float
    """Importing the package."""
    queue_s: float
    """Making the render queue: loading the scene, importing and making the engine."""
    picture_s: float
    """Rendering the first picture of the default size: a coarse level."""
    whole_s: float
    """All of it."""
    fastest_s: float
    """The whole in the fastest round."""
    slowest_s: float
    """The whole in the slowest round."""
    rounds: int


@dataclass(frozen=True)
class NodeStartRow:
    """Time from starting the node to its line 'ready', and its main memory; medians."""

    engine: str
    ready_s: float
    fastest_s: float
    slowest_s: float
    waiting_mib: float
    """Resident memory of the node that is ready and has had no pose."""
    private_mib: float
    """Of that, what it shares with no other process."""
    resting_mib: float | None
    """The same after a complete series of the default size; nerfstudio takes minutes for one."""
    rounds: int


@dataclass(frozen=True)
class _NodeStart:
    ready_s: float
    resident_mib: float
    private_mib: float


def run(settings: Settings) -> list[FirstPictureRow | NodeStartRow]:
    """Start processes and nodes with each engine, in turns."""
    rounds = 1 if settings.quick else 7
    scripts = {('script', engine): partial(_first_picture, engine) for engine in _ENGINES}
    nodes = {('node', engine): partial(_node_start, engine, settings) for engine in _ENGINES}
    turns = take_turns({**scripts, **nodes}, RoundPlan(rounds, rounds))
    results = {key: [turn.result for turn in each] for key, each in turns.items()}
    return [
        *(first_picture_row(engine, results['script', engine]) for engine in _ENGINES),
        *(node_row(engine, results['node', engine],
                   None if settings.quick or engine != 'fused' else _resting_mib(settings))
          for engine in _ENGINES),
    ]


def first_picture_row(engine: str, rounds: list[list[float]]) -> FirstPictureRow:
    """
    Return the row of an engine.

    :param rounds: for each round when the process was started, and the moments of _STEPS.
    """
    steps = [
        [later - earlier for earlier, later in pairwise(moments)]
        for moments in rounds
    ]
    whole = [moments[-1] - moments[0] for moments in rounds]
    values = (*map(median, zip(*steps, strict=True)), median(whole), min(whole), max(whole))
    return FirstPictureRow(engine, *(round(value, 3) for value in values), rounds=len(rounds))


def node_row(engine: str, rounds: list[_NodeStart], resting_mib: float | None) -> NodeStartRow:
    """Return the row of an engine."""
    ready = [each.ready_s for each in rounds]
    return NodeStartRow(
        engine,
        round(median(ready), 3), round(min(ready), 3), round(max(ready), 3),
        round(median(each.resident_mib for each in rounds), 1),
        round(median(each.private_mib for each in rounds), 1),
        resting_mib,
        len(rounds),
    )


def _first_picture(engine: str, number: int) -> list[float]:
    command = [sys.executable, '-m', 'benchmarks.first_picture', engine]
    started_s = time.monotonic()
    child = subprocess.run(
        command, cwd=_ROOT, timeout=_LIMIT_S, capture_output=True, text=True, check=False
    )
    if child.returncode:
        raise RuntimeError(f'the first picture of engine {engine} failed: {child.stderr.strip()}')
    moments = json.loads(child.stdout.splitlines()[-1])
    return [started_s, *(moments[name] for name in _STEPS)]


def _node_start(engine: str, settings: Settings, number: int) -> _NodeStart:
    log = settings.output / 'renderer.log'
    log.unlink(missing_ok=True)
    started_s = time.monotonic()
    with RendererProcess({'engine': engine}, log) as renderer:
        while _READY not in log.read_bytes():
            renderer.check()
            if time.monotonic() - started_s > _LIMIT_S:
                raise RuntimeError(f'the node was not ready within {_LIMIT_S:g} s: see {log}')
            time.sleep(_LOOK_EVERY_S)
        ready_s = time.monotonic() - started_s
        time.sleep(_SETTLE_S)
        memory = main_memory(renderer.pid)
    return _NodeStart(ready_s, memory.resident_mib, memory.private_mib)


def _resting_mib(settings: Settings) -> float:
    with (
        RendererProcess({}, settings.output / 'renderer.log') as renderer,
        PoseClient() as client,
    ):
        client.greet(renderer.check)  # with a whole series of pictures
        time.sleep(_SETTLE_S)
        return round(main_memory(renderer.pid).resident_mib, 1)
