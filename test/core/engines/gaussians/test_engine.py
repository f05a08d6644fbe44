# SPDX-License-Identifier: Apache-2.0
"""Gaussians as a scene: through the queue, for every camera."""

from __future__ import annotations

from pathlib import Path

from nerfstudio_renderer import (
    Camera,
    choose_engine,
    ConfigurationError,
    Intrinsics,
    load_scene,
    NerfStudioRenderQueue,
    optical_depth,
    Projection,
    Renderer,
    select_engine,
)
from nerfstudio_renderer.cameras.directions import unit_directions
from nerfstudio_renderer.device import CPU, Device
from nerfstudio_renderer.engines import registry
from nerfstudio_renderer.engines.gaussians.covering import render_covered
from nerfstudio_renderer.engines.gaussians.cpu.rasterizer import PackedGaussians, Rasterizer
from nerfstudio_renderer.scene.gaussians import Gaussians
import numpy as np
import pytest
from support.gaussian_reference import render as reference
from support.gaussian_scenes import edited, looking, room
from support.splat_files import ply as ply_of

VIEW = Intrinsics.from_fov_y(160, 90, 60.0)


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio of two pictures, decibels."""
    error = np.mean((first.astype(np.float64) - second) ** 2)
    return float(-10.0 * np.log10(max(error, 1e-30)))


@pytest.fixture(scope='module')
def ply(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of Gaussians as ns-export writes it."""
    path = tmp_path_factory.mktemp('room') / 'room.ply'
    path.write_bytes(ply_of(room(4000)))
    return path


def test_a_file_is_a_scene(ply):
    renderer = Renderer(load_scene(ply), device='cpu')
    frame = renderer.render(Camera(looking(), VIEW))
    expected = reference(room(4000, background=(0.0, 0.0, 0.0)), looking(), VIEW)
    assert renderer.engine == 'gaussians'
    assert psnr(frame.rgb, expected[..., :3]) > 90.0


def test_depth_is_along_the_rays_inside_and_along_the_axis_for_robots(ply):
    frame = Renderer(load_scene(ply), device='cpu').render(Camera(looking(), VIEW))
    expected = reference(room(4000, background=(0.0, 0.0, 0.0)), looking(), VIEW)
    seen = frame.accumulation > 0.5
    along_axis = optical_depth(frame, 0.5)
    np.testing.assert_allclose(along_axis[seen], expected[seen][:, 3], rtol=1e-4)
    assert (frame.depth[seen] >= along_axis[seen]).all()
    assert np.isnan(along_axis[~seen]).all()


def test_the_queue_ends_with_the_exact_picture(ply):
    expected = Renderer(load_scene(ply), device='cpu').render(Camera(looking(), VIEW))
    with NerfStudioRenderQueue(ply, device='cpu', width=160, height=90, fov_y_deg=60.0) as rq:
        rq._queue.update(Camera(looking(), VIEW))
        assert rq._queue.wait_until_idle(20.0)
        np.testing.assert_array_equal(rq.get_rgb_image(), expected.rgb)
        assert rq.get_rgb_image() is None


def test_engines_for_other_methods_refuse_it_with_one_line(ply):
    for name in ('fused', 'nerfstudio'):
        with pytest.raises(ConfigurationError, match=f"engine '{name}' cannot render .* of ply"):
            select_engine(load_scene(ply), name, 'cpu')


def test_where_auto_finds_a_gpu_it_goes_on_to_the_cpu_for_what_that_cannot_render(
    ply, monkeypatch
):
    monkeypatch.setattr(registry, 'candidate_devices', lambda name: (Device('cuda'), CPU))
    engine, why = choose_engine(load_scene(ply))
    assert (engine.name, engine.device) == ('gaussians', CPU)
    assert 'it renders on the CPU alone, and the device is cuda:0' in why


