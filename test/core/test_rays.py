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
"""The rays that engines render: those of nerfstudio's cameras, and the same for all engines."""

from __future__ import annotations

from dataclasses import replace
import math
from pathlib import Path

from nerfstudio.cameras.cameras import Cameras, CameraType
from nerfstudio_renderer import (
    c2w_from_euler,
    Camera,
    Intrinsics,
    load_scene,
    optical_depth,
    ProgressiveRenderer,
    Projection,
    Quality,
    RenderError,
    select_engine,
    StrideLevels,
    Update,
)
from nerfstudio_renderer.cameras.directions import axis_cosines, unit_directions
from nerfstudio_renderer.engines.nerfstudio import NerfstudioEngine, ray_bundle
from nerfstudio_renderer.engines.rays import CameraRays, ray_mask
from nerfstudio_renderer.scene import Scene
import numpy as np
import pytest
from support.engines import camera_at, PatternEngine
import torch

CPU = torch.device('cpu')
C2W = c2w_from_euler((0.2, -0.1, 0.4), (70.0, 10.0, 30.0))
PLAIN = Intrinsics(30, 22, 25.0, 27.0, 14.3, 12.2)
DISTORTED = replace(PLAIN, distortion=(-0.2, 0.05, 2e-3, -1e-3, -0.004))
FISHEYE = Intrinsics(30, 22, 12.0, 12.5, 14.3, 12.2, Projection.FISHEYE,
                     (-0.02, 0.005, -0.003, 4e-4))
SPHERE = Intrinsics.from_fov_y(32, 16, 0.0, Projection.EQUIRECTANGULAR)
# Pictures with corners, or more, that show nothing.
FOLDED = replace(PLAIN, fx=15.0, fy=15.0, distortion=(-0.5, 0.0, 0.0, 0.0))
CIRCLE = Intrinsics.from_fov_y(30, 22, 360.0, Projection.FISHEYE)


def _nerfstudios(camera: Camera) -> Cameras:
    own, kind, unit = camera.intrinsics, CameraType.PERSPECTIVE, 1.0
    distortion = torch.zeros(6)  # k1, k2, k3, k4, p1, p2
    if own.projection is Projection.FISHEYE:
        kind = CameraType.FISHEYE
        distortion[:4] = torch.tensor(own.distortion or (0.0,) * 4)
    elif own.projection is Projection.EQUIRECTANGULAR:
        kind, unit = CameraType.EQUIRECTANGULAR, math.pi  # its fx: pixels per pi of longitude
    elif own.distortion:
        k1, k2, p1, p2, k3 = own.distortion
        distortion = torch.tensor((k1, k2, k3, 0.0, p1, p2))
    return Cameras(
        torch.tensor(camera.c2w.tolist())[None], own.fx * unit, own.fy * unit, own.cx, own.cy,
        own.width, own.height, distortion[None], kind,
    )


@pytest.mark.parametrize(
    'intrinsics',
    [PLAIN, DISTORTED, FISHEYE, replace(FISHEYE, distortion=()), SPHERE],
    ids=['perspective', 'distorted', 'distorted fisheye', 'fisheye', 'equirectangular'],
)
def test_they_are_those_of_nerfstudios_cameras(intrinsics: Intrinsics):
    camera = Camera(C2W, intrinsics)
    expected = _nerfstudios(camera).generate_rays(camera_indices=0).flatten()
    rays = ray_bundle(CameraRays(camera, CPU), torch.arange(intrinsics.pixel_count))
    torch.testing.assert_close(rays.origins, expected.origins)
    torch.testing.assert_close(rays.directions, expected.directions, atol=2e-6, rtol=0.0)
    torch.testing.assert_close(rays.pixel_area, expected.pixel_area, atol=1e-7, rtol=1e-3)
    torch.testing.assert_close(rays.camera_indices, expected.camera_indices)
    assert (rays.metadata['directions_norm'] == 1.0).all()
    assert rays.times is rays.nears is rays.fars is None


