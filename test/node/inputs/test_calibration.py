# SPDX-License-Identifier: Apache-2.0
"""CameraInfo in and out, without a node."""

from __future__ import annotations

from dataclasses import replace

from nerfstudio_renderer import Intrinsics, Projection, StrideLevels
from nerfstudio_renderer.cameras.directions import unit_directions
from nerfstudio_renderer_ros.inputs.calibration import Calibration
import numpy as np
import pytest
from std_msgs.msg import Header
from support.camera_infos import (
    camera_info,
    EQUIDISTANT,
    IDENTITY,
    K,
    P,
    PLUMB_BOB,
    project,
    RATIONAL,
    rectify,
    ROI,
    TURN,
)

MODELS = [
    ('plumb_bob', PLUMB_BOB[:4]),
    ('plumb_bob', PLUMB_BOB),
    ('rational_polynomial', RATIONAL),
    ('rational_polynomial', RATIONAL + [0.0] * 4),
    ('rational_polynomial', RATIONAL + [0.0] * 6),
    ('equidistant', EQUIDISTANT),
]
MODEL_IDS = [f'{name}-{len(d)}' for name, d in MODELS]
CENTRES = (0.5, 0.0)


@pytest.mark.parametrize('centre', CENTRES)
@pytest.mark.parametrize(('name', 'd'), MODELS, ids=MODEL_IDS)
@pytest.mark.parametrize(
    ('roi', 'binning'),
    [({}, (0, 0)), (ROI, (1, 1)), ({}, (2, 4)), (ROI, (4, 2))],
    ids=['whole', 'roi', 'binned', 'roi-binned'],
)
def test_each_pixel_looks_where_opencv_sees_that_pixel(name, d, centre, roi, binning):
    message = camera_info(
        roi, distortion_model=name, d=d, binning_x=binning[0], binning_y=binning[1]
    )
    intrinsics = Calibration.from_message(message, centre).intrinsics
    count = np.maximum(binning, 1)
    size = np.array([roi.get('width', 640), roi.get('height', 480)]) // count
    assert (intrinsics.width, intrinsics.height) == tuple(size)
    every = 7
    optical = unit_directions(intrinsics)[::every, ::every] * np.float32([1.0, -1.0, -1.0])
    row, column = np.mgrid[:size[1]:every, :size[0]:every]
    first = np.array([roi.get('x_offset', 0), roi.get('y_offset', 0)])
    # The middle of the count x count pixels that make one; a whole pixel is one of the sensor's.
    expected = first + count * (np.stack([column, row], axis=-1) + 0.5) - 0.5 + centre
    found = project(optical.reshape(-1, 3).astype(np.float64), message)
    np.testing.assert_allclose(found, expected.reshape(-1, 2), atol=1e-3)


def test_the_intrinsics_of_a_cropped_and_binned_camera_by_hand():
    message = camera_info(ROI, binning_x=2, binning_y=4, d=PLUMB_BOB)
    intrinsics = Calibration.from_message(message, 0.5).intrinsics
    # (330 - 100) / 2 = 115, (250 - 50) / 4 = 50
    assert intrinsics == Intrinsics(
        160, 60, 250.0, 100.0, 115.0, 50.0, Projection.PERSPECTIVE, tuple(PLUMB_BOB)
    )
    # OpenCV's (330, 250) is our (330.5, 250.5): (330.5 - 100) / 2, (250.5 - 50) / 4
    other = Calibration.from_message(message, 0.0).intrinsics
    assert other == replace(intrinsics, cx=115.25, cy=50.125)


def test_the_camera_info_of_a_cropped_and_binned_camera_by_hand():
    message = camera_info(ROI, binning_x=2, binning_y=4, d=PLUMB_BOB, p=P, r=TURN.ravel())
    calibration = Calibration.from_message(message, 0.5)
    published = calibration.to_message(calibration.intrinsics, Header())
    assert published.k.tolist() == [250.0, 0.0, 115.0, 0.0, 100.0, 50.0, 0.0, 0.0, 1.0]
    # (320 - 100) / 2 = 110, (240 - 50) / 4 = 47.5; the baseline -57.6 is fx Tx, and fx is halved.
    assert published.p.tolist() == [
        240.0, 0.0, 110.0, -28.8, 0.0, 97.5, 47.5, 0.0, 0.0, 0.0, 1.0, 0.0
    ]
    assert published.r.tolist() == TURN.ravel().tolist()
    assert (published.binning_x, published.binning_y, published.roi.width) == (0, 0, 0)
    assert (published.width, published.height) == (160, 60)


@pytest.mark.parametrize('centre', CENTRES)
@pytest.mark.parametrize(('name', 'd'), MODELS, ids=MODEL_IDS)
def test_the_finest_level_has_the_numbers_of_the_message_to_the_last_bit(name, d, centre):
    random = np.random.default_rng(1)
    for _ in range(20):
        fx, fy, cx, cy = random.uniform(100.0, 900.0, 4)
        message = camera_info(
            distortion_model=name, d=d, k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
            p=[*random.uniform(1.0, 900.0, 8), 0.0, 0.0, 1.0, 0.0], r=TURN.ravel(),
        )
        calibration = Calibration.from_message(message, centre)
        finest = StrideLevels((4, 2, 1)).levels(calibration.intrinsics)[-1].intrinsics
        header = Header(frame_id='eye')
        published = calibration.to_message(finest, header)
        assert published.header is header
        published.header = message.header
        for field in message.get_fields_and_field_types():
            assert np.array_equal(getattr(published, field), getattr(message, field)), field


