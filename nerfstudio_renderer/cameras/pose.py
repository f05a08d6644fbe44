# SPDX-License-Identifier: Apache-2.0
"""Camera-to-world matrices from the ways in which users give a pose."""

from __future__ import annotations

from collections.abc import Sequence
import math

from nerfstudio_renderer.cameras.conventions import PoseConvention
from nerfstudio_renderer.cameras.rotation import (
    matrix_from_euler,
    matrix_from_quaternion,
    quaternion_from_matrix,
)
from nerfstudio_renderer.errors import PoseError
from nerfstudio_renderer.wording import quoted
import numpy as np

_SMALLEST_QUATERNION_NORM = 1e-6


def c2w_from_quaternion(
    position: Sequence[float],
    quaternion: Sequence[float],
    convention: PoseConvention = PoseConvention.OPTICAL,
) -> np.ndarray:
    """
    Return the OpenGL camera-to-world matrix of a pose as ROS messages give it.

    :param position: x, y, z of the camera's centre, in any unit of length.
    :param quaternion: x, y, z, w of its orientation; a norm other than 1 is normalised.
    :param convention: the axes in which the orientation is given.
    :returns: float64 array of shape (3, 4), the translation in the unit of ``position``.
    :raises PoseError: if a number is not finite, or the quaternion's norm is zero.
    """
    position = _finite(position, 3, 'position')
    quaternion = _finite(quaternion, 4, 'orientation')
    norm = math.hypot(*quaternion)
    if norm < _SMALLEST_QUATERNION_NORM:
        raise PoseError(f'orientation {quaternion.tolist()} has norm {norm:g}, no direction')
    rotation = matrix_from_quaternion(quaternion) @ convention.from_opengl
    return np.column_stack([rotation, position])


def quaternion_from_c2w(c2w: np.ndarray, convention: PoseConvention) -> tuple[float, ...]:
    """
    Return the orientation of a camera as ROS messages give it.

    :param c2w: camera-to-world matrix, OpenGL axes, shape (3, 4).
    :param convention: the axes in which the orientation is wanted.
    :returns: x, y, z, w of a unit quaternion.
    """
    rotation = c2w[:3, :3] @ convention.from_opengl.T
    return tuple(quaternion_from_matrix(rotation).tolist())


def transform_pose(
    c2w: np.ndarray, position: Sequence[float], quaternion: Sequence[float]
) -> np.ndarray:
    """
    Return a camera's matrix in the frame that its own frame is known in.

    :param c2w: camera-to-frame matrix, shape (3, 4).
    :param position: x, y, z of the frame's origin.
    :param quaternion: x, y, z, w of the frame's orientation.
    :raises PoseError: if the frame's pose is none.
    """
    frame = c2w_from_quaternion(position, quaternion, PoseConvention.OPENGL)
    return np.column_stack([frame[:, :3] @ c2w[:, :3], frame[:, :3] @ c2w[:, 3] + frame[:, 3]])


def c2w_from_euler(position: Sequence[float], degrees: Sequence[float]) -> np.ndarray:
    """
    Return the OpenGL camera-to-world matrix of a pose given by Euler angles.

    :param position: x, y, z of the camera's centre, in any unit of length.
    :param degrees: rotation about the fixed x, then y, then z axis (scipy's 'xyz'), applied to a
        camera that looks along -z with +y up.
    :returns: float64 array of shape (3, 4), the translation in the unit of ``position``.
    :raises PoseError: if there are not three finite numbers in each.
    """
    position = _finite(position, 3, 'position')
    degrees = _finite(degrees, 3, 'rotation')
    return np.column_stack([matrix_from_euler(degrees), position])


def _finite(values: Sequence[float], count: int, name: str) -> np.ndarray:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise PoseError(f'{name} {quoted(values)} is not {count} numbers') from None
    if array.shape != (count,):
        raise PoseError(f'{name} {quoted(values)} is not {count} numbers')
    if not np.isfinite(array).all():
        raise PoseError(f'{name} {array.tolist()} is not finite')
    return array