@pytest.mark.parametrize('intrinsics', [DISTORTED, FISHEYE, SPHERE])
def test_any_pixels_in_any_order_have_their_own_rays(intrinsics: Intrinsics):
    rays = CameraRays(Camera(C2W, intrinsics), CPU)
    pixels = torch.randperm(intrinsics.pixel_count, generator=torch.manual_seed(1))[:50]
    expected = unit_directions(intrinsics).reshape(-1, 3)[pixels.numpy()] @ C2W[:, :3].T
    np.testing.assert_allclose(rays.directions(pixels).numpy(), expected, atol=1e-6)


def test_pixels_at_the_edge_of_what_is_seen_have_finite_areas():
    rays = CameraRays(Camera(C2W, FOLDED), CPU)
    areas = rays.pixel_areas(torch.arange(FOLDED.pixel_count))
    assert areas.isfinite().all()
    assert (areas > 0.0).float().mean() > 0.2


@pytest.fixture(scope='module')
def scene(tiny_scene: Path) -> Scene:
    return load_scene(tiny_scene, device='cpu')


def _render(scene: Scene, engine: str, intrinsics: Intrinsics) -> torch.Tensor:
    view = select_engine(scene, engine).view(Camera(C2W, intrinsics))
    return view.render(torch.arange(intrinsics.pixel_count))


@pytest.mark.parametrize(
    'intrinsics', [DISTORTED, FISHEYE, SPHERE, FOLDED, CIRCLE],
    ids=['distorted', 'fisheye', 'sphere', 'folded', 'circle'],
)
def test_both_engines_make_the_same_picture(scene, intrinsics: Intrinsics):
    fused, own = (_render(scene, name, intrinsics) for name in ('fused', 'nerfstudio'))
    assert own[:, :3].std() > 0.005  # there is something to see
    assert (fused[:, :3] - own[:, :3]).square().mean() < 1e-7  # 70 dB
    torch.testing.assert_close(fused[:, 4], own[:, 4], atol=1e-3, rtol=0.0)
    # The rest are medians that fall on the neighbouring sample.
    assert ((fused[:, 3] - own[:, 3]).abs() <= 1e-3 * own[:, 3]).float().mean() > 0.99


@pytest.mark.parametrize('engine', ['fused', 'nerfstudio'])
@pytest.mark.parametrize('intrinsics', [FOLDED, CIRCLE], ids=['folded', 'circle'])
def test_pixels_without_a_ray_are_black_and_transparent(scene, engine, intrinsics):
    picture = _render(scene, engine, intrinsics)
    seen = torch.from_numpy(np.isfinite(unit_directions(intrinsics)[..., 0]).ravel())
    assert 0.1 < seen.float().mean() < 0.95
    assert picture.isfinite().all()
    assert (picture[~seen] == 0.0).all()
    assert (picture[seen][:, :3] > 0.0).all()
    corner = torch.tensor([0])
    assert not seen[corner]
    view = select_engine(scene, engine).view(Camera(C2W, intrinsics))
    assert (view.render(corner) == 0.0).all()


@pytest.mark.parametrize('intrinsics', [DISTORTED, FISHEYE, FOLDED])
def test_levels_of_these_cameras_are_pixels_of_the_finest(scene, intrinsics: Intrinsics):
    ladder = StrideLevels((4, 2, 1))
    renderer = ProgressiveRenderer(select_engine(scene), Quality(ladder))
    update = Update(1, Camera(C2W, intrinsics), received_s=0.0)
    frames = list(renderer.frames(update, lambda level: False))
    whole = _render(scene, 'auto', intrinsics).view(intrinsics.height, intrinsics.width, -1)
    for frame, level in zip(frames, ladder.levels(intrinsics), strict=True):
        every = slice(level.offset, None, level.stride)
        np.testing.assert_allclose(frame.image.rgb, whole[every, every, :3], atol=1e-4)
        alone = _render(scene, 'auto', level.intrinsics)[:, :3].reshape(frame.image.rgb.shape)
        np.testing.assert_allclose(frame.image.rgb, alone, atol=1e-3)


