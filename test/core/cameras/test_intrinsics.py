# SPDX-License-Identifier: Apache-2.0
"""Intrinsics: what is a camera, what is refused, and fields of view by hand."""

from __future__ import annotations

import math

from nerfstudio_renderer import ConfigurationError, Intrinsics, Projection, StrideLevels
from nerfstudio_renderer.cameras.directions import unit_directions
import numpy as np
import pytest

PERSPECTIVE, FISHEYE, EQUIRECTANGULAR = Projection


def _intrinsics(projection: Projection, distortion: tuple[float, ...]) -> Intrinsics:
    return Intrinsics(8, 6, 5.0, 5.0, 4.0, 3.0, projection, distortion)


@pytest.mark.parametrize(
    ('projection', 'counts'), [(PERSPECTIVE, {0, 4, 5, 8}), (FISHEYE, {0, 4}),
                               (EQUIRECTANGULAR, {0})],
)
def test_each_projection_takes_its_counts_of_coefficients_and_no_other(projection, counts):
    for count in range(15):
        coefficients = (0.25,) * count
        if count in counts:
            assert _intrinsics(projection, coefficients).distortion == coefficients
        else:
            with pytest.raises(ConfigurationError, match=f'has {count} coefficients.*'
                                                         f'{projection.value} takes 0'):
                _intrinsics(projection, coefficients)


@pytest.mark.parametrize('bad', [math.nan, math.inf])
def test_coefficients_that_are_no_numbers_are_refused_with_the_value(bad):
    with pytest.raises(ConfigurationError, match=rf'distortion \[0.0, {bad}, 0.0, 0.0\] is not'):
        _intrinsics(PERSPECTIVE, (0.0, bad, 0.0, 0.0))


def test_distortion_that_does_nothing_is_none():
    plain = _intrinsics(PERSPECTIVE, ())
    assert _intrinsics(PERSPECTIVE, [0, 0, 0, 0, 0]) == plain
    assert hash(_intrinsics(PERSPECTIVE, (0.0,) * 8)) == hash(plain)
    assert plain.is_pinhole
    assert not _intrinsics(PERSPECTIVE, (0.0, 0.0, 0.0, 0.001)).is_pinhole
    assert not _intrinsics(FISHEYE, ()).is_pinhole


def test_lists_of_coefficients_are_taken_and_can_be_hashed():
    camera = _intrinsics(FISHEYE, [1, 0, 0, 0])
    assert camera.distortion == (1.0, 0.0, 0.0, 0.0)
    assert hash(camera) == hash(_intrinsics(FISHEYE, (1.0, 0.0, 0.0, 0.0)))


def test_the_field_of_view_of_a_fisheye_by_hand():
    # 180 degrees, pi radians, over 6 pixels.
    camera = Intrinsics.from_fov_y(8, 6, 180.0, FISHEYE)
    assert (camera.fx, camera.fy) == pytest.approx((6.0 / math.pi, 6.0 / math.pi))
    assert (camera.cx, camera.cy, camera.projection) == (4.0, 3.0, FISHEYE)


@pytest.mark.parametrize('fov_y_deg', [0.0, 50.0, 999.0])
def test_an_equirectangular_picture_is_the_whole_sphere_by_hand(fov_y_deg):
    # 2 pi over 8 pixels, pi over 6.
    camera = Intrinsics.from_fov_y(8, 6, fov_y_deg, EQUIRECTANGULAR)
    assert (camera.fx, camera.fy) == pytest.approx((4.0 / math.pi, 6.0 / math.pi))
    assert camera.projection is EQUIRECTANGULAR


@pytest.mark.parametrize('fov_y_deg', [0.0, -3.0, 360.5, math.nan])
def test_fields_of_view_that_no_fisheye_has_are_refused(fov_y_deg):
    with pytest.raises(ConfigurationError, match=f'view {fov_y_deg} degrees of a fisheye'):
        Intrinsics.from_fov_y(8, 6, fov_y_deg, FISHEYE)


def test_a_level_has_the_projection_and_the_distortion_of_its_grid():
    full = Intrinsics(64, 48, 30.0, 31.0, 30.0, 25.0, FISHEYE, (0.1, 0.01, 0.0, 0.0))
    for level in StrideLevels((4, 2, 1)).levels(full):
        assert level.intrinsics.projection is FISHEYE
        assert level.intrinsics.distortion == full.distortion
        assert level.standalone().grid == level.intrinsics


@pytest.mark.parametrize(
    ('name', 'value'),
    [('fx', 5e-324), ('fy', 1e-13), ('fx', 1e13), ('fy', 1e308), ('cx', 1e7), ('cy', -1e300)],
)
def test_numbers_that_give_no_finite_rays_are_refused_with_the_value(name, value):
    numbers = {'fx': 500.0, 'fy': 400.0, 'cx': 320.0, 'cy': 240.0, name: value}
    with pytest.raises(ConfigurationError) as refusal:
        Intrinsics(640, 480, **numbers)
    assert f'{name} {value} is' in str(refusal.value)


@pytest.mark.parametrize('projection', Projection)
@pytest.mark.parametrize('focal', [1e-12, 1e12])
@pytest.mark.parametrize('centre', [-1e6, 8.0, 1e6])
def test_whatever_is_taken_has_rays_whose_squares_float32_holds(projection, focal, centre):
    camera = Intrinsics(16, 16, focal, focal, centre, centre, projection)
    for level in StrideLevels((8, 4, 2, 1)).levels(camera):
        slopes = (np.array([0.0, 16.0]) - centre) / focal
        assert np.isfinite(np.float32(slopes) ** 2 * np.float32(2.0)).all()
        directions = unit_directions(level.intrinsics)
        assert np.isfinite(directions).all() or projection is FISHEYE  # beyond its sphere
