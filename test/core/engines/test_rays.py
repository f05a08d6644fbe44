# SPDX-License-Identifier: Apache-2.0
"""The rays that engines render: those of nerfstudio's cameras, and the same for all engines."""

from __future__ import annotations

from dataclasses import replace
import math
from pathlib import Path

from nerfstudio.cameras.cameras import Cameras, CameraType
from nerfstudio.models.nerfacto import NerfactoModel
from nerfstudio_renderer import (
    c2w_from_euler,
    Camera,
    Intrinsics,
    load_scene,
    optical_depth,
    ProgressiveRenderer,
    Projection,
    RenderError,
    select_engine,
)
from nerfstudio_renderer.cameras.directions import axis_cosines, unit_directions
from nerfstudio_renderer.device import Device
from nerfstudio_renderer.engines.nerfstudio.engine import (
    nerfstudio_engine,
    NerfstudioRasterEngine,
    ray_bundle,
)
from nerfstudio_renderer.engines.rays import CameraRays, ray_mask
from nerfstudio_renderer.engines.torch_support.rays import CameraRays as TensorRays
from nerfstudio_renderer.engines.torch_support.rays import ray_mask as tensor_mask
from nerfstudio_renderer.scene import Scene
import numpy as np
import pytest
from support.engines import camera_at, every_level, PatternEngine, rendered, series
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
    rays = ray_bundle(TensorRays(camera, CPU), torch.arange(intrinsics.pixel_count))
    torch.testing.assert_close(rays.origins, expected.origins)
    torch.testing.assert_close(rays.directions, expected.directions, atol=2e-6, rtol=0.0)
    torch.testing.assert_close(rays.pixel_area, expected.pixel_area, atol=1e-7, rtol=1e-3)
    torch.testing.assert_close(rays.camera_indices, expected.camera_indices)
    assert (rays.metadata['directions_norm'] == 1.0).all()
    assert rays.times is rays.nears is rays.fars is None


@pytest.mark.parametrize('intrinsics', [DISTORTED, FISHEYE, SPHERE])
def test_any_pixels_in_any_order_have_their_own_rays(intrinsics: Intrinsics):
    rays = CameraRays(Camera(C2W, intrinsics))
    pixels = np.random.default_rng(1).permutation(intrinsics.pixel_count)[:50]
    expected = unit_directions(intrinsics).reshape(-1, 3)[pixels] @ C2W[:, :3].T
    np.testing.assert_allclose(rays.directions(pixels), expected, atol=1e-6)


# Float32's own rounding of fx and cx, negative axes, columns beyond 2048, an unnormalised matrix.
EXACT = {
    'pinhole': PLAIN,
    'wide pinhole': Intrinsics(3001, 3, 1234.567, 987.654, 1500.25, 1.3),
    'off-centre': Intrinsics(64, 48, 50.1, 49.3, -4000.7, 3123.4),
    'distorted': DISTORTED,
    'fisheye': FISHEYE,
    'circle': CIRCLE,
    'sphere': SPHERE,
    'folded': FOLDED,
}
TURNS = [(0.0, 0.0, 0.0), (70.0, 10.0, 30.0), (-152.0, 33.3, 271.0), (90.0, 90.0, 90.0)]


@pytest.mark.parametrize('turn', TURNS)
@pytest.mark.parametrize('intrinsics', EXACT.values(), ids=EXACT)
def test_numpys_are_pytorchs_to_the_last_bit(intrinsics: Intrinsics, turn):
    camera = Camera(c2w_from_euler((0.2, -1e3, 1e-7), turn), intrinsics)
    mask = ray_mask(intrinsics)
    pixels = np.arange(intrinsics.pixel_count)
    pixels = pixels if mask is None else pixels[mask]
    rays, tensors = CameraRays(camera), TensorRays(camera, CPU)
    assert rays.origin == tensors.origin
    for part in (pixels, pixels[::-1][:37].copy()):
        directions = rays.directions(part)
        assert (directions.dtype, directions.shape) == (np.float32, (len(part), 3))
        expected = tensors.directions(torch.from_numpy(part)).numpy()
        np.testing.assert_array_equal(directions.view(np.int32), expected.view(np.int32))


def test_pixels_at_the_edge_of_what_is_seen_have_finite_areas():
    rays = TensorRays(Camera(C2W, FOLDED), CPU)
    areas = rays.pixel_areas(torch.arange(FOLDED.pixel_count))
    assert areas.isfinite().all()
    assert (areas > 0.0).float().mean() > 0.2


@pytest.fixture(scope='module')
def scene(tiny_scene: Path) -> Scene:
    return load_scene(tiny_scene)


def _render(scene: Scene, engine: str, intrinsics: Intrinsics) -> np.ndarray:
    return rendered(select_engine(scene, engine, 'cpu'), Camera(C2W, intrinsics))


@pytest.mark.parametrize(
    'intrinsics', [DISTORTED, FISHEYE, SPHERE, FOLDED, CIRCLE],
    ids=['distorted', 'fisheye', 'sphere', 'folded', 'circle'],
)
def test_both_engines_make_the_same_picture(scene, intrinsics: Intrinsics):
    fused, own = (_render(scene, name, intrinsics) for name in ('fused', 'nerfstudio'))
    assert own[:, :3].std() > 0.005  # there is something to see
    assert np.square(fused[:, :3] - own[:, :3]).mean() < 1e-7  # 70 dB
    np.testing.assert_allclose(fused[:, 4], own[:, 4], atol=1e-3, rtol=0.0)
    # The rest are medians that fall on the neighbouring sample.
    assert (np.abs(fused[:, 3] - own[:, 3]) <= 1e-3 * own[:, 3]).mean() > 0.99


