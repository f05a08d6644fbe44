# SPDX-License-Identifier: Apache-2.0
"""The pixels of engines, in main memory and as tensors: what is taken, and given out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nerfstudio_renderer import Intrinsics, Projection, RenderError, StrideLevels
from nerfstudio_renderer.engines.host_pixels import HostImage, HostPixels
from nerfstudio_renderer.engines.protocol import CHANNELS
from nerfstudio_renderer.engines.torch_support.pixels import TorchImage, TorchPixels
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Level
import numpy as np
import pytest
import torch

GRID = Intrinsics(5, 3, 4.0, 4.0, 2.5, 1.5)
PIXELS = np.array(
    [[[0.0, 0.5, 1.0, 2.5, 1.0], [0.001, 0.003, 0.998, 7.0, 0.25]]], np.float32
)
IMAGES = {'numpy': HostImage, 'torch': lambda pixels: TorchImage(torch.from_numpy(pixels))}


@pytest.fixture(params=IMAGES)
def image(request: pytest.FixtureRequest) -> Image:
    """Return a picture of two pixels: red, green, blue, depth, accumulation."""
    return IMAGES[request.param](PIXELS.copy())


class Memory:
    """
    HostPixels or TorchPixels, written to with arrays.

    :param pixels: one of them.
    :param own: makes its arrays from numpy's.
    """

    def __init__(self, pixels: HostPixels | TorchPixels, own: Callable[[np.ndarray], Any]) -> None:
        self.pixels = pixels
        self._own = own

    def write(self, indices: np.ndarray, rendered: np.ndarray) -> None:
        """Write some pixels."""
        self.pixels.write(self._own(indices), self._own(rendered))

    def read(self) -> np.ndarray:
        """Return the whole grid, float32 of shape (pixels, CHANNELS)."""
        image = self.pixels.image(Level(self.pixels._grid))
        rest = np.stack([image.depth, image.accumulation], axis=-1)
        return np.concatenate([image.rgb, rest], axis=-1).reshape(-1, CHANNELS)


@pytest.fixture(params=IMAGES)
def memory(request: pytest.FixtureRequest) -> Memory:
    """Return pixels, still without a grid."""
    if request.param == 'numpy':
        return Memory(HostPixels(), np.asarray)
    return Memory(TorchPixels(torch.device('cpu')), torch.from_numpy)


def test_colours_become_the_nearest_bytes(image):
    # 0.5 * 255 = 127.5 is rounded up; 0.001 * 255 = 0.255, 0.003 * 255 = 0.765,
    # 0.998 * 255 = 254.49.
    assert image.rgb8.tolist() == [[[0, 128, 255], [0, 1, 254]]]


def test_every_form_has_its_shape_and_values(image):
    np.testing.assert_array_equal(image.rgb, PIXELS[..., :3])
    assert image.depth.tolist() == [[2.5, 7.0]]
    assert image.accumulation.tolist() == [[1.0, 0.25]]
    assert image.rgb8.flags.c_contiguous


@pytest.mark.parametrize('form', ['rgb', 'rgb8', 'depth', 'accumulation'])
def test_nobody_can_write_into_a_form(image, form):
    array = getattr(image, form)
    assert np.shares_memory(getattr(image, form), array)  # it is made once
    with pytest.raises(ValueError, match='read-only'):
        array[:] = 0


def _random(count: int) -> np.ndarray:
    return np.random.default_rng(count).random((count, CHANNELS), np.float32)


def test_pixels_are_written_where_they_belong(memory):
    memory.pixels.begin(GRID)
    rendered, order = _random(15), np.random.default_rng(1).permutation(15)
    memory.write(order[:4], rendered[order[:4]])
    memory.write(order[4:], rendered[order[4:]])
    np.testing.assert_array_equal(memory.read(), rendered)


def test_a_part_of_a_larger_array_is_written_as_well(memory):
    memory.pixels.begin(GRID)
    wide = _random(30).reshape(15, 2 * CHANNELS)[:, :CHANNELS]  # with gaps
    memory.write(np.arange(15), wide)
    np.testing.assert_array_equal(memory.read(), wide)


def test_an_image_is_a_levels_pixels_and_does_not_change_any_more(memory):
    memory.pixels.begin(GRID)
    rendered = _random(15)
    memory.write(np.arange(15), rendered)
    level = StrideLevels((2, 1)).levels(GRID)[0]
    image = memory.pixels.image(level)
    before = rendered.reshape(3, 5, CHANNELS)[level.offset::2, level.offset::2]
    memory.write(np.arange(15), _random(15) * 0.0)
    memory.pixels.begin(Intrinsics(4, 4, 4.0, 4.0, 2.0, 2.0))
    np.testing.assert_array_equal(image.rgb, before[..., :3])
    np.testing.assert_array_equal(image.depth, before[..., 3])
    np.testing.assert_array_equal(image.accumulation, before[..., 4])


def test_what_has_no_ray_is_black_and_transparent_in_used_memory(memory):
    circle = Intrinsics.from_fov_y(5, 3, 360.0, Projection.FISHEYE)
    memory.pixels.begin(GRID)
    memory.write(np.arange(15), _random(15) + 1.0)
    memory.pixels.begin(circle)  # as many pixels
    assert (memory.read()[[0, 4, 10, 14]] == 0.0).all()
    assert memory.read()[7].all()


@pytest.mark.parametrize('broken', [float('nan'), float('inf'), -float('inf')])
def test_pixels_that_are_not_finite_are_refused_with_their_number(memory, broken):
    memory.pixels.begin(GRID)
    rendered = _random(15)
    rendered[3, 0] = rendered[3, 4] = rendered[8, 3] = broken
    with pytest.raises(RenderError, match='^2 of 15 pixels are not finite: the model diverged'):
        memory.write(np.arange(15), rendered)


@pytest.mark.parametrize('sign', [1.0, -1.0, None])
def test_finite_pixels_whose_sum_overflows_are_finite(memory, sign):
    memory.pixels.begin(GRID)
    rendered = _random(15)
    rendered[:, 3] = np.float32(3e38) * (sign or np.where(np.arange(15) % 4 < 2, 1.0, -1.0))
    memory.write(np.arange(15), rendered)
    np.testing.assert_array_equal(memory.read(), rendered)
