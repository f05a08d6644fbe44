# SPDX-License-Identifier: Apache-2.0
"""Conversion between sensor_msgs/CameraInfo and the core's intrinsics."""

from __future__ import annotations

from dataclasses import dataclass

from nerfstudio_renderer import ConfigurationError, Intrinsics, LARGEST_SIDE, Projection, quoted
import numpy as np
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

_CORE_PIXEL_CENTRE = 0.5
_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


# Names that drivers use where there is no distortion; sensor_msgs has none for it.
_UNDISTORTED = ('', 'pinhole', 'none')


@dataclass(frozen=True)
class _Model:
    projection: Projection
    counts: tuple[int, ...]
    used: int


# Numbers of coefficients that a message may have, and how many of them are used: those beyond
# (thin prisms, tilted sensors) must be zero; drivers pad with zeros.
# https://docs.ros.org/en/rolling/p/sensor_msgs/
_MODELS = {
    'plumb_bob': _Model(Projection.PERSPECTIVE, (0, 4, 5), 5),
    'rational_polynomial': _Model(Projection.PERSPECTIVE, (8, 12, 14), 8),
    'equidistant': _Model(Projection.FISHEYE, (0, 4), 4),
    **dict.fromkeys(_UNDISTORTED, _Model(Projection.PERSPECTIVE, (0,), 0)),
}
# Distortion model of a camera without distortion, and its number of coefficients. sensor_msgs has
# none for the whole sphere; k then has pixels per radian.
_IDEAL = {
    Projection.PERSPECTIVE: ('plumb_bob', 5),
    Projection.FISHEYE: ('equidistant', 4),
    Projection.EQUIRECTANGULAR: ('equirectangular', 0),
}


@dataclass(frozen=True)
class Calibration:
    """Calibration of a camera, with the fields of CameraInfo."""

    intrinsics: Intrinsics
    """Of the image that the driver publishes: after region of interest and binning."""
    pixel_centre: float
    """Coordinate of the first pixel's centre in k and p, pixels; the core's is 0.5."""
    distortion_model: str
    """As in the message; plumb_bob for undistorted cameras."""
    d: tuple[float, ...]
    """Coefficients, as in the message."""
    k: tuple[float, ...]
    """Projection of that image, 3 x 3 row by row."""
    r: tuple[float, ...]
    """Rectification, 3 x 3 row by row, as in the message."""
    p: tuple[float, ...]
    """Projection of the rectified image, 3 x 4 row by row."""

    @classmethod
    def from_message(cls, message: CameraInfo, pixel_centre: float) -> Calibration:
        """
        Read ``message``.

        :param pixel_centre: coordinate of the first pixel's centre, in pixels.
        :raises ConfigurationError: if it is not calibrated, or by an unknown model.
        """
        to_core = _CORE_PIXEL_CENTRE - pixel_centre
        crop = _Crop.of(message, to_core)
        projection, distortion = _lens(message)
        k, r, p = _matrices(message)
        k, p = crop.apply(k), crop.apply(p)
        try:
            intrinsics = Intrinsics(
                crop.width, crop.height, float(k[0, 0]), float(k[1, 1]),
                float(k[0, 2] + to_core), float(k[1, 2] + to_core), projection, distortion,
            )
        except ConfigurationError as error:
            raise ConfigurationError(
                f'camera_info_in: k {message.k.tolist()}: {error}; calibrate the camera'
            ) from error
        return cls(
            intrinsics, pixel_centre, _standard(message.distortion_model), tuple(message.d),
            _numbers(k), r, _numbers(p),
        )

    @classmethod
    def ideal(cls, intrinsics: Intrinsics, pixel_centre: float) -> Calibration:
        """Return the calibration of a camera without distortion."""
        model, coefficients = _IDEAL[intrinsics.projection]
        k = _matrix(intrinsics, pixel_centre)
        p = np.column_stack([k, np.zeros(3)])
        return cls(
            intrinsics, pixel_centre, model, (0.0,) * coefficients,
            _numbers(k), _IDENTITY, _numbers(p),
        )

    def to_message(self, level: Intrinsics, header: Header) -> CameraInfo:
        """
        Return the message for an image with every n-th pixel of this camera.

        :param level: projection of that image.
        """
        k, p = self._projections(level)
        return CameraInfo(
            header=header,
            height=level.height,
            width=level.width,
            distortion_model=self.distortion_model,
            d=self.d,
            k=k,
            r=self.r,
            p=p,
        )

    def _projections(self, level: Intrinsics) -> tuple[tuple[float, ...], tuple[float, ...]]:
        full = self.intrinsics
        if (level.fx, level.fy) == (full.fx, full.fy):
            return self.k, self.p  # unchanged to the last bit
        k, p = _matrix(level, self.pixel_centre), np.reshape(self.p, (3, 4))
        p[:2, 2] -= np.reshape(self.k, (3, 3))[:2, 2]
        p[:2] *= [[level.fx / full.fx], [level.fy / full.fy]]
        p[:2, 2] += k[:2, 2]
        return _numbers(k), _numbers(p)


