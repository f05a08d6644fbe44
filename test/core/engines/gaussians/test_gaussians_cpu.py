# SPDX-License-Identifier: Apache-2.0
"""The CPU rasteriser of Gaussians against a dense one in 64 bits."""

from dataclasses import replace
import gc
import threading

from nerfstudio_renderer.cameras.camera import Intrinsics
from nerfstudio_renderer.engines.gaussians.cpu import rasterizer
from nerfstudio_renderer.engines.gaussians.cpu.rasterizer import PackedGaussians, Rasterizer
from nerfstudio_renderer.errors import RenderError
from nerfstudio_renderer.scene.gaussians.gaussians import Gaussians
import numpy as np
import pytest
from support import gaussian_reference
from support.gaussian_scenes import BACKGROUND, camera, edited, EYE, looking, room, stressed

pytestmark = pytest.mark.skipif(
    rasterizer.unsupported_reason() is not None, reason='setup.py has not compiled the kernels'
)

SETS = rasterizer.instruction_sets() if rasterizer.unsupported_reason() is None else []


def psnr(a, b):
    error = np.mean((a.astype(np.float64) - b)**2)
    return 10.0 * np.log10(1.0 / max(error, 1e-30))


def assert_equal_pictures(picture, reference, rgb=90.0, depth=1e-5):
    assert np.isfinite(picture).all()
    assert psnr(picture[..., :3], reference[..., :3]) >= rgb
    assert psnr(picture[..., 4], reference[..., 4]) >= rgb
    seen = reference[..., 4] > 0.01
    error = picture[..., 3][seen] / reference[..., 3][seen] - 1.0
    assert np.sqrt(np.mean(error**2)) <= depth if seen.any() else True
    assert (picture[..., 3:][reference[..., 4] == 0.0] == 0.0).all()


def compare(gaussians, c2w=None, intrinsics=None, instruction_set='', **bounds):
    c2w = looking() if c2w is None else c2w
    intrinsics = intrinsics or camera()
    picture = Rasterizer(
        PackedGaussians(gaussians), instruction_set=instruction_set
    ).render(c2w, intrinsics)
    reference = gaussian_reference.render(gaussians, c2w, intrinsics)
    assert_equal_pictures(picture, reference, **bounds)
    return picture, reference


@pytest.mark.parametrize('instruction_set', SETS)
@pytest.mark.parametrize('antialiased', [False, True], ids=['classic', 'antialiased'])
def test_a_room(instruction_set, antialiased):
    scene = room(6000, antialiased=antialiased)
    _, reference = compare(scene, instruction_set=instruction_set)
    assert 0.5 < reference[..., 4].mean() < 1.0


@pytest.mark.parametrize('instruction_set', SETS)
@pytest.mark.parametrize('antialiased', [False, True], ids=['classic', 'antialiased'])
def test_needles_and_huge_and_tiny_and_near_ones(instruction_set, antialiased):
    compare(stressed(room(6000, antialiased=antialiased)), instruction_set=instruction_set)


def test_round_ones_are_cut_off_at_the_same_tiles():
    scene = room(2000)
    scene = edited(scene, 'log_scales', np.s_[:], np.log(0.15))
    scene = edited(scene, 'opacity_logits', np.s_[:], 4.0)
    compare(edited(scene, 'means', np.s_[:], scene.means * 2.0))


@pytest.mark.parametrize('degree', [0, 1, 2, 3])
def test_colours_of_every_degree(degree):
    compare(room(1500, degree=degree))


def test_strong_dependence_on_the_direction():
    scene = room(1500)
    scene = edited(scene, 'sh', np.s_[:, 1:], scene.sh[:, 1:] * 8.0)
    compare(scene)


@pytest.mark.parametrize('instruction_set', SETS)
@pytest.mark.parametrize(
    ('width', 'height'), [(1, 1), (16, 16), (17, 15), (640, 7), (3, 200)], ids=str
)
def test_sizes_that_are_no_multiple_of_a_tile(width, height, instruction_set):
    intrinsics = Intrinsics(width, height, 80.0, 75.0, width * 0.7, height * 0.1)
    compare(room(1500), intrinsics=intrinsics, instruction_set=instruction_set)


def test_a_large_picture():
    compare(room(3000), intrinsics=camera(1280, 720))


@pytest.mark.parametrize('seed', range(3))
def test_cameras_anywhere(seed):
    random = np.random.default_rng(seed)
    scene = stressed(room(2000, seed))
    eye = random.uniform(-3.0, 3.0, 3)
    rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
    rotation *= np.linalg.det(rotation)
    intrinsics = Intrinsics(97, 61, 40.0, 55.0, random.uniform(-20, 120), random.uniform(0, 61))
    compare(scene, np.concatenate([rotation, eye[:, None]], 1), intrinsics)


def test_principal_point_far_outside():
    compare(room(2000), intrinsics=Intrinsics(90, 60, 50.0, 50.0, -130.0, 200.0))


