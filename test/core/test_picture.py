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
"""The forms in which a frame's pixels are given out."""

from __future__ import annotations

from nerfstudio_renderer.rendering.image import Picture
import numpy as np
import pytest
import torch


@pytest.fixture
def pixels() -> torch.Tensor:
    """Return two pixels: red, green, blue, depth, accumulation."""
    return torch.tensor([[[0.0, 0.5, 1.0, 2.5, 1.0], [0.001, 0.003, 0.998, 7.0, 0.25]]])


def test_colours_become_the_nearest_bytes(pixels):
    # 0.5 * 255 = 127.5 is rounded up; 0.001 * 255 = 0.255, 0.003 * 255 = 0.765,
    # 0.998 * 255 = 254.49.
    assert Picture(pixels).rgb8.tolist() == [[[0, 128, 255], [0, 1, 254]]]


def test_every_form_has_its_shape_and_values(pixels):
    picture = Picture(pixels)
    np.testing.assert_array_equal(picture.rgb, pixels[..., :3].numpy())
    assert picture.depth.tolist() == [[2.5, 7.0]]
    assert picture.accumulation.tolist() == [[1.0, 0.25]]
    assert picture.rgb8.flags.c_contiguous


@pytest.mark.parametrize('form', ['rgb', 'rgb8', 'depth', 'accumulation'])
def test_a_form_is_made_once_and_nobody_can_write_into_it(pixels, form):
    picture = Picture(pixels)
    array = getattr(picture, form)
    assert getattr(picture, form) is array
    with pytest.raises(ValueError, match='read-only'):
        array[:] = 0