def test_a_series_asks_for_no_pixel_without_a_ray_and_shows_nothing_there():
    engine = PatternEngine()
    renderer = ProgressiveRenderer(engine, Quality(StrideLevels((4, 1))))

    def last(intrinsics: Intrinsics):
        update = Update(1, camera_at(0.5, intrinsics), received_s=0.0)
        return list(renderer.frames(update, lambda level: False))[-1].picture

    assert last(PLAIN).accumulation.min() == 1.0  # and its pixels stay in the memory
    engine.chunks.clear()
    picture = last(CIRCLE)
    mask = ray_mask(CIRCLE, CPU)
    asked = sorted(pixel for chunk in engine.chunks for pixel in chunk)
    assert asked == mask.nonzero().flatten().tolist()
    np.testing.assert_array_equal(picture.accumulation.ravel(), mask.float().numpy())
    assert not picture.rgb.reshape(-1, 3)[~mask.numpy()].any()


def test_cameras_that_see_something_everywhere_need_no_mask():
    assert ray_mask(PLAIN, CPU) is None
    assert ray_mask(DISTORTED, CPU) is None
    assert ray_mask(FOLDED, CPU) is not None


@pytest.fixture
def rasterising(tiny_scene: Path, monkeypatch: pytest.MonkeyPatch) -> ProgressiveRenderer:
    """Return a renderer of a method that rasterises a wall, 2 in front of the camera."""
    scene = load_scene(tiny_scene, device='cpu')

    def rasterise(model, camera, obb_box=None):
        shape = (int(camera.height), int(camera.width))
        return {'rgb': torch.ones(*shape, 3), 'depth': torch.full((*shape, 1), 2.0),
                'accumulation': torch.ones(*shape, 1)}

    monkeypatch.setattr(type(scene.model), 'get_outputs_for_camera', rasterise, raising=False)
    return ProgressiveRenderer(NerfstudioEngine(scene), Quality(StrideLevels((2, 1))))


@pytest.mark.parametrize(
    ('intrinsics', 'said'),
    [(DISTORTED, r'perspective with distortion \[-0.2, 0.05'), (FISHEYE, 'camera is fisheye with'),
     (SPHERE, 'camera is equirectangular, and')],
)
def test_methods_that_rasterise_refuse_what_they_cannot(rasterising, intrinsics, said):
    reason = rasterising.unsupported_reason(intrinsics)
    assert 'set these, or load' in reason
    assert '\n' not in reason
    update = Update(1, Camera(C2W, intrinsics), received_s=0.0)
    with pytest.raises(RenderError, match=said) as raised:
        list(rasterising.frames(update, lambda level: False))
    assert str(raised.value) == reason


def test_methods_that_rasterise_render_pinholes_and_the_others_everything(rasterising, scene):
    assert rasterising.unsupported_reason(PLAIN) is None
    renderer = ProgressiveRenderer(select_engine(scene), Quality(StrideLevels((1,))))
    for intrinsics in (PLAIN, DISTORTED, FISHEYE, SPHERE):
        assert renderer.unsupported_reason(intrinsics) is None


def test_depth_of_methods_that_rasterise_is_along_the_ray_as_that_of_others(rasterising):
    update = Update(1, Camera(C2W, PLAIN), received_s=0.0)
    for frame in rasterising.frames(update, lambda level: False):
        expected = 2.0 / axis_cosines(frame.intrinsics)
        assert expected.max() > 2.2
        np.testing.assert_allclose(frame.image.depth, expected, rtol=1e-6)
        np.testing.assert_allclose(optical_depth(frame, 0.5), 2.0, rtol=1e-6)
