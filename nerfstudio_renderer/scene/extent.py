# SPDX-License-Identifier: Apache-2.0
"""Where in its coordinates a scene lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Extent:
    """A ball that holds most of a scene, and which way is up in it."""

    centre: tuple[float, float, float]
    """Scene units."""
    radius: float
    """Scene units."""
    up: tuple[float, float, float]
    """A unit vector."""


NERFSTUDIO_EXTENT = Extent((0.0, 0.0, 0.0), 0.9, (0.0, 0.0, 1.0))
"""Of what ns-train makes: it scales the cameras into a cube of side 2 and turns them upright."""

_MOST_SAMPLES = 100_000


def extent_of_points(points: np.ndarray, up: tuple[float, float, float]) -> Extent:
    """
    Return the extent of most of some points, whatever a few of them do.

    :param points: float32 of shape (n, 3), at least one.
    """
    sample = points[::max(len(points) // _MOST_SAMPLES, 1)].astype(np.float64)
    centre = np.median(sample, axis=0)
    distance = float(np.median(np.linalg.norm(sample - centre, axis=1)))
    x, y, z = centre.tolist()
    return Extent((x, y, z), max(3.0 * distance, 1e-3), up)
