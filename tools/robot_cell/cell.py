# SPDX-License-Identifier: Apache-2.0
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
