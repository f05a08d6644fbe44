# SPDX-License-Identifier: Apache-2.0
"""What the compiled module of the CPU kernels makes of models and rays of any kind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
import math

from nerfstudio_renderer.engines.nerfacto.cpu import _kernel
import numpy as np
import pytest
from support.packed_models import dense, density, level, ORIGIN, packed_model, rays, render

MODEL = packed_model()
MODELS = {
    'contracted': MODEL,
    'a box and a background': packed_model(contracted=False, last_sample=False, piecewise=False),
    'single samples': packed_model(proposal_samples=(1, 1), field_samples=1),
    'one pass of one layer': packed_model(
        proposals=[replace(density(1), layers=[dense(4, 1)])], proposal_samples=[3]),
    'a field without features': packed_model(field=density(1), head=(dense(0, 9), dense(9, 3))),
    'the smallest tables': packed_model(
        field=replace(density(12), grid=(level(0.0), level(2.0**30, 1)))),
    'wide': packed_model(field=density(65, hidden=129), head=(dense(64, 9), dense(9, 3))),
}


@pytest.mark.parametrize('packed', MODELS.values(), ids=MODELS)
@pytest.mark.parametrize('instruction_set', _kernel.instruction_sets())
def test_every_instruction_set_makes_the_same_picture_of_any_model(instruction_set, packed):
    directions = rays(75)
    picture = render(packed, directions, instruction_set=instruction_set)
    np.testing.assert_allclose(
        picture, render(packed, directions, instruction_set='baseline'), rtol=2e-3, atol=2e-3)
    assert (picture[:, :3] >= 0.0).all()
    assert (picture[:, :3] <= 1.0).all()


@pytest.mark.parametrize('instruction_set', _kernel.instruction_sets())
@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf, 1e38, 0.0])
def test_directions_that_are_none_do_no_harm(instruction_set: str, value: float):
    directions = rays(40)
    directions[::3, 1] = value
    directions[20:22] = value
    picture = render(MODEL, directions, instruction_set=instruction_set)
    others = np.arange(40) % 3 != 0
    others[20:22] = False
    assert np.isfinite(picture[others]).all()


@pytest.mark.parametrize('value', [math.nan, math.inf, 1e38])
def test_parameters_that_are_no_numbers_do_no_harm(value: float):
    packed = packed_model()
    packed.field.grid[0].tables[:] = value
    packed.proposals[0].layers[1].weights[:] = value
    render(packed, rays(40))


def test_arrays_may_begin_at_any_float():
    def moved(array: np.ndarray) -> np.ndarray:
        return np.concatenate([[0.0], array.ravel()]).astype(np.float32)[1:].reshape(array.shape)

    field = MODEL.field
    grid = tuple(replace(level, tables=moved(level.tables)) for level in field.grid)
    assert {level.tables.ctypes.data % 8 for level in grid} == {4}
    layers = tuple(replace(layer, weights=moved(layer.weights)) for layer in field.layers)
    other = replace(MODEL, field=replace(field, grid=grid, layers=layers))
    directions = moved(rays(50))
    for name in _kernel.instruction_sets():
        np.testing.assert_array_equal(
            render(other, directions, instruction_set=name),
            render(MODEL, directions, instruction_set=name))


@pytest.mark.parametrize('threads', [1, 3])
def test_no_rays_are_no_picture(threads: int):
    assert render(MODEL, np.empty((0, 3), np.float32), threads=threads).shape == (0, 5)


def test_its_arrays_are_kept_whatever_becomes_of_the_model():
    directions = rays(33)
    packed = packed_model()
    expected = render(packed, directions)
    renderer = _kernel.Renderer(packed, '', 2)
    for field in fields(packed):
        object.__setattr__(packed, field.name, None)
    del packed
    pictures = np.empty((33, 5), np.float32)
    renderer.render(ORIGIN, directions, pictures)
    np.testing.assert_array_equal(pictures, expected)


def test_threads_of_python_share_a_renderer():
    renderer = _kernel.Renderer(MODEL, '', 3)
    calls = [rays(1 + 37 * i) for i in range(8)]
    expected = [render(MODEL, directions, threads=1) for directions in calls]

    def agrees(index: int) -> bool:
        pictures = np.full((len(calls[index]), 5), np.nan, np.float32)
        renderer.render(ORIGIN, calls[index], pictures)
        return np.array_equal(pictures, expected[index])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(agrees, list(range(8)) * 30))
