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
"""Between sensor_msgs/CameraInfo and the core's intrinsics."""

from __future__ import annotations

from dataclasses import dataclass

from nerfstudio_renderer import ConfigurationError, Intrinsics, Projection
import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

_CORE_PIXEL_CENTRE = 0.5
_LARGEST_SIDE = 16384
_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class _Model:
    projection: Projection
    counts: tuple[int, ...]
    used: int


# Coefficients that a message may have, and how many of them mean something here: those beyond
# (thin prisms, tilted sensors) must be zero. https://docs.ros.org/en/rolling/p/sensor_msgs/
_MODELS = {
    'plumb_bob': _Model(Projection.PERSPECTIVE, (0, 4, 5), 5),
    'rational_polynomial': _Model(Projection.PERSPECTIVE, (8, 12, 14), 8),
    'equidistant': _Model(Projection.FISHEYE, (0, 4), 4),
    '': _Model(Projection.PERSPECTIVE, (0,), 0),
}
# Distortion model of a camera without distortion, and its number of coefficients. There is none
# for the whole sphere; K then has pixels per radian.
_IDEAL = {
    Projection.PERSPECTIVE: ('plumb_bob', 5),
    Projection.FISHEYE: ('equidistant', 4),
    Projection.EQUIRECTANGULAR: ('equirectangular', 0),
}


@dataclass(frozen=True, eq=False)
class Calibration:
    """A camera as CameraInfo describes it; whole pixels and their centres are the core's."""

    intrinsics: Intrinsics
    """Of the picture that its driver publishes: after region of interest and binning."""
    distortion_model: str
    """As in the message."""
    d: tuple[float, ...]
    """Coefficients, as in the message."""
    r: tuple[float, ...]
    """Rectification, 3 x 3 row by row, as in the message."""
    p: np.ndarray
    """Projection of the rectified picture, float64 of shape (3, 4), in the core's coordinates."""

    @classmethod
    def from_message(cls, message: CameraInfo, pixel_centre: float) -> Calibration:
        """
        Return what ``message`` says of its camera's picture.

        :param pixel_centre: coordinate of the first pixel's centre, in pixels.
        :raises ConfigurationError: if it is not calibrated, or in a way that is not known here.
        """
        crop = _Crop.of(message, _CORE_PIXEL_CENTRE - pixel_centre)
        projection, distortion = _lens(message)
        k, p = message.k.reshape(3, 3), message.p.reshape(3, 4)
        if not (np.isfinite(k).all() and k[0, 0] > 0.0 and k[1, 1] > 0.0):
            raise ConfigurationError(
                f'camera_info_in: k {message.k.tolist()} has no focal lengths; calibrate the '
                'camera'
            )
        if k[0, 1] or k[1, 0] or k[2].tolist() != [0.0, 0.0, 1.0]:
            raise ConfigurationError(
                f'camera_info_in: k {message.k.tolist()} is not of the form fx 0 cx 0 fy cy 0 0 1'
            )
        k = crop.apply(k)
        return cls(
            Intrinsics(
                crop.width, crop.height, *map(float, (k[0, 0], k[1, 1], k[0, 2], k[1, 2])),
                projection, distortion,
            ),
            message.distortion_model or 'plumb_bob',
            tuple(message.d),
            tuple(message.r) if message.r.any() else _IDENTITY,
            crop.apply(p if p[0, 0] else np.pad(message.k.reshape(3, 3), ((0, 0), (0, 1)))),
        )

    @classmethod
    def ideal(cls, intrinsics: Intrinsics) -> Calibration:
        """Return what a camera without distortion would say of itself."""
        model, coefficients = _IDEAL[intrinsics.projection]
        fx, fy, cx, cy = intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy
        p = np.array([[fx, 0.0, cx, 0.0], [0.0, fy, cy, 0.0], [0.0, 0.0, 1.0, 0.0]])
        return cls(intrinsics, model, (0.0,) * coefficients, _IDENTITY, p)

    def to_message(self, level: Intrinsics, header: Header, pixel_centre: float) -> CameraInfo:
        """
        Return what belongs to a picture with every n-th pixel of this camera's.

        :param level: projection of that picture.
        :param pixel_centre: coordinate of the first pixel's centre, in pixels.
        """
        full, shift = self.intrinsics, pixel_centre - _CORE_PIXEL_CENTRE
        p = self.p.copy()
        p[:2, 2] -= full.cx, full.cy
        p[:2] *= [[level.fx / full.fx], [level.fy / full.fy]]
        p[:2, 2] += level.cx + shift, level.cy + shift
        return CameraInfo(
            header=header,
            height=level.height,
            width=level.width,
            distortion_model=self.distortion_model,
            d=self.d,
            k=[
                level.fx, 0.0, level.cx + shift, 0.0, level.fy, level.cy + shift, 0.0, 0.0, 1.0
            ],
            r=self.r,
            p=p.ravel(),
        )


@dataclass(frozen=True)
class _Crop:
    """Which part of the sensor a picture is, and how many of its pixels make one."""

    width: int
    height: int
    shift: tuple[float, float]
    binning: tuple[int, int]

    @classmethod
    def of(cls, message: CameraInfo, to_core: float) -> _Crop:
        region, binning = message.roi, (message.binning_x or 1, message.binning_y or 1)
        width, height = region.width or message.width, region.height or message.height
        if (
            region.x_offset + width > message.width or region.y_offset + height > message.height
            or not 0 < width // binning[0] <= _LARGEST_SIDE
            or not 0 < height // binning[1] <= _LARGEST_SIDE
        ):
            raise ConfigurationError(
                f'camera_info_in: {width} x {height} pixels at {region.x_offset}, '
                f'{region.y_offset}, binned by {binning[0]} x {binning[1]}, are not part of a '
                f'picture of {message.width} x {message.height}'
            )
        return cls(
            width // binning[0], height // binning[1],
            (to_core - region.x_offset, to_core - region.y_offset), binning,
        )

    def apply(self, matrix: np.ndarray) -> np.ndarray:
        """Return a projection onto the sensor (two rows of it count) as one onto the picture."""
        result = matrix.astype(np.float64)
        for row in range(2):
            result[row, 2] += self.shift[row]
            result[row] /= self.binning[row]
        return result


def _lens(message: CameraInfo) -> tuple[Projection, tuple[float, ...]]:
    name, d = message.distortion_model, list(message.d)
    model = _MODELS.get(name)
    if model is None:
        raise ConfigurationError(
            f'camera_info_in: distortion_model {name!r} is not one of '
            f'{", ".join(filter(None, _MODELS))}'
        )
    if len(d) not in model.counts or any(d[model.used:]):
        raise ConfigurationError(
            f'camera_info_in: d {d} is not what {name or "no distortion_model"} has here: '
            f'{" or ".join(map(str, model.counts))} numbers'
            + (f', all but the first {model.used} zero' if max(model.counts) > model.used else '')
        )
    return model.projection, tuple(d[:model.used])
