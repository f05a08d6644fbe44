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
"""Pinhole cameras as frozen values, in scene coordinates."""

from __future__ import annotations

from dataclasses import dataclass
import math

from nerfstudio_renderer.errors import ConfigurationError, PoseError
import numpy as np


@dataclass(frozen=True)
class Intrinsics:
    """A pinhole's projection and picture size; pixel centres lie at half-integer coordinates."""

    width: int
    """Pixels in a row."""
    height: int
    """Pixels in a column."""
    fx: float
    """Horizontal focal length, pixels."""
    fy: float
    """Vertical focal length, pixels."""
    cx: float
    """Horizontal position of the principal point, pixels from the picture's left edge."""
    cy: float
    """Vertical position of the principal point, pixels from the picture's top edge."""

    def __post_init__(self) -> None:
        """Refuse sizes and focal lengths that no camera has."""
        if self.width < 1 or self.height < 1:
            raise ConfigurationError(f'picture size {self.width} x {self.height} is not positive')
        focal_and_centre = (self.fx, self.fy, self.cx, self.cy)
        if not (all(map(math.isfinite, focal_and_centre)) and self.fx > 0 and self.fy > 0):
            raise ConfigurationError(f'fx, fy, cx, cy of {focal_and_centre} is not a projection')

    @classmethod
    def from_fov_y(cls, width: int, height: int, fov_y_deg: float) -> Intrinsics:
        """Return square pixels around a centred principal point; ``fov_y_deg`` is vertical."""
        if not 0.0 < fov_y_deg < 180.0:
            raise ConfigurationError(
                f'vertical field of view {fov_y_deg} degrees is not between 0 and 180'
            )
        focal = height / (2.0 * math.tan(math.radians(fov_y_deg) / 2.0))
        return cls(width, height, focal, focal, width / 2.0, height / 2.0)

    @property
    def pixel_count(self) -> int:
        """Pixels of the picture."""
        return self.width * self.height


@dataclass(frozen=True)
class PoseTolerance:
    """How far a camera may have moved and still count as resting; 0 means exact equality."""

    distance: float = 0.0
    """Length in scene units."""
    angle_deg: float = 0.0
    """Angle of the rotation between both orientations, degrees."""


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera somewhere in a scene."""

    c2w: np.ndarray
    """Camera-to-world matrix, float64 of shape (3, 4), OpenGL axes, scene units; read-only."""
    intrinsics: Intrinsics
    """Projection and size of the full-resolution picture."""

    def __post_init__(self) -> None:
        """Own a read-only copy of the matrix, so that no caller can change it later."""
        c2w = np.array(self.c2w, dtype=np.float64)
        if c2w.shape != (3, 4) or not np.isfinite(c2w).all():
            raise PoseError(f'camera-to-world matrix {c2w.tolist()} is not a finite 3 x 4 matrix')
        c2w.setflags(write=False)
        object.__setattr__(self, 'c2w', c2w)

    def rests_at(self, other: Camera, tolerance: PoseTolerance) -> bool:
        """Tell whether both give the same picture: equal intrinsics, poses within tolerance."""
        if self.intrinsics != other.intrinsics:
            return False
        if np.array_equal(self.c2w, other.c2w):
            return True
        distance = float(np.linalg.norm(self.c2w[:, 3] - other.c2w[:, 3]))
        return distance <= tolerance.distance and self._angle_deg(other) <= tolerance.angle_deg

    def _angle_deg(self, other: Camera) -> float:
        # The chord between rotation matrices keeps its precision at small angles, where the
        # arc cosine of the trace does not: |R - S|_F = 2 sqrt(2) sin(angle / 2).
        chord = np.linalg.norm(self.c2w[:, :3] - other.c2w[:, :3]) / math.sqrt(8.0)
        return math.degrees(2.0 * math.asin(min(chord, 1.0)))