@pytest.mark.parametrize('centre', CENTRES)
@pytest.mark.parametrize('strides', [(16, 8, 4, 2, 1), (15, 5), (3,)], ids=str)
@pytest.mark.parametrize(('name', 'd'), MODELS[1::2], ids=MODEL_IDS[1::2])
def test_a_point_is_seen_in_the_pixel_of_each_level_that_the_full_picture_sees_it_in(
    name, d, strides, centre
):
    message = camera_info(distortion_model=name, d=d, p=P, r=TURN.ravel())
    calibration = Calibration.from_message(message, centre)
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.4, 0.4, 9))
    points = np.stack([2.0 * x, 2.0 * y, np.full_like(x, 2.0)], axis=-1).reshape(-1, 3)
    in_full = project(points, message)
    rectified_in_full = rectify(in_full, message)
    for level in StrideLevels(strides).levels(calibration.intrinsics):
        published = calibration.to_message(level.intrinsics, Header())
        assert (published.width, published.height) == (len(level.columns), len(level.rows))
        assert (published.distortion_model, list(published.d)) == (name, d)
        in_level = project(points, published)
        rectified_in_level = rectify(in_level, published)
        for full, coarse in (
            (in_full, in_level), (rectified_in_full, rectified_in_level)
        ):
            # Centres lie on centres: that of pixel i on that of pixel offset + stride * i.
            np.testing.assert_allclose(
                level.offset + level.stride * (coarse - centre), full - centre, atol=1e-6
            )


def test_the_baseline_of_a_coarse_level_is_as_many_of_its_pixels():
    calibration = Calibration.from_message(camera_info(p=P), 0.5)
    level = StrideLevels((4,)).levels(calibration.intrinsics)[0]
    p = calibration.to_message(level.intrinsics, Header()).p.reshape(3, 4)
    point = np.array([0.3, -0.2, 1.5, 1.0])
    full = np.array(P).reshape(3, 4) @ point
    coarse = p @ point
    assert coarse[2] == full[2] == 1.5
    np.testing.assert_allclose(
        level.offset + 4 * (coarse[:2] / 1.5 - 0.5), full[:2] / 1.5 - 0.5, atol=1e-9
    )
    assert p[0, 3] == -57.6 / 4


def test_what_a_message_leaves_out_is_a_picture_that_is_rectified_already():
    calibration = Calibration.from_message(camera_info(distortion_model=''), 0.5)
    assert calibration.intrinsics.is_pinhole
    published = calibration.to_message(calibration.intrinsics, Header())
    assert (published.distortion_model, len(published.d)) == ('plumb_bob', 0)
    assert published.r.tolist() == IDENTITY
    assert published.p.reshape(3, 4)[:, :3].ravel().tolist() == K
    assert published.p.reshape(3, 4)[:, 3].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize('centre', CENTRES)
@pytest.mark.parametrize(
    ('projection', 'name', 'd'),
    [
        (Projection.PERSPECTIVE, 'plumb_bob', [0.0] * 5),
        (Projection.FISHEYE, 'equidistant', [0.0] * 4),
        (Projection.EQUIRECTANGULAR, 'equirectangular', []),
    ],
    ids=lambda value: getattr(value, 'value', None),
)
def test_a_camera_of_the_parameters_describes_itself(projection, name, d, centre):
    intrinsics = Intrinsics(64, 48, 40.0, 50.0, 32.0, 24.0, projection)
    calibration = Calibration.ideal(intrinsics, centre)
    assert calibration.intrinsics == intrinsics
    published = calibration.to_message(intrinsics, Header())
    cx, cy = 31.5 + centre, 23.5 + centre
    assert (published.width, published.height) == (64, 48)
    assert (published.distortion_model, list(published.d)) == (name, d)
    assert published.k.tolist() == [40.0, 0.0, cx, 0.0, 50.0, cy, 0.0, 0.0, 1.0]
    assert published.r.tolist() == IDENTITY
    assert published.p.tolist() == [40.0, 0.0, cx, 0.0, 0.0, 50.0, cy, 0.0, 0.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize('projection', [Projection.PERSPECTIVE, Projection.FISHEYE], ids=str)
def test_a_camera_of_the_parameters_can_be_sent_back_to_the_node(projection):
    intrinsics = Intrinsics(64, 48, 40.0, 50.0, 32.0, 24.0, projection)
    published = Calibration.ideal(intrinsics, 0.5).to_message(intrinsics, Header())
    assert Calibration.from_message(published, 0.5).intrinsics == intrinsics


@pytest.mark.parametrize(
    ('name', 'd', 'published', 'same_as'),
    [
        ('equidistant', [*EQUIDISTANT, 0.0], 'equidistant', ('equidistant', EQUIDISTANT)),
        ('equidistant', [0.0] * 5, 'equidistant', ('equidistant', [])),
        ('plumb_bob', [*PLUMB_BOB, 0.0, 0.0, 0.0], 'plumb_bob', ('plumb_bob', PLUMB_BOB)),
        ('rational_polynomial', [0.0] * 5, 'rational_polynomial', ('plumb_bob', [])),
        ('', [0.0] * 5, 'plumb_bob', ('plumb_bob', [])),
        ('pinhole', [0.0] * 4, 'plumb_bob', ('plumb_bob', [])),
        ('none', [], 'plumb_bob', ('plumb_bob', [])),
    ],
)
def test_zeros_that_mean_nothing_are_no_reason_to_refuse(name, d, published, same_as):
    calibration = Calibration.from_message(camera_info(distortion_model=name, d=d), 0.5)
    model, coefficients = same_as
    assert calibration.intrinsics == Calibration.from_message(
        camera_info(distortion_model=model, d=coefficients), 0.5
    ).intrinsics
    message = calibration.to_message(calibration.intrinsics, Header())
    assert (message.distortion_model, list(message.d)) == (published, d)