@pytest.mark.parametrize('instruction_set', SETS)
def test_equal_depths_are_in_the_order_of_the_file(instruction_set):
    scene = room(3000)
    scene = edited(scene, 'means', np.s_[:], np.round(scene.means * 2.0) / 2.0)
    axes = np.array([[1.0, 0, 0, 0.2], [0, 1.0, 0, 0.1], [0, 0, 1.0, 1.7]])
    intrinsics = camera()
    picture, reference = compare(scene, axes, intrinsics, instruction_set)
    backwards = Gaussians(
        *(array[::-1] for array in (
            scene.means, scene.quaternions, scene.log_scales, scene.opacity_logits, scene.sh,
        )), background=BACKGROUND,
    )
    assert psnr(gaussian_reference.render(backwards, axes, intrinsics), reference) < 40.0


def test_far_from_the_origin():
    scene = room(2000)
    offset = np.array([40.0, -70.0, 20.0])
    scene = edited(scene, 'means', np.s_[:], scene.means[:] + offset.astype(np.float32))
    compare(scene, looking(EYE + offset, (-0.8 + 40, -0.6 - 70, -0.2 + 20)))


@pytest.mark.parametrize('instruction_set', SETS)
@pytest.mark.parametrize('edge', ['left', 'right', 'top', 'bottom'])
@pytest.mark.parametrize('log_scale', [-9.0, -1.0], ids=['tiny', 'large'])
def test_centres_outside_of_the_picture(edge, log_scale, instruction_set):
    # Half a pixel outside: only the blur brings the tiny ones in.
    scene, intrinsics = room(512, degree=0), camera(64, 48)
    outside = 0.5 if log_scale < -5.0 else 20.3
    along = np.linspace(0.0, 1.0, 512)
    x = {'left': -outside, 'right': 64.0 + outside}.get(edge, along * 64.0)
    y = {'top': -outside, 'bottom': 48.0 + outside}.get(edge, along * 48.0)
    scene = edited(scene, 'means', np.s_[:, 0], 2.0 * (x - intrinsics.cx) / intrinsics.fx)
    scene = edited(scene, 'means', np.s_[:, 1], -2.0 * (y - intrinsics.cy) / intrinsics.fy)
    scene = edited(scene, 'means', np.s_[:, 2], -2.0)
    scene = edited(scene, 'log_scales', np.s_[:], log_scale)
    scene = edited(scene, 'opacity_logits', np.s_[:], 3.0)
    _, reference = compare(
        scene, np.eye(4)[:3], intrinsics, instruction_set=instruction_set
    )
    assert reference[..., 4].max() > 0.1


@pytest.mark.parametrize('instruction_set', SETS)
def test_nothing_is_quite_opaque_and_what_is_almost_hidden_is_left_out(instruction_set):
    # Opaque ones behind each other: 0.001 of the light goes through the first, 1e-6 would go
    # through both, and so the second one is not drawn.
    scene = room(2, degree=0)
    scene = edited(scene, 'means', np.s_[:], [[0.0, 0.0, -2.0], [0.0, 0.0, -3.0]])
    scene = edited(scene, 'log_scales', np.s_[:], 5.0)
    scene = edited(scene, 'opacity_logits', np.s_[:], 20.0)
    picture, _ = compare(scene, np.eye(4)[:3], camera(32, 32), instruction_set=instruction_set)
    assert picture[16, 16, 4] == pytest.approx(0.999, abs=1e-6)
    assert picture[16, 16, 3] == pytest.approx(2.0, rel=1e-5)


def test_near_plane():
    scene = room(2000)
    picture = Rasterizer(PackedGaussians(scene)).render(looking(), camera(), near=3.0)
    assert_equal_pictures(picture, gaussian_reference.render(scene, looking(), camera(), 3.0))


@pytest.mark.parametrize('instruction_set', SETS)
def test_nothing_to_see(instruction_set):
    scene = room(500)
    away = looking(np.array([100.0, 0.0, 0.0]), (200.0, 0.0, 0.0))
    picture, _ = compare(scene, away, instruction_set=instruction_set)
    assert np.allclose(picture[..., :3], BACKGROUND) and (picture[..., 3:] == 0.0).all()


def test_no_gaussians_at_all():
    scene = room(0, background=(0.0, 0.0, 0.0))
    picture = Rasterizer(PackedGaussians(scene)).render(looking(), camera())
    assert (picture == 0.0).all()


def test_instruction_sets_and_threads_agree():
    packed = PackedGaussians(stressed(room(20000)))
    pictures = [
        Rasterizer(packed, instruction_set=name, threads=threads).render(
            looking(), camera(320, 180)
        )
        for name in SETS for threads in (1, 2, 5)
    ]
    for picture in pictures[1:]:
        assert_equal_pictures(picture, pictures[0])


def test_the_same_rasterizer_renders_pictures_of_different_sizes():
    scene = PackedGaussians(room(3000))
    one = Rasterizer(scene)
    for intrinsics in (camera(), camera(640, 360), camera(20, 9), camera()):
        assert np.array_equal(
            one.render(looking(), intrinsics), Rasterizer(scene).render(looking(), intrinsics)
        )