@pytest.mark.parametrize('engine', ['fused', 'nerfstudio'])
@pytest.mark.parametrize('intrinsics', [FOLDED, CIRCLE], ids=['folded', 'circle'])
def test_pixels_without_a_ray_are_black_and_transparent(scene, engine, intrinsics):
    chosen = select_engine(scene, engine, 'cpu')
    rendered(chosen, Camera(C2W, PLAIN))  # leaves its pixels in the engine's memory
    picture = rendered(chosen, Camera(C2W, intrinsics))
    seen = np.isfinite(unit_directions(intrinsics)[..., 0]).ravel()
    assert 0.1 < seen.mean() < 0.95
    assert not seen[0]
    assert np.isfinite(picture).all()
    assert (picture[~seen] == 0.0).all()
    assert (picture[seen][:, :3] > 0.0).all()


@pytest.mark.parametrize('intrinsics', [DISTORTED, FISHEYE, FOLDED])
def test_levels_of_these_cameras_are_pixels_of_the_finest(scene, intrinsics: Intrinsics):
    quality = every_level(4, 2, 1)
    frames = series(select_engine(scene, device='cpu'), Camera(C2W, intrinsics), quality)
    whole = _render(scene, 'auto', intrinsics).reshape(intrinsics.height, intrinsics.width, -1)
    for frame, level in zip(frames, quality.levels.levels(intrinsics), strict=True):
        every = slice(level.offset, None, level.stride)
        np.testing.assert_allclose(frame.image.rgb, whole[every, every, :3], atol=1e-4)
        alone = _render(scene, 'auto', level.intrinsics)[:, :3].reshape(frame.image.rgb.shape)
        np.testing.assert_allclose(frame.image.rgb, alone, atol=1e-3)


def test_a_series_asks_for_no_pixel_without_a_ray_and_shows_nothing_there():
    engine = PatternEngine()

    def last(intrinsics: Intrinsics):
        return series(engine, camera_at(0.5, intrinsics), every_level(4, 1))[-1].image

    assert last(PLAIN).accumulation.min() == 1.0  # and its pixels stay in the memory
    engine.chunks.clear()
    picture = last(CIRCLE)
    mask = ray_mask(CIRCLE)
    asked = sorted(pixel for chunk in engine.chunks for pixel in chunk)
    assert asked == mask.nonzero()[0].tolist()
    np.testing.assert_array_equal(picture.accumulation.ravel(), mask.astype(np.float32))
    assert not picture.rgb.reshape(-1, 3)[~mask].any()


def test_cameras_that_see_something_everywhere_need_no_mask():
    for mask in (ray_mask, lambda intrinsics: tensor_mask(intrinsics, CPU)):
        assert mask(PLAIN) is None
        assert mask(DISTORTED) is None
        assert mask(FOLDED) is not None
    np.testing.assert_array_equal(tensor_mask(FOLDED, CPU).numpy(), ray_mask(FOLDED))


@pytest.fixture
def rasterising(tiny_scene: Path, monkeypatch: pytest.MonkeyPatch) -> NerfstudioRasterEngine:
    """Return the engine of a method that rasterises a wall, 2 in front of the camera."""

    def rasterise(model, camera, obb_box=None):
        shape = (int(camera.height), int(camera.width))
        return {'rgb': torch.ones(*shape, 3), 'depth': torch.full((*shape, 1), 2.0),
                'accumulation': torch.ones(*shape, 1)}

    monkeypatch.setattr(NerfactoModel, 'get_outputs_for_camera', rasterise, raising=False)
    return nerfstudio_engine(load_scene(tiny_scene), Device('cpu'))


@pytest.mark.parametrize(
    ('intrinsics', 'said'),
    [(DISTORTED, r'perspective with distortion \[-0.2, 0.05'), (FISHEYE, 'camera is fisheye with'),
     (SPHERE, 'camera is equirectangular, and')],
)
def test_methods_that_rasterise_refuse_what_they_cannot(rasterising, intrinsics, said):
    reason = ProgressiveRenderer(rasterising).unsupported_reason(intrinsics)
    assert 'set these, or load' in reason
    assert '\n' not in reason
    with pytest.raises(RenderError, match=said) as raised:
        series(rasterising, Camera(C2W, intrinsics), every_level(2, 1))
    assert str(raised.value) == reason


def test_methods_that_rasterise_render_pinholes_and_the_others_everything(rasterising):
    assert ProgressiveRenderer(rasterising).unsupported_reason(PLAIN) is None
    renderer = ProgressiveRenderer(PatternEngine())
    for intrinsics in (PLAIN, DISTORTED, FISHEYE, SPHERE):
        assert renderer.unsupported_reason(intrinsics) is None


def test_depth_of_methods_that_rasterise_is_along_the_ray_as_that_of_others(rasterising):
    frames = series(rasterising, Camera(C2W, PLAIN), every_level(2, 1))
    assert len(frames) == 2
    for frame in frames:
        expected = 2.0 / axis_cosines(frame.intrinsics)
        assert expected.max() > 2.2
        np.testing.assert_allclose(frame.image.depth, expected, rtol=1e-6)
        np.testing.assert_allclose(optical_depth(frame, 0.5), 2.0, rtol=1e-6)
