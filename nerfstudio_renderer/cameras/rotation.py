# SPDX-License-Identifier: Apache-2.0
"""Rotation matrices, quaternions and Euler angles, as robots and scripts use them."""

from __future__ import annotations

import math

import numpy as np


def matrix_from_quaternion(quaternion: np.ndarray) -> np.ndarray:
    """
    Return a rotation matrix, float64 of shape (3, 3).

    :param quaternion: x, y, z, w, not all zero; of any length.
    """
    quaternion = quaternion / np.abs(quaternion).max()  # else squares of very long ones overflow
    x, y, z, w = (quaternion / np.linalg.norm(quaternion)).tolist()
    return np.array([
        [x * x - y * y - z * z + w * w, 2.0 * (x * y - z * w), 2.0 * (x * z + y * w)],
        [2.0 * (x * y + z * w), y * y - x * x - z * z + w * w, 2.0 * (y * z - x * w)],
        [2.0 * (x * z - y * w), 2.0 * (y * z + x * w), z * z - x * x - y * y + w * w],
    ])


def quaternion_from_matrix(matrix: np.ndarray) -> np.ndarray:
    """
    Return x, y, z, w of a rotation, float64 of shape (4,), length 1.

    The largest component is computed first, from the diagonal, so that none is divided by a small
    number (Shepperd, 1978).

    :param matrix: of shape (3, 3), orthonormal up to rounding.
    """
    trace = float(np.trace(matrix))
    largest = int(np.argmax([*np.diagonal(matrix), trace]))
    quaternion = np.empty(4)
    if largest == 3:
        quaternion[:3] = _antisymmetric(matrix)
        quaternion[3] = 1.0 + trace
    else:
        following, last = (largest + 1) % 3, (largest + 2) % 3
        quaternion[largest] = 1.0 - trace + 2.0 * matrix[largest, largest]
        quaternion[following] = matrix[following, largest] + matrix[largest, following]
        quaternion[last] = matrix[last, largest] + matrix[largest, last]
        quaternion[3] = _antisymmetric(matrix)[largest]
    return quaternion / np.linalg.norm(quaternion)


def _antisymmetric(matrix: np.ndarray) -> np.ndarray:
    return np.array([
        matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1],
    ])


def matrix_from_euler(degrees: np.ndarray) -> np.ndarray:
    """
    Return the rotation about the fixed x, then y, then z axis, float64 of shape (3, 3).

    :param degrees: the three angles.
    """
    (sx, cx), (sy, cy), (sz, cz) = (
        (math.sin(angle), math.cos(angle)) for angle in np.radians(degrees).tolist()
    )
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, cx, -sx], [0.0, sx, cx]])
    about_y = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    about_z = np.array([[cz, -sz, 0.0], [sz, cz, 0.0], [0.0, 0.0, 1.0]])
    return about_z @ about_y @ about_x
