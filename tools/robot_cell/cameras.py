# SPDX-License-Identifier: Apache-2.0
"""
Cameras: a pinhole and the poses from which the cell is looked at.

Poses are camera-to-world in the OpenGL convention that nerfstudio's transforms.json uses: the
camera looks along its -z, +x is right and +y is up.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians, tan

import numpy as np

from .cell import ORIGIN
from .contents import TABLE_TOP
from .room import ROOM


@dataclass(frozen=True)
class Pinhole:
    """A distortion-free camera whose principal point is the centre of the picture."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    fov_y_deg: float
    """Full vertical field of view, degrees."""

    @property
    def focal(self) -> float:
        """Focal length in pixels, the same along x and y."""
        return self.height / 2 / tan(radians(self.fov_y_deg) / 2)

    def directions(self, pixels: np.ndarray) -> np.ndarray:
        """
        Return ray directions in the camera frame, shape (N, 3), with z = -1.

        `pixels` (N, 2) are x to the right and y down; the centre of the first pixel is
        (0.5, 0.5). A ray parameter along these directions is the depth along the optical axis.
        """
        x = (pixels[:, 0] - self.width / 2) / self.focal
        y = -(pixels[:, 1] - self.height / 2) / self.focal
        return np.stack([x, y, -np.ones_like(x)], axis=1)


def look_at(position: np.ndarray, target: np.ndarray, roll: float = 0.0) -> np.ndarray:
    """Return the pose (4, 4) at `position` that looks at `target`; `roll` in radians."""
    back = (position - target) / np.linalg.norm(position - target)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    pose = np.eye(4)
    pose[:3, 0] = np.cos(roll) * right + np.sin(roll) * up
    pose[:3, 1] = np.cos(roll) * up - np.sin(roll) * right
    pose[:3, 2] = back
    pose[:3, 3] = position
    return pose


def sample_pose(rng: np.random.Generator) -> np.ndarray:
    """Draw a pose (4, 4) in the world frame: mostly around the table, some at the walls."""
    kind = rng.random()
    if kind < 0.70:
        position = _around_table(rng, radius=(1.1, 2.3), height=(1.05, 2.3))
        target = rng.normal((0, 0, TABLE_TOP + 0.1), (0.35, 0.3, 0.2))
    elif kind < 0.85:
        position = _around_table(rng, radius=(1.5, 2.3), height=(0.4, 1.1))
        target = rng.normal((0, 0, TABLE_TOP - 0.1), (0.4, 0.4, 0.3))
    else:
        position = _around_table(rng, radius=(1.2, 1.9), height=(0.9, 1.8))
        target = rng.uniform((-3, -2.5, 0.0), (3, 2.5, 2.2))
    return look_at(position + ORIGIN, target + ORIGIN, rng.normal(0, radians(3)))


def _around_table(
    rng: np.random.Generator, radius: tuple[float, float], height: tuple[float, float]
) -> np.ndarray:
    azimuth = rng.uniform(0, 2 * np.pi)
    length = rng.uniform(*radius)
    position = np.array([length * np.cos(azimuth), length * np.sin(azimuth), rng.uniform(*height)])
    return np.clip(position, -ROOM / 2 + 0.25, ROOM / 2 - 0.25 + [0, 0, 1])
