# SPDX-License-Identifier: Apache-2.0
"""The nerfstudio engine against nerfstudio's own evaluation of the same cameras."""

from __future__ import annotations

import math
from pathlib import Path

from nerfstudio.cameras.cameras import Cameras
from nerfstudio.models.nerfacto import NerfactoModel
from nerfstudio_renderer import (
    c2w_from_euler,
    Camera,
    ConfigurationError,
    Intrinsics,
    load_scene,
    select_engine,
    StrideLevels,
)
from nerfstudio_renderer.device import CPU
from nerfstudio_renderer.engines.nerfstudio.engine import nerfstudio_engine
import numpy as np
import pytest
from support.engines import camera_at, every_level, series
from support.scenes import write_scene
import torch

ONE_STEP = 1.0 / 255.0
VIEW = Camera(c2w_from_euler((0.2, -0.1, 0.4), (70.0, 10.0, 30.0)),
              Intrinsics(30, 22, 25.0, 27.0, 14.0, 12.0))


def _nerfstudio_outputs(model, camera: Camera) -> dict[str, torch.Tensor]:
    pinhole = camera.intrinsics
    cameras = Cameras(
        torch.tensor(camera.c2w.tolist()), pinhole.fx, pinhole.fy, pinhole.cx, pinhole.cy,
        pinhole.width, pinhole.height,
    )
    return model.get_outputs_for_camera(cameras)


@pytest.mark.parametrize(
    'changes',
    [
        {},
        {'use_average_appearance_embedding': False},
        {'background_color': 'white'},
        {'disable_scene_contraction': True},
        {'method': 'depth-nerfacto'},
    ],
    ids=str,
)
def test_the_finest_level_equals_nerfstudios_own_picture(tmp_path: Path, changes: dict):
    engine = nerfstudio_engine(load_scene(write_scene(tmp_path / 'scene', **changes)), CPU)
    frames = series(engine, VIEW, every_level(8, 4, 2, 1))
    outputs = _nerfstudio_outputs(engine.model, VIEW)
    finest = frames[-1]
    expected = outputs['rgb'].numpy()
    assert expected.std() > 0.01  # there is something to see
    assert np.abs(finest.image.rgb - expected).max() <= ONE_STEP
    assert np.mean(np.abs(finest.image.rgb - expected) > 1e-5) < 0.01
    close = np.isclose(finest.image.depth, outputs['depth'][..., 0].numpy(), rtol=1e-3)
    assert close.mean() > 0.99  # a median may fall on the neighbouring sample
    np.testing.assert_allclose(
        finest.image.accumulation, outputs['accumulation'][..., 0].numpy(), atol=1e-4
    )


@pytest.mark.parametrize('method', ['vanilla-nerf', 'mipnerf'])
def test_of_a_coarse_and_a_fine_network_the_fine_one_s_picture_is_shown(tmp_path: Path, method):
    scene = load_scene(write_scene(tmp_path / 'scene', method=method))
    engine = select_engine(scene, device='cpu')
    *_, finest = series(engine, VIEW, every_level(2, 1))
    outputs = _nerfstudio_outputs(engine.model, VIEW)
    assert np.abs(finest.image.rgb - outputs['rgb_fine'].numpy()).max() <= ONE_STEP
    np.testing.assert_allclose(
        finest.image.accumulation, outputs['accumulation_fine'][..., 0].numpy(), atol=1e-4
    )


def test_coarse_levels_are_pixels_of_the_finest(tiny_scene):
    engine = select_engine(load_scene(tiny_scene), 'nerfstudio', 'cpu')
    coarse, fine = series(engine, VIEW, every_level(4, 1))
    level = StrideLevels((4, 1)).levels(VIEW.intrinsics)[0]
    every = slice(level.offset, None, level.stride)
    np.testing.assert_array_equal(coarse.image.rgb, fine.image.rgb[every, every])


def test_a_rasterising_method_renders_whole_pictures(tiny_scene, monkeypatch):
    sizes = []

    def rasterise(model, camera, obb_box=None):
        height, width = int(camera.height), int(camera.width)
        sizes.append((width, height, float(camera.fx)))
        return {'rgb': torch.full((height, width, 3), 2.0)}

    monkeypatch.setattr(NerfactoModel, 'get_outputs_for_camera', rasterise, raising=False)
    engine = select_engine(load_scene(tiny_scene), 'nerfstudio', 'cpu')
    frames = series(engine, VIEW, every_level(2, 1))
    assert sizes == [(15, 11, 12.5), (30, 22, 25.0)]
    assert [frame.image.rgb.max() for frame in frames] == [1.0, 1.0]  # clamped
    assert frames[-1].image.accumulation.min() == 1.0


@pytest.mark.parametrize(
    ('method', 'name'), [('splatfacto', 'SplatfactoModel'), ('instant-ngp', 'NGPModel')]
)
def test_a_method_that_needs_a_gpu_is_refused_without_one(tmp_path, method, name):
    scene = load_scene(write_scene(tmp_path / 'scene', method=method))
    with pytest.raises(ConfigurationError, match=f'{name}, is rendered on CUDA devices alone'):
        select_engine(scene, 'nerfstudio', 'cpu')


def test_an_engine_that_there_is_not_is_refused(tiny_scene):
    names = 'auto, fused, gaussians, nerfstudio'
    with pytest.raises(ConfigurationError, match=f"'fast' is not one of {names}"):
        select_engine(load_scene(tiny_scene), 'fast')


@pytest.mark.parametrize('name', ['tpu', 'cuda:77', 'mps', ''])
def test_a_device_that_there_is_not_is_refused(tiny_scene, name):
    with pytest.raises(ConfigurationError, match=f"device '{name}'"):
        select_engine(load_scene(tiny_scene), device=name)


def test_a_camera_at_infinity_of_precision_is_still_finite(tiny_scene):
    # Far outside the contraction's reach: a picture of nothing, but a picture.
    engine = select_engine(load_scene(tiny_scene), 'nerfstudio', 'cpu')
    (frame,) = series(engine, camera_at(1e6), every_level(1))
    assert all(math.isfinite(value) for value in frame.image.rgb.ravel())
