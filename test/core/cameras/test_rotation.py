# SPDX-License-Identifier: Apache-2.0
"""Rotations against scipy's, to the precision of double numbers."""

from __future__ import annotations

from nerfstudio_renderer.cameras.rotation import (
    matrix_from_euler,
    matrix_from_quaternion,
    quaternion_from_matrix,
)
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

# An element is a sum of a few products of numbers of at most 1: some last bits of 1.
TOLERANCE = 1e-15
RANDOM = np.random.default_rng(0)
QUATERNIONS = [
    *RANDOM.normal(size=(500, 4)),
    *np.eye(4), *-np.eye(4),
    *(RANDOM.normal(size=(100, 4)) * np.array([1e-8, 1.0, 1e-8, 1e-8])),
    *(RANDOM.normal(size=(100, 4)) * np.array([1.0, 1e-3, 1e-12, 1e-8])),
    np.array([1.0, 1.0, 1.0, 1.0]), np.array([1.0, -1.0, 1.0, -1.0]),
    np.array([1e-50, 2e-50, 0.0, 0.0]), np.array([3e100, 0.0, 0.0, 4e100]),
]
ANGLES = [
    *RANDOM.uniform(-360.0, 360.0, size=(500, 3)),
    *np.array(np.meshgrid(*[[-180.0, -90.0, 0.0, 90.0, 180.0]] * 3)).reshape(3, -1).T,
    np.array([1e-9, 1e-300, 720.5]),
]


@pytest.mark.parametrize('part', range(4))
def test_matrices_of_quaternions_are_scipys(part):
    for quaternion in QUATERNIONS[part::4]:
        expected = Rotation.from_quat(quaternion).as_matrix()
        np.testing.assert_allclose(
            matrix_from_quaternion(quaternion), expected, atol=TOLERANCE, rtol=0.0)


@pytest.mark.parametrize('part', range(4))
def test_quaternions_of_matrices_are_scipys(part):
    for quaternion in QUATERNIONS[part::4]:
        rotation = Rotation.from_quat(quaternion)
        found = quaternion_from_matrix(rotation.as_matrix())
        assert abs(np.linalg.norm(found) - 1.0) <= TOLERANCE
        expected = Rotation.from_matrix(rotation.as_matrix()).as_quat()
        np.testing.assert_allclose(found, expected, atol=TOLERANCE, rtol=0.0)


def test_matrices_of_euler_angles_are_scipys():
    for degrees in ANGLES:
        expected = Rotation.from_euler('xyz', degrees, degrees=True).as_matrix()
        np.testing.assert_allclose(
            matrix_from_euler(degrees), expected, atol=TOLERANCE, rtol=0.0)


def test_there_and_back_is_the_same_rotation():
    for quaternion in QUATERNIONS:
        matrix = matrix_from_quaternion(quaternion)
        again = matrix_from_quaternion(quaternion_from_matrix(matrix))
        np.testing.assert_allclose(again, matrix, atol=3e-15, rtol=0.0)


@pytest.mark.parametrize('length', [5e-324 * 2**60, 1e-200, 1e-10, 1e10, 1e200, 1e308])
def test_a_quaternion_may_have_any_length(length):
    unit = np.array([0.36, -0.48, 0.8, 0.0])
    np.testing.assert_allclose(
        matrix_from_quaternion(unit * length), matrix_from_quaternion(unit), atol=1e-14, rtol=0.0)
