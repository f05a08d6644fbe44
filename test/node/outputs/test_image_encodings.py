# SPDX-License-Identifier: Apache-2.0
"""Encodings and messages, without a node."""

from __future__ import annotations

import math

import cv2
from nerfstudio_renderer import Intrinsics, StrideLevels
from nerfstudio_renderer_ros.outputs import image_encodings
from nerfstudio_renderer_ros.outputs.messages import duration
import numpy as np
import pytest

ENCODINGS = ('rgb8', 'bgr8', 'rgba8', 'bgra8', 'mono8')


def _every_grey_and_many_colours() -> np.ndarray:
    colours = np.random.default_rng(0).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    colours[:256, 0] = np.arange(256, dtype=np.uint8)[:, None]
    return colours


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_the_bytes_are_the_same_with_and_without_cv_bridge(encoding, monkeypatch):
    pytest.importorskip('cv_bridge', reason='cv_bridge is not installed: nothing to compare with')
    rgb = _every_grey_and_many_colours()
    with_cv_bridge = image_encodings.encode(rgb, encoding)
    monkeypatch.setattr(image_encodings, 'CvBridge', None)
    without = image_encodings.encode(rgb, encoding)
    assert with_cv_bridge.tobytes() == without.tobytes()
    assert with_cv_bridge.shape == without.shape


@pytest.mark.parametrize(
    ('encoding', 'expected'),
    [
        ('rgb8', [255, 128, 0]),
        ('bgr8', [0, 128, 255]),
        ('rgba8', [255, 128, 0, 255]),
        ('bgra8', [0, 128, 255, 255]),
        # 0.299 * 255 + 0.587 * 128 + 0.114 * 0 = 151.4
        ('mono8', 151),
    ],
)
def test_an_orange_pixel_by_hand(encoding, expected):
    orange = np.array([[[255, 128, 0]]], dtype=np.uint8)
    assert image_encodings.encode(orange, encoding)[0, 0].tolist() == expected


@pytest.mark.parametrize(
    ('seconds', 'sec', 'nanosec'),
    [(0.0, 0, 0), (1.5, 1, 500_000_000), (0.9999999999, 1, 0), (26.000000001, 26, 1)],
)
def test_durations_by_hand(seconds, sec, nanosec):
    message = duration(seconds)
    assert (message.sec, message.nanosec) == (sec, nanosec)


def test_depth_in_metres_stays_as_it_is():
    metres = np.array([[0.5, math.nan, 70.0]], dtype=np.float32)
    encoded = image_encodings.encode_depth(metres, '32FC1')
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded, metres)


@pytest.mark.parametrize(
    ('metres', 'millimetres'),
    [
        (1.2344, 1234),
        (1.2346, 1235),
        (0.0004, 0),
        (0.0006, 1),
        (math.nan, 0),
        (math.inf, 0),
        (65.5354, 65535),
        (65.5356, 0),
        (70.0, 0),  # not 70000 modulo 65536
    ],
)
def test_depth_in_millimetres_by_hand(metres, millimetres):
    encoded = image_encodings.encode_depth(np.array([[metres]], dtype=np.float32), '16UC1')
    assert encoded.dtype == np.uint16
    assert encoded.tolist() == [[millimetres]]


def test_a_png_is_the_picture_itself():
    bgr = _every_grey_and_many_colours()
    data = image_encodings.compress(bgr, 'png', 1)
    assert data[:8] == b'\x89PNG\r\n\x1a\n'
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(decoded, bgr)


def test_a_jpeg_of_higher_quality_is_larger_and_nearer_to_the_picture():
    ramp = np.add.outer(np.arange(64), 2 * np.arange(48))[..., None] % np.array([256, 128, 64])
    bgr = ramp.astype(np.uint8)
    sizes, errors = [], []
    for quality in (5, 50, 95):
        data = image_encodings.compress(bgr, 'jpeg', quality)
        assert data[:3] == b'\xff\xd8\xff'
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        sizes.append(len(data))
        errors.append(np.abs(decoded.astype(int) - bgr).mean())
    assert sizes[0] < sizes[1] < sizes[2]
    assert errors[0] > errors[1] > errors[2]


def _level_of(strides: tuple[int, ...], full: Intrinsics) -> Intrinsics:
    """Return the projection of the coarsest level."""
    return StrideLevels(strides).levels(full)[0].intrinsics


@pytest.mark.parametrize(
    ('strides', 'coarse', 'expected'),
    [
        # Pixels 0 and 2 of 4: what is between is half of both, what is beyond is as the last.
        ((2, 1), [0, 100], [0, 50, 100, 100]),
        # Pixels 2 and 6 of 8.
        ((4, 2, 1), [0, 200], [0, 0, 0, 50, 100, 150, 200, 200]),
        # Pixels 1 and 4 of 6.
        ((3,), [30, 120], [30, 30, 60, 90, 120, 120]),
        ((1,), [1, 2, 3], [1, 2, 3]),
    ],
    ids=str,
)
@pytest.mark.parametrize('down', [False, True], ids=['across', 'down'])
def test_a_coarse_row_at_full_size_by_hand(strides, coarse, expected, down):
    rows = np.array(coarse, dtype=np.uint8)[None, :, None].repeat(3, axis=-1)
    rows = rows.repeat(len(coarse), axis=0)
    full = Intrinsics(len(expected), len(expected), 9.0, 7.0, 2.3, 1.4)
    rgb = np.ascontiguousarray(rows.swapaxes(0, 1)) if down else rows
    result = image_encodings.resample(rgb, _level_of(strides, full), full)
    assert result.shape == (len(expected), len(expected), 3)
    line = result[:, 0] if down else result[0]
    for channel in range(3):
        assert line[:, channel].tolist() == pytest.approx(expected, abs=1)


@pytest.mark.parametrize('strides', [(2, 1), (4, 2, 1), (16, 8, 4, 2, 1), (5,), (6, 3)], ids=str)
def test_an_even_slope_is_the_same_at_every_level(strides):
    full = Intrinsics(97, 61, 80.0, 70.0, 50.2, 29.7)
    slope = np.add.outer(2.0 * np.arange(61), 1.3 * np.arange(97))
    picture = np.stack([slope, 250.0 - slope, 0.5 * slope], axis=-1).clip(0, 255).astype(np.uint8)
    level = StrideLevels(strides).levels(full)[0]
    every = slice(level.offset, None, level.stride)
    rgb = np.ascontiguousarray(picture[every, every])
    result = image_encodings.resample(rgb, level.intrinsics, full)
    inside = np.ix_(
        range(level.rows[0], level.rows[-1] + 1), range(level.columns[0], level.columns[-1] + 1)
    )
    error = np.abs(result[inside].astype(int) - picture[inside])
    assert error.max() <= 1, error.max()