@dataclass(frozen=True)
class _Crop:
    """Region of interest and binning of a sensor."""

    width: int
    height: int
    binning: tuple[int, int]
    shift: tuple[float, float]

    @classmethod
    def of(cls, message: CameraInfo, to_core: float) -> _Crop:
        """
        Read ``message``.

        :param to_core: from the message's coordinates to the core's, where binning n pixels
            divides by n.
        """
        region, binning = message.roi, (message.binning_x or 1, message.binning_y or 1)
        width, height = region.width or message.width, region.height or message.height
        if region.x_offset + width > message.width or region.y_offset + height > message.height:
            raise ConfigurationError(
                f'camera_info_in: roi {width} x {height} at {region.x_offset}, {region.y_offset} '
                f'is not inside the image of {message.width} x {message.height}'
            )
        size = width // binning[0], height // binning[1]
        if not all(0 < side <= LARGEST_SIDE for side in size):
            raise ConfigurationError(
                f'camera_info_in: {width} x {height} pixels, binned by {binning[0]} x '
                f'{binning[1]}, make {size[0]} x {size[1]}; sides of 1 to {LARGEST_SIDE} can be '
                'rendered'
            )
        offsets = region.x_offset, region.y_offset
        return cls(*size, binning, tuple(
            (to_core - offset) / count - to_core
            for offset, count in zip(offsets, binning, strict=True)
        ))

    def apply(self, matrix: np.ndarray) -> np.ndarray:
        """Return the projection onto the image, given the one onto the sensor."""
        result = matrix.copy()
        for row in range(2):
            result[row] /= self.binning[row]
            result[row, 2] += self.shift[row]
        return result


def _numbers(matrix: np.ndarray) -> tuple[float, ...]:
    return tuple(matrix.ravel().tolist())


def _matrix(intrinsics: Intrinsics, pixel_centre: float) -> np.ndarray:
    shift = pixel_centre - _CORE_PIXEL_CENTRE
    return np.array([
        [intrinsics.fx, 0.0, intrinsics.cx + shift],
        [0.0, intrinsics.fy, intrinsics.cy + shift],
        [0.0, 0.0, 1.0],
    ])


def _matrices(message: CameraInfo) -> tuple[np.ndarray, tuple[float, ...], np.ndarray]:
    """Return k, r and p; where r or p are zero, those of an image that is rectified already."""
    for name in ('k', 'r', 'p'):
        if not np.isfinite(matrix := getattr(message, name)).all():
            raise ConfigurationError(
                f'camera_info_in: {name} {matrix.tolist()} is not finite; calibrate the camera'
            )
    k, p = message.k.reshape(3, 3).copy(), message.p.reshape(3, 4).copy()
    if not (k[0, 0] > 0.0 and k[1, 1] > 0.0):
        raise ConfigurationError(
            f'camera_info_in: k {message.k.tolist()} has no focal lengths; calibrate the camera'
        )
    if k[0, 1] or k[1, 0] or k[2].tolist() != [0.0, 0.0, 1.0]:
        raise ConfigurationError(
            f'camera_info_in: k {message.k.tolist()} is not of the form fx 0 cx 0 fy cy 0 0 1'
        )
    return (
        k,
        tuple(message.r.tolist()) if message.r.any() else _IDENTITY,
        p if p[0, 0] else np.column_stack([k, np.zeros(3)]),
    )


def _lens(message: CameraInfo) -> tuple[Projection, tuple[float, ...]]:
    name, d = message.distortion_model, list(message.d)
    model = _MODELS.get(name)
    if model is None:
        raise ConfigurationError(
            f'camera_info_in: distortion_model {quoted(name)} is not one of '
            f'{", ".join(filter(None, _MODELS))}'
        )
    if not np.isfinite(d).all():
        raise ConfigurationError(
            f'camera_info_in: d {quoted(d)} is not finite; calibrate the camera'
        )
    if not any(d):
        return model.projection, ()
    if any(d[model.used:]) or (len(d) not in model.counts and len(d) <= model.used):
        raise ConfigurationError(
            f'camera_info_in: d {quoted(d)} is not what {name or "no distortion_model"} has here: '
            f'{" or ".join(map(str, model.counts))} numbers'
            + (f', all but the first {model.used} zero' if max(model.counts) > model.used else '')
        )
    return model.projection, tuple(d[:model.used])


def _standard(name: str) -> str:
    """Return the name of a distortion model in sensor_msgs."""
    return 'plumb_bob' if name in _UNDISTORTED else name
