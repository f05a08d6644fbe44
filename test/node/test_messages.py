# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Encodings and messages, without a node."""

from __future__ import annotations

from nerfstudio_renderer_ros import image_encodings
from nerfstudio_renderer_ros.messages import duration
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
