# SPDX-License-Identifier: Apache-2.0
"""Camera conventions, against directions worked out by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from nerfstudio_renderer import (
    c2w_from_euler,
    c2w_from_quaternion,
    Camera,
    ConfigurationError,
    Intrinsics,
    PoseConvention,
    PoseError,
    PoseTolerance,
)
import numpy as np
import pytest

HALF = np.sqrt(0.5)
IDENTITY = (0.0, 0.0, 0.0, 1.0)
ABOUT_Z_BY_90 = (0.0, 0.0, HALF, HALF)


def _axes(c2w: np.ndarray) -> dict[str, list[float]]:
    """Return where the camera's right, up and forward directions point."""
    right, up, backward = (np.round(c2w[:, column], 9) + 0.0 for column in range(3))
    return {'right': right.tolist(), 'up': up.tolist(), 'forward': (-backward + 0.0).tolist()}


@pytest.mark.parametrize(
    ('convention', 'quaternion', 'right', 'up', 'forward'),
    [
        # Optical: z forward, x right, y down.
        ('optical', IDENTITY, [1, 0, 0], [0, -1, 0], [0, 0, 1]),
        # Turned by 90 degrees about z: x becomes y, y becomes -x, so down is -x and up is x.
        ('optical', ABOUT_Z_BY_90, [0, 1, 0], [1, 0, 0], [0, 0, 1]),
        # The usual mounting, roll -90 and yaw -90 degrees: looks along x, z up.
        ('optical', (-0.5, 0.5, -0.5, 0.5), [0, -1, 0], [0, 0, 1], [1, 0, 0]),
        # Body: x forward, y left, z up.
        ('body', IDENTITY, [0, -1, 0], [0, 0, 1], [1, 0, 0]),
        ('body', ABOUT_Z_BY_90, [1, 0, 0], [0, 0, 1], [0, 1, 0]),
        # OpenGL: -z forward, x right, y up.
        ('opengl', IDENTITY, [1, 0, 0], [0, 1, 0], [0, 0, -1]),
        ('opengl', ABOUT_Z_BY_90, [0, 1, 0], [-1, 0, 0], [0, 0, -1]),
    ],
)
def test_a_quaternion_points_the_camera_as_its_convention_says(
    convention, quaternion, right, up, forward
):
    c2w = c2w_from_quaternion((1.0, 2.0, 3.0), quaternion, PoseConvention(convention))
    assert _axes(c2w) == {'right': right, 'up': up, 'forward': forward}
    assert c2w[:, 3].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ('degrees', 'right', 'up', 'forward'),
    [
        ((0, 0, 0), [1, 0, 0], [0, 1, 0], [0, 0, -1]),
        # About x by 90 degrees, an OpenGL camera that looked down looks along +y.
        ((90, 0, 0), [1, 0, 0], [0, 0, 1], [0, 1, 0]),
        # First about x, then about the fixed z: from +y to -x.
        ((90, 0, 90), [0, 1, 0], [0, 0, 1], [-1, 0, 0]),
        # First about x, then about the fixed y: up, which was z, becomes x.
        ((90, 90, 0), [0, 0, -1], [1, 0, 0], [0, 1, 0]),
    ],
)
def test_euler_angles_turn_about_the_fixed_axes_in_order(degrees, right, up, forward):
    assert _axes(c2w_from_euler((0, 0, 0), degrees)) == {
        'right': right, 'up': up, 'forward': forward,
    }


@given(
    st.lists(st.floats(-1, 1), min_size=4, max_size=4),
    st.floats(0.01, 100) | st.sampled_from([1e-5, 1e200, 1e308]),
)
def test_a_quaternions_length_and_sign_do_not_matter(quaternion, factor):
    if np.linalg.norm(quaternion) < 0.1:
        return
    unit = np.array(quaternion) / np.linalg.norm(quaternion)
    rotation = c2w_from_quaternion((0, 0, 0), unit)
    np.testing.assert_allclose(c2w_from_quaternion((0, 0, 0), factor * unit), rotation, atol=1e-12)
    np.testing.assert_array_equal(c2w_from_quaternion((0, 0, 0), -unit), rotation)


@pytest.mark.parametrize(
    ('position', 'quaternion', 'reason'),
    [
        ((0, float('nan'), 0), IDENTITY, r'position \[0.0, nan, 0.0\] is not finite'),
        ((0, 0, 0), (0, 0, float('inf'), 1), r'orientation \[.*inf, 1.0\] is not finite'),
        ((0, 0, 0), (0, 0, 0, 0), r'orientation \[0.0, 0.0, 0.0, 0.0\] has norm 0'),
        ((0, 0), IDENTITY, r'position \(0, 0\) is not 3 numbers'),
        (('a', 0, 0), IDENTITY, 'is not 3 numbers'),
    ],
)
def test_what_is_no_pose_is_refused_with_the_reason(position, quaternion, reason):
    with pytest.raises(PoseError, match=reason):
        c2w_from_quaternion(position, quaternion)


def test_a_camera_owns_its_matrix():
    c2w = np.eye(3, 4)
    camera = Camera(c2w, Intrinsics.from_fov_y(4, 3, 50.0))
    c2w[0, 3] = 5.0
    assert camera.c2w[0, 3] == 0.0


@pytest.mark.parametrize(
    ('distance', 'angle', 'rests'),
    [(0.0, 0.0, True), (0.009, 0.0, True), (0.011, 0.0, False), (0.0, 0.9, True),
     (0.0, 1.1, False)],
)
def test_resting_within_a_tolerance(distance, angle, rests):
    pinhole = Intrinsics.from_fov_y(4, 3, 50.0)
    here = Camera(c2w_from_euler((1, 2, 3), (10, 20, 30)), pinhole)
    there = Camera(c2w_from_euler((1 + distance, 2, 3), (10, 20, 30 + angle)), pinhole)
    assert there.rests_at(here, PoseTolerance(0.01, 1.0)) is rests
    assert there.rests_at(here, PoseTolerance()) is ((distance, angle) == (0.0, 0.0))


def test_a_camera_of_another_size_does_not_rest():
    small, large = (Intrinsics.from_fov_y(width, 3, 50.0) for width in (4, 8))
    assert not Camera(np.eye(3, 4), small).rests_at(Camera(np.eye(3, 4), large), PoseTolerance())


@pytest.mark.parametrize(
    ('width', 'height', 'fov', 'reason'),
    [(0, 3, 50.0, '0 x 3'), (4, -1, 50.0, '4 x -1'), (4, 3, 180.0, '180'), (4, 3, 0.0, '0.0')],
)
def test_impossible_pictures_are_refused_with_the_value(width, height, fov, reason):
    with pytest.raises(ConfigurationError, match=reason):
        Intrinsics.from_fov_y(width, height, fov)


def test_the_vertical_field_of_view_by_hand():
    # tan(45 deg) = 1: half the height, 3 pixels, subtends it at a focal length of 3.
    pinhole = Intrinsics.from_fov_y(8, 6, 90.0)
    assert (pinhole.fx, pinhole.fy) == pytest.approx((3.0, 3.0))
    assert (pinhole.cx, pinhole.cy) == (4.0, 3.0)
