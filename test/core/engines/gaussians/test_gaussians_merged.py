# SPDX-License-Identifier: Apache-2.0
"""Fewer Gaussians that look like many."""

from dataclasses import replace

from nerfstudio_renderer.engines.gaussians.cpu import rasterizer
from nerfstudio_renderer.engines.gaussians.cpu.rasterizer import PackedGaussians, Rasterizer
from nerfstudio_renderer.scene.gaussians.gaussians import Gaussians
import numpy as np
import pytest
from support.gaussian_scenes import camera, edited, looking, room

pytestmark = pytest.mark.skipif(
    rasterizer.unsupported_reason() is not None, reason='setup.py has not compiled the kernels'
)


def picture(packed, intrinsics=None):
    return Rasterizer(packed).render(looking(), intrinsics or camera(320, 180))


def psnr(a, b):
    return 10.0 * np.log10(1.0 / max(np.mean((a.astype(np.float64) - b)**2), 1e-30))


def of_every_array(function, scene):
    arrays = (scene.means, scene.quaternions, scene.log_scales, scene.opacity_logits, scene.sh)
    return Gaussians(*map(function, arrays), scene.antialiased, scene.background)


@pytest.mark.parametrize('count', [1, 15, 16, 17, 1000, 1025])
def test_every_cell_becomes_one(count):
    packed = PackedGaussians(room(count))
    assert [len(packed.merged(size)) for size in (1, 2, 16)] == [
        count, (count + 1) // 2, (count + 15) // 16
    ]


def test_none_stay_none():
    assert len(PackedGaussians(room(0)).merged(4)) == 0


def test_cells_of_one_leave_the_picture_as_it_is():
    scene = room(5000)
    scene = edited(scene, 'opacity_logits', np.s_[:], np.clip(scene.opacity_logits, -4.0, 4.0))
    packed = PackedGaussians(scene)
    assert psnr(picture(packed.merged(1)), picture(packed)) > 70.0


@pytest.mark.parametrize('antialiased', [False, True])
def test_two_at_the_same_place_become_one_that_covers_as_much(antialiased):
    scene = replace(room(5000), antialiased=antialiased)
    scene = edited(scene, 'opacity_logits', np.s_[:], np.log(0.25 / 0.75))
    doubled = of_every_array(lambda array: np.repeat(array, 2, axis=0), scene)
    scene = edited(scene, 'opacity_logits', np.s_[:], 0.0)
    merged = PackedGaussians(doubled).merged(2)
    assert len(merged) == len(scene)
    assert psnr(picture(merged), picture(PackedGaussians(scene))) > 70.0


def test_one_of_many_has_their_moments():
    # Centres with exactly these standard deviations, none of them correlated.
    random = np.random.default_rng(3)
    centres = random.normal(size=(4096, 3))
    centres -= centres.mean(0)
    centres = centres @ np.linalg.inv(np.linalg.cholesky(np.cov(centres.T, bias=True))).T
    deviations, deviation, opacity = np.array([0.4, 0.2, 0.1]), 0.002, 0.8
    scene = room(4096)
    scene = edited(scene, 'means', np.s_[:], centres * deviations)
    scene = edited(scene, 'log_scales', np.s_[:], np.log(deviation))
    scene = edited(scene, 'opacity_logits', np.s_[:], np.log(opacity / (1.0 - opacity)))
    # Shadows: the root of the sum of the products of two of the axes' variances.
    x, y, z = deviations**2 + deviation**2
    covered = 4096 * opacity * np.sqrt(3.0) * deviation**2 / np.sqrt(x * y + y * z + z * x)
    assert 0.2 < covered < 0.9
    one = Gaussians(
        means=np.zeros((1, 3), np.float32),
        quaternions=np.array([[1.0, 0.0, 0.0, 0.0]], np.float32),
        log_scales=np.log([[x, y, z]]).astype(np.float32) / 2,
        opacity_logits=np.log([covered / (1.0 - covered)]).astype(np.float32),
        sh=scene.sh.mean(0, keepdims=True), background=scene.background,
    )
    assert psnr(picture(PackedGaussians(scene).merged(4096)), picture(PackedGaussians(one))) > 70.0


def test_more_gaussians_are_a_better_picture():
    packed = PackedGaussians(room(60000, degree=1))
    exact = picture(packed)
    quality = [psnr(picture(packed.merged(size)), exact) for size in (64, 16, 4, 2)]
    assert quality == sorted(quality) and quality[-1] > quality[0] + 4.0


def test_threads_do_not_matter():
    packed = PackedGaussians(room(20000))
    assert np.array_equal(
        picture(packed.merged(8, threads=1)), picture(packed.merged(8, threads=3))
    )


def test_refuses_empty_cells():
    with pytest.raises(ValueError, match='cells of 0'):
        PackedGaussians(room(10)).merged(0)