def test_pictures_take_no_new_memory():
    one = Rasterizer(PackedGaussians(room(30000)), threads=2)
    out = np.empty((180, 320, 5), np.float32)
    cameras = [looking(EYE, (np.cos(angle), np.sin(angle), 0.0)) for angle in range(6)]

    def render_all():
        for c2w in cameras:
            one.render(c2w, camera(320, 180), out=out)

    render_all()
    before = resident_pages()
    for _ in range(50):
        render_all()
    assert resident_pages() - before < 64


def resident_pages():
    with open('/proc/self/statm') as statistics:
        return int(statistics.read().split()[1])


def test_renders_into_given_memory():
    out = np.full((84, 150, 5), np.nan, np.float32)
    one = Rasterizer(PackedGaussians(room(500)))
    assert one.render(looking(), camera(), out=out) is out
    assert np.isfinite(out).all()


def test_packed_gaussians_do_not_need_the_arrays():
    scene = room(2000)
    expected = gaussian_reference.render(scene, looking(), camera())
    one = Rasterizer(PackedGaussians(scene))
    scene = edited(scene, 'means', np.s_[:], np.nan)
    del scene
    gc.collect()
    assert_equal_pictures(one.render(looking(), camera()), expected)


@pytest.mark.parametrize('most_entries', [1, 1000, 20000])
def test_a_picture_in_bands_is_the_same(most_entries):
    packed = PackedGaussians(stressed(room(3000)))
    whole = Rasterizer(packed).render(looking(), camera())
    one = Rasterizer(packed, most_entries=most_entries)
    for _ in range(2):
        assert np.array_equal(one.render(looking(), camera()), whole)
        one.render(looking(), camera(640, 10))


def test_refuses_centres_that_are_not_finite():
    scene = edited(room(100), 'means', np.s_[50, 1], np.inf)
    with pytest.raises(ValueError, match='means has values that are not finite'):
        PackedGaussians(scene)


@pytest.mark.parametrize('extreme', [-np.inf, -100.0, 60.0, 100.0, np.inf, np.nan])
def test_scales_beyond_all_bounds_do_no_harm(extreme):
    scene = room(1000)
    scene = edited(scene, 'log_scales', np.s_[::7], extreme)
    for name in SETS:
        picture = Rasterizer(PackedGaussians(scene), instruction_set=name).render(
            looking(), camera()
        )
        assert np.isfinite(picture).all()
    assert len(PackedGaussians(scene).merged(4).merged(4)) == 63


def test_a_cancelled_picture_is_none_and_the_next_one_is_right():
    one = Rasterizer(PackedGaussians(room(20000)))
    expected = one.render(looking(), camera())
    stop = rasterizer.cancellation()
    stop.set()
    assert one.render(looking(), camera(), cancelled=stop) is None
    stop.clear()
    assert np.array_equal(one.render(looking(), camera(), cancelled=stop), expected)


def test_cancelled_from_another_thread():
    one = Rasterizer(PackedGaussians(stressed(room(100000))), threads=1)
    large = camera(4096, 4096)
    out = np.empty((4096, 4096, 5), np.float32)
    stop = rasterizer.cancellation()
    timer = threading.Timer(0.02, stop.set)
    timer.start()
    assert one.render(looking(), large, out=out, cancelled=stop) is None
    timer.join()


def test_a_predicate_is_asked_and_its_error_raised():
    one = Rasterizer(PackedGaussians(stressed(room(50000))), threads=2)
    asked = []
    out = np.empty((1080, 1920, 5), np.float32)
    assert one.render(
        looking(), camera(1920, 1080), out=out, cancelled=lambda: asked.append(1) or True
    ) is None
    assert asked == [1]
    assert one.render(looking(), camera(1920, 1080), out=out, cancelled=lambda: False) is out

    def broken():
        raise KeyError('asked')

    with pytest.raises(KeyError, match='asked'):
        one.render(looking(), camera(1920, 1080), out=out, cancelled=broken)
    assert one.render(looking(), camera(1920, 1080), out=out) is out


def test_refuses_what_it_cannot_render():
    one = Rasterizer(PackedGaussians(room(100)))
    with pytest.raises(RenderError, match='pinhole'):
        one.render(looking(), replace(camera(), distortion=(0.1, 0.0, 0.0, 0.0)))
    with pytest.raises(RenderError, match=r'\(2, 3, 5\)'):
        one.render(looking(), camera(), out=np.empty((2, 3, 5), np.float32))
    with pytest.raises(ValueError, match=r'\(84, 150, 4\)'):
        one.render(looking(), camera(), out=np.empty((84, 150, 4), np.float32))
    with pytest.raises(TypeError):
        one.render(looking(), camera(), out=np.empty((84, 150, 5), np.float64))
    with pytest.raises(ValueError, match='near'):
        one.render(looking(), camera(), near=0.0)
    with pytest.raises(ValueError, match='20000 x 1|16385'):
        one.render(looking(), Intrinsics(20000, 1, 1.0, 1.0, 0.0, 0.0))
    with pytest.raises(ValueError, match='no such'):
        Rasterizer(PackedGaussians(room(100)), instruction_set='no such')
