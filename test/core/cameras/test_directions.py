# SPDX-License-Identifier: Apache-2.0
"""Directions of cameras with distortion: what OpenCV projects is seen where OpenCV puts it."""

from __future__ import annotations

import math

import cv2
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nerfstudio_renderer import Intrinsics, Projection, StrideLevels
from nerfstudio_renderer.cameras.directions import axis_cosines, unit_directions
import numpy as np
import pytest

FISHEYE, EQUIRECTANGULAR = Projection.FISHEYE, Projection.EQUIRECTANGULAR
OPENCV_FROM_OPENGL = np.array([1.0, -1.0, -1.0])

CAMERAS = {
    'pinhole': Intrinsics(320, 240, 300.0, 310.0, 150.0, 130.0),
    'off-centre': Intrinsics(320, 240, 300.0, 300.0, -40.0, 300.0,
                             distortion=(-0.2, 0.05, 0.0, 0.0)),
    'barrel': Intrinsics(320, 240, 230.0, 231.0, 162.5, 118.0,
                         distortion=(-0.28, 0.07, 1e-3, -5e-4)),
    'pincushion': Intrinsics(320, 240, 260.0, 250.0, 160.0, 120.0,
                             distortion=(0.15, -0.02, -2e-3, 3e-3, 0.01)),
    'tall pixels': Intrinsics(320, 240, 250.0, 400.0, 160.0, 120.0,
                              distortion=(-0.1, 0.01, 2e-3, 1e-3, 0.0)),
    # As rational models of wide lenses come out: numerator and denominator nearly cancel.
    'rational': Intrinsics(320, 240, 152.0, 152.5, 161.0, 119.0,
                           distortion=(7.3, 5.2, 3e-4, -1e-4, 0.26, 7.6, 7.9, 1.5)),
    'fisheye': Intrinsics(320, 240, 130.0, 131.0, 158.0, 122.0, FISHEYE,
                          (-0.02, 0.005, -0.003, 4e-4)),
    'equidistant': Intrinsics(320, 240, 120.0, 120.0, 160.0, 120.0, FISHEYE),
}


@pytest.fixture(params=list(CAMERAS))
def camera(request: pytest.FixtureRequest) -> Intrinsics:
    return CAMERAS[request.param]


def _projected(points: np.ndarray, camera: Intrinsics) -> np.ndarray:
    """Return where OpenCV sees points of shape (n, 3), OpenCV's axes; shape (n, 2), pixels."""
    matrix = np.array([[camera.fx, 0.0, camera.cx], [0.0, camera.fy, camera.cy], [0.0, 0.0, 1.0]])
    distortion = np.array(camera.distortion or (0.0,) * 4)
    project = cv2.fisheye.projectPoints if camera.projection is FISHEYE else cv2.projectPoints
    still = np.zeros(3)
    if camera.projection is FISHEYE:
        points = points[None]
    return project(points, still, still, matrix, distortion)[0].reshape(-1, 2)


def _centres(camera: Intrinsics) -> np.ndarray:
    x, y = np.meshgrid(np.arange(camera.width) + 0.5, np.arange(camera.height) + 0.5)
    return np.stack([x, y], axis=-1)


def _at(camera: Intrinsics, position: np.ndarray) -> np.ndarray:
    """Return the direction at any position in the picture, shape (3,), OpenCV's axes."""
    x, y = position
    pixel = Intrinsics(1, 1, camera.fx, camera.fy, camera.cx - x + 0.5, camera.cy - y + 0.5,
                       camera.projection, camera.distortion)
    return unit_directions(pixel)[0, 0] * OPENCV_FROM_OPENGL


def test_opencv_projects_each_ray_to_the_centre_of_its_pixel(camera):
    directions = unit_directions(camera)
    assert directions.shape == (camera.height, camera.width, 3)
    assert directions.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(directions, axis=-1), 1.0, atol=1e-6)
    rays = directions.reshape(-1, 3).astype(np.float64) * OPENCV_FROM_OPENGL
    ahead = rays[:, 2] > 0.05  # OpenCV projects nothing else
    assert ahead.mean() > 0.9
    error = _projected(rays[ahead], camera) - _centres(camera).reshape(-1, 2)[ahead]
    assert np.abs(error).max() < 1e-3


@pytest.mark.parametrize('name', list(CAMERAS))
@given(right=st.floats(-0.55, 0.55), down=st.floats(-0.45, 0.45), distance=st.floats(0.01, 100.0))
@example(right=0.0, down=0.0, distance=1.0)
@settings(deadline=None)
def test_points_are_seen_where_opencv_projects_them(name, right, down, distance):
    point = np.array([[right, down, 1.0]]) * distance
    position = _projected(point, CAMERAS[name])[0]
    direction = _at(CAMERAS[name], position)
    # 1e-6 radians are less than 1e-3 pixels of any of these cameras.
    np.testing.assert_allclose(direction, point[0] / np.linalg.norm(point), atol=1e-6)


def test_levels_look_where_the_full_picture_does(camera):
    full = unit_directions(camera)
    for level in StrideLevels((16, 8, 4, 2, 1)).levels(camera):
        every = slice(level.offset, None, level.stride)
        np.testing.assert_allclose(
            unit_directions(level.intrinsics), full[every, every], atol=1e-6
        )


def test_the_cosines_are_those_of_the_angles_to_the_optical_axis(camera):
    cosines = axis_cosines(camera)
    np.testing.assert_array_equal(cosines, unit_directions(camera) @ (0.0, 0.0, -1.0))
    with pytest.raises(ValueError, match='read-only'):
        cosines[0, 0] = 0.0
    assert axis_cosines(camera) is cosines


