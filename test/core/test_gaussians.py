# SPDX-License-Identifier: Apache-2.0
"""The value that holds a scene of Gaussians."""

from dataclasses import fields, replace

from nerfstudio_renderer.engines.gaussians.gaussians import Gaussians, SH_DEGREE_0
from nerfstudio_renderer.errors import SceneError
import numpy as np
import pytest
from support.gaussian_scenes import room

ARRAYS = ['means', 'quaternions', 'log_scales', 'opacities', 'sh']


def test_knows_its_size_and_degree():
    assert [room(7, degree=degree).sh_degree for degree in range(4)] == [0, 1, 2, 3]
    assert len(room(7)) == 7
    assert [field.name for field in fields(Gaussians)][:5] == ARRAYS


@pytest.mark.parametrize('name', ARRAYS)
def test_refuses_arrays_of_another_length_or_type(name):
    scene = room(7)
    with pytest.raises(SceneError, match=r'instead of'):
        replace(scene, **{name: getattr(scene, name)[:-1]})
    with pytest.raises(SceneError, match=f'{name} is of type float64 instead of float32'):
        replace(scene, **{name: getattr(scene, name).astype(np.float64)})


def test_refuses_coefficients_of_no_degree():
    with pytest.raises(SceneError, match=r'sh has the shape \(7, 5, 3\)'):
        replace(room(7), sh=np.zeros((7, 5, 3), np.float32))
    with pytest.raises(SceneError, match=r'sh has the shape \(7, 3\)'):
        replace(room(7), sh=np.zeros((7, 3), np.float32))


def test_refuses_a_background_that_is_no_colour():
    with pytest.raises(SceneError, match='background'):
        replace(room(7), background=(0.0, 1.0))


def test_half_precision_is_kept():
    scene = room(7)
    assert replace(scene, sh=scene.sh.astype(np.float16)).sh.dtype == np.float16


def test_colours_that_are_a_sigmoid():
    scene = room(3)
    logits = np.array([[0.0, 2.0, -2.0], [100.0, -100.0, 0.5], [1.0, 1.0, 1.0]], np.float32)
    converted = Gaussians.from_sigmoid_colours(
        scene.means, scene.quaternions, scene.log_scales, scene.opacities, logits
    )
    expected = 1.0 / (1.0 + np.exp(-logits.astype(np.float64)))
    assert np.allclose(converted.sh[:, 0] * SH_DEGREE_0 + 0.5, expected, atol=1e-6)
    with pytest.raises(SceneError, match='features_dc'):
        Gaussians.from_sigmoid_colours(
            scene.means, scene.quaternions, scene.log_scales, scene.opacities, logits[:2]
        )
