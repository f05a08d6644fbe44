# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""From the start of a process to its first picture of the bundled scene."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
import json
from pathlib import Path
from statistics import median
import subprocess
import sys
import time

from benchmarks.rounds import RoundPlan, take_turns
from benchmarks.settings import Settings

_ENGINES = ('nerfstudio', 'fused')
_ROOT = Path(__file__).resolve().parents[1]
_LIMIT_S = 300.0
_STEPS = ('began_s', 'imported_s', 'loaded_s', 'ready_s', 'pictured_s')


@dataclass(frozen=True)
class LoadingRow:
    """Time from starting a process to its first picture, medians of all rounds."""

    engine: str
    interpreter_s: float
    """Starting Python."""
    imports_s: float
    """Importing PyTorch, nerfstudio and the renderer."""
    scene_s: float
    """Loading the scene."""
    engine_s: float
    """Making the engine."""
    picture_s: float
    """Rendering the first, coarsest picture of 1280 x 720."""
    whole_s: float
    """All of it."""
    fastest_s: float
    """The whole in the fastest round."""
    slowest_s: float
    """The whole in the slowest round."""
    rounds: int


def run(settings: Settings) -> list[LoadingRow]:
    """Start a process for each engine, in turns."""
    rounds = 1 if settings.quick else 3
    turns = take_turns(
        {engine: lambda _, engine=engine: _first_picture(engine) for engine in _ENGINES},
        RoundPlan(rounds, rounds),
    )
    return [
        row(engine, [turn.result for turn in turns[engine]]) for engine in _ENGINES
    ]


def row(engine: str, rounds: list[list[float]]) -> LoadingRow:
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
    return LoadingRow(engine, *(round(value, 3) for value in values), rounds=len(rounds))


def _first_picture(engine: str) -> list[float]:
    command = [sys.executable, '-m', 'benchmarks.first_picture', engine]
    started_s = time.monotonic()
    child = subprocess.run(
        command, cwd=_ROOT, timeout=_LIMIT_S, capture_output=True, text=True, check=False
    )
    if child.returncode:
        raise RuntimeError(f'the first picture of engine {engine} failed: {child.stderr.strip()}')
    moments = json.loads(child.stdout.splitlines()[-1])
    return [started_s, *(moments[name] for name in _STEPS)]