@pytest.mark.parametrize(
    ('k1', 'k2'),
    [(-0.4, 0.0), (-0.5, 0.07)],  # the second one rises again: to what no lens has
)
def test_where_distortion_folds_back_nothing_is_seen(k1, k2):
    camera = Intrinsics(200, 160, 70.0, 75.0, 98.0, 83.0, distortion=(k1, k2, 0.0, 0.0))
    # r (1 + k1 r^2 + k2 r^4) is largest where 1 + 3 k1 s + 5 k2 s^2 = 0, s = r^2.
    turn = -1.0 / (3.0 * k1)
    if k2:
        turn = (-3.0 * k1 - math.sqrt(9.0 * k1 * k1 - 20.0 * k2)) / (10.0 * k2)
    largest = math.sqrt(turn) * (1.0 + k1 * turn + k2 * turn * turn)
    distances = np.hypot(*((_centres(camera) - (98.0, 83.0)) / (70.0, 75.0)).transpose(2, 0, 1))
    seen = np.isfinite(unit_directions(camera)).all(axis=-1)
    assert 0.05 < seen.mean() < 0.8
    near = np.abs(distances - largest) < 1e-3 * largest
    np.testing.assert_array_equal(seen[~near], distances[~near] < largest)
    assert axis_cosines(camera)[seen].min() >= 1.0 / math.sqrt(1.0 + turn) - 1e-3


def test_rays_up_to_where_a_skewed_lens_folds_back_are_opencvs():
    camera = Intrinsics(160, 120, 75.0, 76.0, 81.0, 58.0, distortion=(-0.4, 0.0, 4e-3, -3e-3))
    rays = unit_directions(camera).reshape(-1, 3).astype(np.float64) * OPENCV_FROM_OPENGL
    seen = np.isfinite(rays[:, 0])
    assert 0.3 < seen.mean() < 0.8
    error = _projected(rays[seen], camera) - _centres(camera).reshape(-1, 2)[seen]
    assert np.abs(error).max() < 1e-3


def test_where_the_denominator_has_a_pole_nothing_is_seen_beyond_it():
    # r / (1 - r^2 / 4) rises to infinity at r = 2, and comes from minus infinity behind it.
    camera = Intrinsics(101, 1, 5.0, 5.0, 50.5, 0.5,
                        distortion=(0.0, 0.0, 0.0, 0.0, 0.0, -0.25, 0.0, 0.0))
    cosines = axis_cosines(camera)
    assert np.isfinite(cosines).all()
    assert cosines.min() > 1.0 / math.sqrt(1.0 + 2.0 ** 2)


def test_a_fisheye_by_hand():
    # 2 pixels per radian: 1 radian to the right, a quarter turn down, half a turn, and beyond.
    quarter, half = math.pi, 2.0 * math.pi
    camera = Intrinsics(1, 1, 2.0, 2.0, 0.0, 0.0, FISHEYE)
    for position, expected in (
        ((0.0, 0.0), (0.0, 0.0, 1.0)),
        ((2.0, 0.0), (math.sin(1.0), 0.0, math.cos(1.0))),
        ((0.0, quarter), (0.0, 1.0, 0.0)),
        ((0.0, -quarter), (0.0, -1.0, 0.0)),
        ((-half + 1e-9, 0.0), (0.0, 0.0, -1.0)),
    ):
        np.testing.assert_allclose(_at(camera, position), expected, atol=1e-6)
    assert np.isnan(_at(camera, (half + 1e-6, 0.0))).all()


def test_a_distorted_fisheye_sees_behind_itself_until_it_folds_back():
    # 1 + 0.01 a^2 rises all the way to pi; 1 - 0.05 a^2 until a = sqrt(1 / 0.15) = 2.58.
    for k1, last in ((0.01, math.pi), (-0.05, math.sqrt(1.0 / 0.15))):
        camera = Intrinsics(1, 1, 1.0, 1.0, 0.0, 0.0, FISHEYE, (k1, 0.0, 0.0, 0.0))
        for angle in (1e-7, 0.5, 1.7, 2.4, last - 1e-2):
            direction = _at(camera, (angle * (1.0 + k1 * angle * angle), 0.0))
            np.testing.assert_allclose(
                direction, (math.sin(angle), 0.0, math.cos(angle)), atol=1e-6
            )
        end = last * (1.0 + k1 * last * last)
        assert np.isnan(_at(camera, (end + 1e-6, 0.0))).all()


def test_an_equirectangular_picture_by_hand():
    # 4 x 2 pixels, 90 degrees each: centres at longitudes -135 to 135 and latitudes 45, -45.
    directions = unit_directions(Intrinsics.from_fov_y(4, 2, 0.0, EQUIRECTANGULAR))
    half, diagonal = 0.5, math.sqrt(0.5)
    np.testing.assert_allclose(directions, [
        [(-half, diagonal, half), (-half, diagonal, -half), (half, diagonal, -half),
         (half, diagonal, half)],
        [(-half, -diagonal, half), (-half, -diagonal, -half), (half, -diagonal, -half),
         (half, -diagonal, half)],
    ], atol=1e-6)


def test_an_equirectangular_picture_goes_on_over_the_poles():
    # Rows at 2.5, 1.5, ..., -2.5 radians; over the pole, 2.5 is pi - 2.5 on the other side.
    camera = Intrinsics(1, 6, 1.0, 1.0, 0.5, 3.0, EQUIRECTANGULAR)
    over, under = unit_directions(camera)[[0, -1], 0]
    height, back = math.sin(math.pi - 2.5), math.cos(math.pi - 2.5)
    np.testing.assert_allclose(over, (0.0, height, back), atol=1e-6)
    np.testing.assert_allclose(under, (0.0, -height, back), atol=1e-6)
