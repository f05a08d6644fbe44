# SPDX-License-Identifier: Apache-2.0
"""The fused engine's CPU kernels make nerfstudio's own pictures."""

from __future__ import annotations

from dataclasses import replace
import gc
import math
from pathlib import Path
import weakref

from nerfstudio_renderer import (
    c2w_from_euler,
    Camera,
    ConfigurationError,
    Intrinsics,
    load_scene,
    select_engine,
)
from nerfstudio_renderer.device import CPU
from nerfstudio_renderer.engines.nerfacto.cpu import engine as engine_module
from nerfstudio_renderer.engines.nerfacto.cpu import renderer as cpu_renderer
from nerfstudio_renderer.engines.nerfacto.cpu.engine import NerfactoCpuEngine
from nerfstudio_renderer.engines.nerfacto.cpu.packing import pack
from nerfstudio_renderer.engines.nerfacto.cpu.renderer import CpuRenderer, instruction_sets
from nerfstudio_renderer.engines.nerfstudio.engine import nerfstudio_engine
from nerfstudio_renderer.engines.rays import CameraRays
from nerfstudio_renderer.scene import Scene
from nerfstudio_renderer.scene.nerfacto import NerfactoParameters, read_nerfacto
import numpy as np
import pytest
from support.engines import rendered
from support.nerfacto_variants import VARIANTS
from support.scenes import edit_state, write_scene
import torch

VIEW = Camera(c2w_from_euler((0.2, -0.1, 0.4), (70.0, 10.0, 30.0)),
              Intrinsics(37, 23, 25.0, 27.0, 14.0, 12.0))
OUTSIDE = Camera(c2w_from_euler((2.5, -3.0, 1.5), (65.0, 0.0, 40.0)), VIEW.intrinsics)
PIXELS = np.arange(VIEW.intrinsics.pixel_count)


def _psnr(picture: np.ndarray, reference: np.ndarray) -> float:
    return -10.0 * math.log10(float(np.square(picture - reference).mean()) + 1e-20)


def _assert_same(picture: np.ndarray, reference: np.ndarray) -> None:
    assert reference[:, :3].std() > 0.005  # there is something to see
    assert _psnr(picture[:, :3], reference[:, :3]) > 70.0
    depth, expected = picture[:, 3], reference[:, 3]
    # The rest are medians that fall on the neighbouring sample.
    assert (np.abs(depth - expected) <= 1e-3 * expected).mean() > 0.995
    assert np.abs(picture[:, 4] - reference[:, 4]).max() < 1e-3


def _parameters(scene: Scene) -> NerfactoParameters:
    return read_nerfacto(scene.config, scene.checkpoint)


@pytest.mark.parametrize('changes', VARIANTS, ids=str)
def test_it_makes_nerfstudios_picture(tmp_path: Path, changes: dict):
    scene = load_scene(write_scene(tmp_path / 'scene', **changes))
    fused, reference = NerfactoCpuEngine(scene), nerfstudio_engine(scene, CPU)
    for camera in (VIEW, OUTSIDE):
        _assert_same(rendered(fused, camera), rendered(reference, camera))


@pytest.mark.parametrize('instruction_set', instruction_sets())
def test_every_instruction_set_makes_the_same_picture(scene, instruction_set: str):
    renderer = CpuRenderer(pack(_parameters(scene)), instruction_set=instruction_set)
    assert renderer.instruction_set == instruction_set
    picture = rendered(NerfactoCpuEngine(scene, renderer), VIEW)
    _assert_same(picture, rendered(nerfstudio_engine(scene, CPU), VIEW))


@pytest.fixture(scope='module')
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return load_scene(write_scene(tmp_path_factory.mktemp('one') / 'scene'))


@pytest.mark.parametrize('threads', [1, 2, 7])
@pytest.mark.parametrize('count', [0, 1, 31, 32, 33, 500])
def test_pixels_depend_on_neither_their_company_nor_the_threads(scene, count, threads):
    packed = pack(_parameters(scene))
    rays = CameraRays(VIEW)
    directions = rays.directions(PIXELS)
    whole = CpuRenderer(packed, threads=1).render(rays.origin, directions)
    some = np.random.default_rng(0).permutation(len(directions))[:count]
    part = CpuRenderer(packed, threads=threads).render(rays.origin, directions[some])
    np.testing.assert_allclose(part, whole[some], atol=1e-4, rtol=0.0)


def test_engines_of_one_scene_share_its_packed_parameters(tiny_scene, monkeypatch):
    packed = []
    monkeypatch.setattr(engine_module, 'CpuRenderer', packed.append)
    scene, other = (load_scene(tiny_scene) for _ in range(2))
    for each in (scene, scene, other):
        NerfactoCpuEngine(each)
    assert packed[0] is packed[1] is not packed[2]
    first = weakref.ref(packed[0])
    packed.clear()
    del scene, each
    gc.collect()
    assert first() is None


def test_a_network_of_several_passes_is_packed_once(scene):
    parameters = _parameters(scene)
    first, other = parameters.proposals
    passes = (first, replace(first, samples=5), other)
    packed = pack(replace(parameters, proposals=passes)).proposals
    assert packed[0] is packed[1] is not packed[2]


def test_it_is_chosen_where_it_can_render_the_scene(scene, caplog):
    caplog.set_level('INFO', 'nerfstudio_renderer')
    assert select_engine(scene, device='cpu').name == 'fused'
    assert 'engine fused on cpu: the fastest' in caplog.text
    assert select_engine(scene, 'fused', 'cpu').name == 'fused'
    assert select_engine(scene, 'nerfstudio', 'cpu').name == 'nerfstudio'


@pytest.fixture
def without_kernels(monkeypatch):
    monkeypatch.setattr(cpu_renderer, '_kernel', None)
    monkeypatch.setattr(cpu_renderer, '_missing', 'no such file', raising=False)


def test_without_compiled_kernels_nerfstudio_renders_and_the_log_says_why(
    scene, without_kernels, caplog
):
    caplog.set_level('INFO', 'nerfstudio_renderer')
    assert select_engine(scene, device='cpu').name == 'nerfstudio'
    assert 'CPU kernels are not compiled (no such file)' in caplog.text
    with pytest.raises(ConfigurationError, match="engine 'fused' cannot render.*not compiled"):
        select_engine(scene, 'fused', 'cpu')


def test_a_model_of_another_kind_is_left_to_nerfstudio(tmp_path, monkeypatch):
    config = write_scene(tmp_path / 'scene')
    (tmp_path / 'other_method.py').write_text(
        'from nerfstudio.models.nerfacto import NerfactoModel\n\n'
        'class Variant(NerfactoModel):\n    pass\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    config.write_text(config.read_text().replace('nerfstudio.models.nerfacto.NerfactoModel ',
                                                 'other_method.Variant '))
    scene = load_scene(config, method_packages=['other_method'])
    assert select_engine(scene, device='cpu').name == 'nerfstudio'
    with pytest.raises(ConfigurationError, match='the scene is of Variant'):
        select_engine(scene, 'fused', 'cpu')


def test_parameters_that_tiny_cuda_nn_packed_are_refused(tmp_path):
    config = write_scene(tmp_path / 'scene')
    edit_state(config, lambda state: state.update(
        {'_model.field.mlp_base.model.params': torch.zeros(8)}))
    with pytest.raises(ConfigurationError, match='packed by tiny-cuda-nn'):
        select_engine(load_scene(config), 'fused', 'cpu')
