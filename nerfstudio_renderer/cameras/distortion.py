# SPDX-License-Identifier: Apache-2.0
"""
OpenCV's lens distortion, undone.

Both models turn an ideal position into a distorted one:
https://docs.opencv.org/4.x/d9/d0c/group__calib3d.html and
https://docs.opencv.org/4.x/db/d58/group__calib3d__fisheye.html. Here it goes the other way, which
has no closed form: a table gives a first guess, Newton's method the rest. Where a polynomial
turns back, farther out in the picture, a camera has no ray, or one that it does not use.
"""

from __future__ import annotations

from collections.abc import Callable
import math

import numpy as np

_TOLERANCE = 1e-9
"""Error of a position, focal lengths."""
_USUAL_ITERATIONS = 3
"""Enough where distortion is mild."""
_ITERATIONS = 8
"""More for the rest."""
_SAMPLES = 4096
_BEYOND = 1.1
"""How much farther out than the radial distortion reaches the tangential one may."""


class PerspectiveDistortion:
    """
    Radial and tangential distortion of a perspective camera.

    :param coefficients: k1, k2, p1, p2[, k3[, k4, k5, k6]].
    """

    def __init__(self, coefficients: tuple[float, ...]) -> None:
        k1, k2, p1, p2, k3, k4, k5, k6 = (*coefficients, 0.0, 0.0, 0.0, 0.0)[:8]
        self._numerator = (k1, k2, k3)
        self._denominator = (k4, k5, k6)
        self._tangential = (p1, p2)
        angles = np.linspace(0.0, math.pi / 2.0, _SAMPLES, endpoint=False)
        self._radial = _Rise(angles, lambda angles: self._radially(np.tan(angles)))
        self._farthest = math.tan(self._radial.end)

    def undistort(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Return where positions would be without distortion.

        :param x: distorted, focal lengths to the right of the principal point.
        :param y: the same downwards.
        :returns: x and y, NaN where nothing is seen.
        """
        shape, wanted = x.shape, np.stack([x.ravel(), y.ravel()])
        distances = np.hypot(*wanted)
        distances[distances > _BEYOND * self._radial.largest] = np.nan
        radii = np.tan(self._radial.guess(distances))
        scale = np.divide(radii, distances, out=np.ones_like(radii), where=distances != 0.0)
        ideal = wanted * scale
        found = self._improve(ideal, wanted, _USUAL_ITERATIONS)
        # Those next to where the distortion turns take long.
        late = np.flatnonzero(~found & np.isfinite(ideal[0]))
        if len(late):
            some = ideal[:, late]
            found[late] = self._improve(some, wanted[:, late], _ITERATIONS)
            ideal[:, late] = some
        ideal[:, ~found] = np.nan
        return ideal[0].reshape(shape), ideal[1].reshape(shape)

    def _improve(self, ideal: np.ndarray, wanted: np.ndarray, iterations: int) -> np.ndarray:
        """Move ``ideal`` to what becomes ``wanted``, both (2, n); tell which are there."""
        with np.errstate(all='ignore'):
            for _ in range(iterations):
                error_x, error_y, (xx, xy, yy) = self._error(*ideal, *wanted)
                determinant = xx * yy - xy * xy
                found = (np.abs(error_x) < _TOLERANCE) & (np.abs(error_y) < _TOLERANCE)
                if found.all():
                    break
                ideal[0] -= (yy * error_x - xy * error_y) / determinant
                ideal[1] -= (xx * error_y - xy * error_x) / determinant
                # Beyond the first turn there are other solutions, which no lens has.
                ideal[:, np.square(ideal).sum(axis=0) > self._farthest ** 2] = np.nan
            return found & (determinant > 0.0)

    def _radially(self, radius: np.ndarray) -> np.ndarray:
        square = radius * radius
        return radius * _polynomial(self._numerator, square) / _polynomial(
            self._denominator, square
        )

    def _error(
        self, x: np.ndarray, y: np.ndarray, wanted_x: np.ndarray, wanted_y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Return how far (x, y) ends from where it should, and the symmetric Jacobian of that."""
        p1, p2 = self._tangential
        xx, xy, yy = x * x, x * y, y * y
        square = xx + yy
        denominator = _polynomial(self._denominator, square)
        scale = _polynomial(self._numerator, square) / denominator
        slope = 2.0 * (
            _derivative(self._numerator, square)
            - scale * _derivative(self._denominator, square)
        ) / denominator
        error_x = x * scale + 2.0 * p1 * xy + p2 * (square + 2.0 * xx) - wanted_x
        error_y = y * scale + p1 * (square + 2.0 * yy) + 2.0 * p2 * xy - wanted_y
        jacobian = (
            scale + slope * xx + 2.0 * p1 * y + 6.0 * p2 * x,
            slope * xy + 2.0 * p1 * x + 2.0 * p2 * y,
            scale + slope * yy + 6.0 * p1 * y + 2.0 * p2 * x,
        )
        return error_x, error_y, jacobian


class FisheyeDistortion:
    """
    From an angle to the optical axis to a distance from the principal point.

    :param coefficients: k1, k2, k3, k4, or none.
    """

    def __init__(self, coefficients: tuple[float, ...]) -> None:
        self._coefficients = coefficients
        self._radial = _Rise(np.linspace(0.0, math.pi, _SAMPLES), self._distort)

    def angles(self, distances: np.ndarray) -> np.ndarray:
        """
        Return angles to the optical axis, radians.

        :param distances: from the principal point, focal lengths.
        :returns: at most pi; NaN where nothing is seen.
        """
        if not self._coefficients:
            return np.where(distances <= math.pi, distances, np.nan)
        angles = self._radial.guess(distances)
        with np.errstate(all='ignore'):
            for _ in range(_ITERATIONS):
                error = self._distort(angles) - distances
                found = np.abs(error) < _TOLERANCE
                if found.all():
                    break
                angles = angles - error / self._slope(angles)
            found &= (self._slope(angles) > 0.0) & (angles <= self._radial.end)
        return np.where(found, angles, np.nan)

    def _distort(self, angles: np.ndarray) -> np.ndarray:
        return angles * _polynomial(self._coefficients, angles * angles)

    def _slope(self, angles: np.ndarray) -> np.ndarray:
        square = angles * angles
        return _polynomial(self._coefficients, square) + 2.0 * square * _derivative(
            self._coefficients, square
        )


class _Rise:
    """
    A function from 0 to where it first stops rising, turned round.

    :param arguments: increasing, from 0.
    """

    def __init__(
        self, arguments: np.ndarray, function: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        with np.errstate(all='ignore'):
            values = function(arguments)
            falling = ~(np.diff(values) > 0.0)
        rising = int(np.argmax(falling)) + 1 if falling.any() else len(values)
        self._arguments, self._values = arguments[:rising], values[:rising]
        self.end = float(arguments[min(rising, len(arguments) - 1)])
        """Argument where it ends, within one sample; nothing beyond is a solution."""
        self.largest = float(self._values[-1])
        """Value there."""

    def guess(self, values: np.ndarray) -> np.ndarray:
        """Return about the arguments of ``values``."""
        return np.interp(values, self._values, self._arguments)


def _polynomial(coefficients: tuple[float, ...], square: np.ndarray) -> np.ndarray:
    """Return 1 + a s + b s^2 + ..."""
    result = np.zeros_like(square)
    for coefficient in reversed(coefficients):
        result = (result + coefficient) * square
    return result + 1.0


def _derivative(coefficients: tuple[float, ...], square: np.ndarray) -> np.ndarray:
    """Return a + 2 b s + 3 c s^2 + ..."""
    result = np.zeros_like(square)
    for degree in range(len(coefficients), 0, -1):
        result = result * square + degree * coefficients[degree - 1]
    return result
