# SPDX-License-Identifier: Apache-2.0
"""Compressed and full-size pictures, between two processes."""

from __future__ import annotations

from collections.abc import Iterator
import itertools
from typing import Any

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from support.client import Client, pose

FRESH = itertools.count(1.1)  # a position for each update, so that none is a repetition
TO_BGR = {
    'rgb8': cv2.COLOR_RGB2BGR, 'rgba8': cv2.COLOR_RGBA2BGR, 'bgra8': cv2.COLOR_BGRA2BGR,
    'bgr8': None, 'mono8': None,
}


def _pixels(message: Image) -> np.ndarray:
    pixels = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, -1)
    return pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels


def _bgr_or_grey(message: Image) -> np.ndarray:
    conversion = TO_BGR[message.encoding]
    return _pixels(message) if conversion is None else cv2.cvtColor(_pixels(message), conversion)


@pytest.fixture(scope='module')
def client(lasting_client: Client) -> Client:
    """Return the client of all these tests."""
    return lasting_client


@pytest.fixture
def setting(client: Client) -> Iterator[Any]:
    """Return what sets a parameter for the time of a test."""
    defaults = {'encoding': 'rgb8', 'compressed_format': 'jpeg', 'jpeg_quality': 95}

    def set_parameter(name: str, value: Any) -> None:
        assert client.set_parameter(name, value).successful

    yield set_parameter
    for name, value in defaults.items():
        set_parameter(name, value)


@pytest.mark.parametrize('encoding', TO_BGR)
def test_a_png_holds_the_very_image_in_every_encoding(client, setting, encoding):
    setting('encoding', encoding)
    setting('compressed_format', 'png')
    compressed = client.listen_to_frames(CompressedImage, 'image/compressed')
    frames = client.show(pose(next(FRESH)), client.images, compressed)
    assert [info.level for info, *_ in frames] == [0, 1, 2]
    for _, image, file in frames:
        assert file.header == image.header
        assert image.encoding == encoding
        decoded = cv2.imdecode(np.frombuffer(file.data, np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(decoded, _bgr_or_grey(image))
        # What image_transport's subscriber takes the encoding from.
        assert file.format.partition(';')[0] == encoding


def test_jpeg_is_near_the_image_and_nearer_the_higher_its_quality(client, setting):
    compressed = client.listen_to_frames(CompressedImage, 'image/compressed')
    errors, sizes = [], []
    for quality in (95, 10):
        setting('jpeg_quality', quality)
        _, image, file = client.show(pose(next(FRESH)), client.images, compressed)[-1]
        assert file.format == 'rgb8; jpeg compressed bgr8'
        decoded = cv2.imdecode(np.frombuffer(file.data, np.uint8), cv2.IMREAD_UNCHANGED)
        errors.append(np.abs(decoded.astype(int) - _bgr_or_grey(image)).mean())
        sizes.append(len(file.data))
    assert errors[0] < 1.0
    assert errors[0] < errors[1]
    assert sizes[0] > sizes[1]


def test_cv_bridge_decodes_it(client, setting):
    cv_bridge = pytest.importorskip('cv_bridge', reason='cv_bridge is not installed')
    setting('compressed_format', 'png')
    compressed = client.listen_to_frames(CompressedImage, 'image/compressed')
    _, image, file = client.show(pose(next(FRESH)), client.images, compressed)[-1]
    decoded = cv_bridge.CvBridge().compressed_imgmsg_to_cv2(file, 'rgb8')
    np.testing.assert_array_equal(decoded, _pixels(image))


@pytest.mark.parametrize('encoding', ['rgb8', 'bgra8', 'mono8'])
def test_full_size_pictures_show_each_thing_at_the_same_place_on_every_level(
    client, setting, encoding
):
    setting('encoding', encoding)
    full_size = client.listen_to_frames(Image, 'image_full')
    frames = client.show(pose(next(FRESH)), client.images, full_size)
    assert [(info.height, info.width) for info, *_ in frames] == [(12, 16), (24, 32), (48, 64)]
    finest = frames[-1][1]
    # Green is an even slope downwards, of 5.3 steps a row: half a row would be seen. Beyond the
    # outermost pixels of the coarsest level nothing is known.
    inside = slice(4, -4), slice(4, -4)
    for _, image, full in frames:
        assert full.header == image.header
        assert (full.height, full.width, full.encoding, full.step) == (
            48, 64, encoding, finest.step
        )
        difference = np.abs(_pixels(full)[inside].astype(int) - _pixels(finest)[inside])
        assert difference.max() <= 1
    assert frames[-1][2].data == finest.data
