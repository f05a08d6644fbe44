# SPDX-License-Identifier: Apache-2.0
"""The flight around a point that tries a scene."""

from __future__ import annotations

import math

from nerfstudio_renderer_ros.orbit import flown, Orbit
import numpy as np
import pytest
from scipy.spatial.transform import Rotation


@pytest.mark.parametrize('angle', np.linspace(0.0, math.tau, 7))
def test_the_camera_looks_at_its_target_upright_from_the_circle(angle):
    orbit = Orbit(target=(1.0, 2.0, 0.5), radius=2.0, height=1.5)
    pose = orbit.pose(angle)
    position = np.array([pose.position.x, pose.position.y, pose.position.z])
    orientation = pose.orientation
    right, down, forward = Rotation.from_quat(
        [orientation.x, orientation.y, orientation.z, orientation.w]
    ).as_matrix().T
    to_target = np.array(orbit.target) - position
    assert np.hypot(*to_target[:2]) == pytest.approx(2.0)
    assert position[2] == 1.5
    np.testing.assert_allclose(forward, to_target / np.linalg.norm(to_target), atol=1e-12)
    assert right[2] == pytest.approx(0.0)
    assert down[2] < 0.0


@pytest.mark.parametrize(
    ('elapsed_s', 'expected_s'),
    [(0.0, 0.0), (3.0, 3.0), (4.0, 4.0), (5.5, 4.0), (6.0, 4.0), (7.0, 5.0), (12.5, 8.5)],
)
def test_it_rests_for_two_seconds_after_every_four(elapsed_s, expected_s):
    assert flown(elapsed_s, fly_s=4.0, rest_s=2.0) == pytest.approx(expected_s)
