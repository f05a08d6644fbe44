# SPDX-License-Identifier: Apache-2.0
"""Cameras as frozen values, in scene coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
import math

from nerfstudio_renderer.errors import ConfigurationError, PoseError
from nerfstudio_renderer.wording import quoted
import numpy as np

LARGEST_SIDE = 16384
"""Pixels in a row, or a column, of a picture that users can ask for."""
# A position in the picture over a focal length is squared in float32, whose largest number is
# 3.4e38: so their quotient must stay below 1e18, and one over a focal length is a number too.
SHORTEST_FOCAL_LENGTH, _LONGEST_FOCAL_LENGTH = 1e-12, 1e12
"""Pixels."""
_FARTHEST_CENTRE = 1e6
"""Of the principal point from the picture's corner, pixels; sensors have some thousand."""


class Projection(Enum):
    """How directions become positions in the picture, apart from distortion."""

    PERSPECTIVE = 'perspective'
    """In proportion to the tangent of the angle to the optical axis: straight lines stay so."""
    FISHEYE = 'fisheye'
    """In proportion to the angle to the optical axis, up to 180 degrees."""
    EQUIRECTANGULAR = 'equirectangular'
    """Longitude along the rows and latitude along the columns."""


# How many distortion coefficients there may be.
_COEFFICIENTS = {
    Projection.PERSPECTIVE: (0, 4, 5, 8),
    Projection.FISHEYE: (0, 4),
    Projection.EQUIRECTANGULAR: (0,),
}


@dataclass(frozen=True)
class Intrinsics:
    """A camera's projection and picture size; pixel centres lie at half-integer coordinates."""

    width: int
    """Pixels in a row."""
    height: int
    """Pixels in a column."""
    fx: float
    """
    Horizontal focal length, pixels. Of a fisheye: pixels per radian at the centre; of an
    equirectangular picture: pixels per radian of longitude.
    """
    fy: float
    """Vertical focal length, pixels; of an equirectangular picture per radian of latitude."""
    cx: float
    """Horizontal position of the principal point, pixels from the picture's left edge."""
    cy: float
    """Vertical position of the principal point, pixels from the picture's top edge."""
    projection: Projection = Projection.PERSPECTIVE
    """What fx, fy, cx and cy are those of."""
    distortion: tuple[float, ...] = ()
    """
    OpenCV's coefficients in OpenCV's order, () for none. Perspective: k1, k2, p1, p2[, k3[, k4,
    k5, k6]], ROS's plumb_bob and rational_polynomial; fisheye: k1, k2, k3, k4, ROS's equidistant.
    """

    def __post_init__(self) -> None:
        """Refuse what no camera has; distortion that does nothing is none."""
        if self.width < 1 or self.height < 1:
            raise ConfigurationError(f'picture size {self.width} x {self.height} is not positive')
        focal_and_centre = (self.fx, self.fy, self.cx, self.cy)
        if not (all(map(math.isfinite, focal_and_centre)) and self.fx > 0 and self.fy > 0):
            raise ConfigurationError(f'fx, fy, cx, cy of {focal_and_centre} is not a projection')
        self._refuse_endless_rays()
        distortion = _checked(self.projection, self.distortion)
        object.__setattr__(self, 'distortion', distortion if any(distortion) else ())

    def _refuse_endless_rays(self) -> None:
        least, greatest = SHORTEST_FOCAL_LENGTH, _LONGEST_FOCAL_LENGTH
        for name, length in (('fx', self.fx), ('fy', self.fy)):
            if not least <= length <= greatest:
                raise ConfigurationError(
                    f'focal length {name} {length} is not between {least:g} and {greatest:g} '
                    'pixels'
                )
        for name, position in (('cx', self.cx), ('cy', self.cy)):
            if abs(position) > _FARTHEST_CENTRE:
                raise ConfigurationError(
                    f'principal point {name} {position} is more than {_FARTHEST_CENTRE:g} pixels '
                    "from the picture's corner"
                )

    @classmethod
    def from_fov_y(
        cls,
        width: int,
        height: int,
        fov_y_deg: float,
        projection: Projection = Projection.PERSPECTIVE,
    ) -> Intrinsics:
        """
        Return an undistorted camera, its principal point in the middle of the picture.

        :param fov_y_deg: vertical field of view: below 180 degrees in perspective, up to 360 of a
            fisheye. Equirectangular pictures show the whole sphere, whatever it is.
        :raises ConfigurationError: if there is no such camera.
        """
        return cls(
            width, height, *_focal_lengths(width, height, fov_y_deg, projection),
            width / 2.0, height / 2.0, projection,
        )

    @property
    def is_pinhole(self) -> bool:
        """Whether this is a perspective camera without distortion."""
        return self.projection is Projection.PERSPECTIVE and not self.distortion

    @property
    def pixel_count(self) -> int:
        """Pixels of the picture."""
        return self.width * self.height


def _checked(projection: Projection, distortion: Sequence[float]) -> tuple[float, ...]:
    coefficients = tuple(float(coefficient) for coefficient in distortion)
    if not all(map(math.isfinite, coefficients)):
        raise ConfigurationError(f'distortion {quoted(list(coefficients))} is not finite')
    counts = _COEFFICIENTS[projection]
    if len(coefficients) not in counts:
        raise ConfigurationError(
            f'distortion {quoted(list(coefficients))} has {len(coefficients)} coefficients: a '
            f'camera with projection {projection.value} takes {", ".join(map(str, counts))}'
        )
    return coefficients


def _focal_lengths(
    width: int, height: int, fov_y_deg: float, projection: Projection
) -> tuple[float, float]:
    if projection is Projection.EQUIRECTANGULAR:
        return width / (2.0 * math.pi), height / math.pi
    if projection is Projection.FISHEYE:
        if not 0.0 < fov_y_deg <= 360.0:
            raise ConfigurationError(
                f'vertical field of view {fov_y_deg} degrees of a fisheye is not above 0 and at '
                'most 360'
            )
        focal = height / math.radians(fov_y_deg)
    else:
        if not 0.0 < fov_y_deg < 180.0:
            raise ConfigurationError(
                f'vertical field of view {fov_y_deg} degrees is not between 0 and 180'
            )
        focal = height / (2.0 * math.tan(math.radians(fov_y_deg) / 2.0))
    return focal, focal


@dataclass(frozen=True)
class PoseTolerance:
    """How far a camera may have moved and still count as resting; 0 means exact equality."""

    distance: float = 0.0
    """Length in scene units."""
    angle_deg: float = 0.0
    """Angle of the rotation between both orientations, degrees."""


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera somewhere in a scene."""

    c2w: np.ndarray
    """Camera-to-world matrix, float64 of shape (3, 4), OpenGL axes, scene units; read-only."""
    intrinsics: Intrinsics
    """Projection and size of the full-resolution picture."""

    def __post_init__(self) -> None:
        """Own a read-only copy of the matrix, so that no caller can change it later."""
        c2w = np.array(self.c2w, dtype=np.float64)
        if c2w.shape != (3, 4) or not np.isfinite(c2w).all():
            raise PoseError(
                f'camera-to-world matrix {quoted(c2w.tolist())} is not a finite 3 x 4 matrix'
            )
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
