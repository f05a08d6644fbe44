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
"""Which benchmarks there are, in the order in which they run."""

from __future__ import annotations

from collections.abc import Sequence
import importlib
from importlib.util import find_spec
from typing import Any

from benchmarks.settings import Settings

_IN_ORDER = (
    'engines', 'scaling', 'gaussians', 'start', 'transport', 'end_to_end', 'cancellation',
    'idle', 'gpu',
)

NAMES = tuple(name for name in _IN_ORDER if find_spec(f'benchmarks.{name}'))
"""As on the command line; each is a module with a function ``run``."""


def run(name: str, settings: Settings) -> Sequence[Any]:
    """Run a benchmark; return its rows, instances of one or more dataclasses."""
    return importlib.import_module(f'benchmarks.{name}').run(settings)
