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
"""
The robot cell: everything that a camera can see in it.

Cell frame: metres, z up (REP 103), origin on the floor under the centre of the table. The world
frame of the data set has the same axes; `ORIGIN` is where the cell frame's origin lies in it.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .contents import robot, surroundings, table, workpieces
from .geometry import Solid
from .room import lamps, shell
from .tracer import Tracer

ORIGIN = np.array([4.2, -1.5, 0.0])
"""Origin of the cell frame in the world frame, metres, shape (3,)."""


def solids() -> list[Solid]:
    """Return everything in the cell, in the cell frame."""
    return [*shell(), *lamps(), *table(), *robot(), *workpieces(), *surroundings()]


@cache
def tracer() -> Tracer:
    """Return the tracer of the whole cell, built once per process."""
    return Tracer(solids())