def test_a_gpu_that_was_asked_for_is_not_replaced(ply, monkeypatch):
    monkeypatch.setattr(registry, 'candidate_devices', lambda name: (Device('cuda'),))
    with pytest.raises(ConfigurationError, match='no engine renders this scene on cuda:0: gauss'):
        choose_engine(load_scene(ply), device='cuda')


def _lamps() -> Gaussians:
    """
    Return round Gaussians apart from each other, all around the eye.

    So neither the order of their depths nor the direction in which they are projected matters, and
    they are larger than a pixel, whose size blurs them.
    """
    gaussians = room(150, degree=0)
    random = np.random.default_rng(3)
    directions = random.normal(size=(150, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    means = (looking()[:, 3] + 5.0 * directions).astype(np.float32)
    lamps = edited(gaussians, 'means', np.s_[:], means)
    return edited(lamps, 'log_scales', np.s_[:], np.log(0.15))


def _covered(gaussians, camera: Camera) -> np.ndarray:
    rasterizer = Rasterizer(PackedGaussians(gaussians))
    return render_covered(camera, lambda pinhole: rasterizer.render(pinhole.c2w,
                                                                    pinhole.intrinsics))


def test_resampled_pinholes_are_what_pinholes_are():
    gaussians = room(4000)
    camera = Camera(looking(), Intrinsics.from_fov_y(320, 180, 60.0))
    exact = Rasterizer(PackedGaussians(gaussians)).render(camera.c2w, camera.intrinsics)
    assert psnr(_covered(gaussians, camera)[..., :3], exact[..., :3]) > 35.0


@pytest.mark.parametrize(
    'intrinsics',
    [
        Intrinsics.from_fov_y(128, 128, 200.0, Projection.FISHEYE),
        Intrinsics.from_fov_y(200, 100, 50.0, Projection.EQUIRECTANGULAR),
        Intrinsics(160, 90, 90.0, 90.0, 70.0, 50.0, distortion=(-0.2, 0.05, 0.001, -0.002)),
    ],
    ids=['fisheye', 'equirectangular', 'distorted'],
)
def test_wide_and_distorted_cameras_see_what_narrow_ones_see_along_their_rays(
    tmp_path, intrinsics
):
    path = tmp_path / 'lamps.ply'
    path.write_bytes(ply_of(_lamps()))
    renderer = Renderer(load_scene(path), device='cpu')
    frame = renderer.render(Camera(looking(), intrinsics))
    directions = unit_directions(intrinsics).reshape(-1, 3)
    pixels = np.random.default_rng(0).choice(
        np.flatnonzero(np.isfinite(directions[:, 0])), 40, replace=False
    )
    # A narrow pinhole that looks along the ray, at the camera's own resolution.
    narrow = Intrinsics(9, 9, intrinsics.fx * 1.25, intrinsics.fx * 1.25, 4.5, 4.5)
    differences = []
    for pixel in pixels:
        back = -directions[pixel].astype(np.float64)
        right = np.cross([0.3, 0.9, 0.1], back)
        right /= np.linalg.norm(right)
        axes = np.column_stack([right, np.cross(back, right), back])
        c2w = np.column_stack([looking()[:, :3] @ axes, looking()[:, 3]])
        along = renderer.render(Camera(c2w, narrow)).rgb[4, 4]
        differences.append(frame.rgb.reshape(-1, 3)[pixel] - along)
    assert -10.0 * np.log10(np.mean(np.square(differences))) > 35.0


def test_a_camera_that_sees_nothing_anywhere_gets_a_black_picture(ply):
    # Distortion that folds back: no pixel has a ray but those near the middle.
    intrinsics = Intrinsics(40, 30, 5.0, 5.0, 20.0, 15.0, distortion=(-5.0, 0.0, 0.0, 0.0))
    frame = Renderer(load_scene(ply), device='cpu').render(Camera(looking(), intrinsics))
    assert (frame.accumulation[0] == 0.0).all()
