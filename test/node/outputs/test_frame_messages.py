# SPDX-License-Identifier: Apache-2.0
"""Messages about frames, without a node."""

from __future__ import annotations

import math

import cv2
from nerfstudio_renderer import Intrinsics
from nerfstudio_renderer_ros.outputs import messages
import numpy as np
import pytest
from std_msgs.msg import Header
from support.frames import frame_with

HEADER = Header(frame_id='eye')
# fx = fy = 1, and the middle of the first of two pixels on the optical axis: the second is seen at
# 45 degrees, where depth along the ray is the square root of two of that along the axis.
TWO_PIXELS = Intrinsics(2, 1, 1.0, 1.0, 0.5, 0.5)
ORANGE = (255, 128, 0)


def _two_pixels(depths: tuple[float, float], accumulations: tuple[float, float]) -> np.ndarray:
    return np.array([
        [[1.0, 0.5, 0.0, depth, accumulation]
         for depth, accumulation in zip(depths, accumulations, strict=True)]
    ])


def test_depth_is_along_the_optical_axis_and_in_metres():
    pixels = _two_pixels((3.0, 3.0 * math.sqrt(2.0)), (1.0, 1.0))
    message = messages.depth_image(frame_with(pixels, TWO_PIXELS, units_per_metre=1.5), HEADER)
    assert (message.encoding, message.step, message.is_bigendian) == ('32FC1', 8, 0)
    assert (message.width, message.height) == (2, 1)
    assert message.header == HEADER
    assert np.frombuffer(message.data, np.float32).tolist() == pytest.approx([2.0, 2.0])


def test_depth_in_millimetres():
    pixels = _two_pixels((3.0, 3.0), (1.0, 0.4))
    frame = frame_with(pixels, TWO_PIXELS, units_per_metre=2.0, depth_encoding='16UC1')
    message = messages.depth_image(frame, HEADER)
    assert (message.encoding, message.step, message.is_bigendian) == ('16UC1', 4, 0)
    assert np.frombuffer(message.data, np.uint16).tolist() == [1500, 0]


@pytest.mark.parametrize(
    ('least', 'seen'), [(0.0, [True, True]), (0.25, [True, True]), (0.5, [False, True]),
                        (1.0, [False, False])]
)
def test_there_is_no_depth_where_there_is_too_little(least, seen):
    pixels = _two_pixels((2.0, 2.0), (0.25, 0.75))
    frame = frame_with(pixels, TWO_PIXELS, depth_min_accumulation=least)
    depth = np.frombuffer(messages.depth_image(frame, HEADER).data, np.float32)
    assert np.isfinite(depth).tolist() == seen
    assert np.isnan(depth).tolist() == [not each for each in seen]


def test_a_coarse_picture_stands_where_it_is_in_the_full_one():
    # Every other pixel of four.
    full, level = Intrinsics(4, 1, 8.0, 8.0, 2.0, 0.5), Intrinsics(2, 1, 4.0, 4.0, 1.25, 0.5)
    pixels = np.zeros((1, 2, 5))
    pixels[0, 1, :3] = 1.0, 0.5, 0.0
    message = messages.full_image(frame_with(pixels, full, level, encoding='bgr8'), HEADER)
    assert (message.width, message.height, message.encoding, message.step) == (4, 1, 'bgr8', 12)
    blue_green_red = np.frombuffer(message.data, np.uint8).reshape(4, 3)
    assert blue_green_red.tolist() == [[0, 0, 0], [0, 64, 128], [0, 128, 255], [0, 128, 255]]


# As image_transport_plugins' compressed_publisher.cpp writes them.
@pytest.mark.parametrize(
    ('encoding', 'file_format', 'expected'),
    [
        ('rgb8', 'jpeg', 'rgb8; jpeg compressed bgr8'),
        ('rgb8', 'png', 'rgb8; png compressed bgr8'),
        ('bgr8', 'jpeg', 'bgr8; jpeg compressed bgr8'),
        ('rgba8', 'png', 'rgba8; png compressed bgr8'),
        ('bgra8', 'jpeg', 'bgra8; jpeg compressed bgr8'),
        ('mono8', 'jpeg', 'mono8; jpeg compressed mono8'),
        ('mono8', 'png', 'mono8; png compressed '),
    ],
)
def test_compressed_images_say_what_is_in_them(encoding, file_format, expected):
    pixels = np.zeros((8, 8, 5))
    pixels[..., :3] = np.array(ORANGE) / 255.0
    frame = frame_with(pixels, encoding=encoding, compressed_format=file_format)
    message = messages.compressed_image(frame, HEADER)
    assert message.header == HEADER
    assert message.format == expected
    stored = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_UNCHANGED)
    # 0.299 * 255 + 0.587 * 128 = 151.4
    wanted = np.full((8, 8), 151) if encoding == 'mono8' else np.full((8, 8, 3), ORANGE[::-1])
    assert stored.shape == wanted.shape
    assert np.abs(stored.astype(int) - wanted).max() <= (0 if file_format == 'png' else 2)
