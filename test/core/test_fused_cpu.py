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
from nerfstudio_renderer.engines.nerfacto import engine as engine_module
from nerfstudio_renderer.engines.nerfacto.cpu import renderer as cpu_renderer
from nerfstudio_renderer.engines.nerfacto.cpu.packing import pack
from nerfstudio_renderer.engines.nerfacto.cpu.renderer import CpuRenderer, instruction_sets
from nerfstudio_renderer.engines.nerfacto.engine import FusedEngine
from nerfstudio_renderer.engines.nerfacto.extraction import extract_parameters
from nerfstudio_renderer.engines.nerfacto.parameters import UnsupportedModelError
from nerfstudio_renderer.engines.nerfstudio import NerfstudioEngine
from nerfstudio_renderer.engines.protocol import Engine
from nerfstudio_renderer.engines.rays import CameraRays
from nerfstudio_renderer.scene import Scene
import pytest
from support.scenes import write_scene
import torch

# No multiple of any packet's size; high enough above and far enough out to see all of space.
VIEW = Camera(c2w_from_euler((0.2, -0.1, 0.4), (70.0, 10.0, 30.0)),
              Intrinsics(37, 23, 25.0, 27.0, 14.0, 12.0))
OUTSIDE = Camera(c2w_from_euler((2.5, -3.0, 1.5), (65.0, 0.0, 40.0)), VIEW.intrinsics)
VARIANTS = [
    {},
    {'method': 'depth-nerfacto'},
    {'background_color': 'white'},
    {'background_color': 'black'},
    {'background_color': 'random'},
    {'disable_scene_contraction': True},
    {'use_average_appearance_embedding': False},
    {'use_appearance_embedding': False},
    {'features_per_level': 1},
    {'features_per_level': 3},
    {'features_per_level': 8},
    {'num_levels': 1},
    {'hidden_dim': 13, 'hidden_dim_color': 37},
    {'proposal_initial_sampler': 'uniform', 'far_plane': 6.0},
    {'num_nerf_samples_per_ray': 1},
    {'num_proposal_iterations': 1},
    {'num_proposal_iterations': 3, 'num_proposal_samples_per_ray': (20, 5, 30)},
    {'use_same_proposal_network': True, 'proposal_net_args_list': [
        {'hidden_dim': 8, 'log2_hashmap_size': 8, 'num_levels': 3, 'max_res': 32}]},
    {'proposal_net_args_list': [
        {'log2_hashmap_size': 8, 'num_levels': 3, 'max_res': 32, 'use_linear': True}]},
    {'average_init_density': 30.0},
]


def _render(engine: Engine, camera: Camera) -> torch.Tensor:
    pixels = torch.arange(camera.intrinsics.pixel_count)
    return engine.view(camera).render(pixels)


def _psnr(picture: torch.Tensor, reference: torch.Tensor) -> float:
    return -10.0 * math.log10(float((picture - reference).square().mean()) + 1e-20)


def _assert_same(picture: torch.Tensor, reference: torch.Tensor) -> None:
    assert reference[:, :3].std() > 0.005  # there is something to see
    assert _psnr(picture[:, :3], reference[:, :3]) > 70.0
    depth, expected = picture[:, 3], reference[:, 3]
    # The rest are medians that fall on the neighbouring sample.
    assert ((depth - expected).abs() <= 1e-3 * expected).float().mean() > 0.995
    assert (picture[:, 4] - reference[:, 4]).abs().max() < 1e-3


@pytest.mark.parametrize('camera', [VIEW, OUTSIDE], ids=['inside', 'outside'])
@pytest.mark.parametrize('changes', VARIANTS, ids=str)
def test_it_makes_nerfstudios_picture(tmp_path: Path, changes: dict, camera: Camera):
    scene = load_scene(write_scene(tmp_path / 'scene', **changes), device='cpu')
    _assert_same(_render(FusedEngine(scene), camera), _render(NerfstudioEngine(scene), camera))


@pytest.mark.parametrize('instruction_set', instruction_sets())
def test_every_instruction_set_makes_the_same_picture(tiny_scene, instruction_set: str):
    scene = load_scene(tiny_scene, device='cpu')
    rays = CameraRays(VIEW, scene.device)
    packed = pack(extract_parameters(scene.model))
    renderer = CpuRenderer(packed, instruction_set=instruction_set)
    assert renderer.instruction_set == instruction_set
    directions = rays.directions(torch.arange(VIEW.intrinsics.pixel_count))
    picture = renderer.render(rays.origin, directions)
    _assert_same(picture, _render(NerfstudioEngine(scene), VIEW))


@pytest.fixture(scope='module')
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return load_scene(write_scene(tmp_path_factory.mktemp('one') / 'scene'), device='cpu')


@pytest.mark.parametrize('threads', [1, 2, 7])
@pytest.mark.parametrize('count', [0, 1, 31, 32, 33, 500])
def test_pixels_depend_on_neither_their_company_nor_the_threads(scene, count, threads):
    packed = pack(extract_parameters(scene.model))
    rays = CameraRays(VIEW, scene.device)
    directions = rays.directions(torch.arange(VIEW.intrinsics.pixel_count))
    whole = CpuRenderer(packed, threads=1).render(rays.origin, directions)
    some = torch.randperm(len(directions), generator=torch.manual_seed(0))[:count]
    part = CpuRenderer(packed, threads=threads).render(rays.origin, directions[some])
    torch.testing.assert_close(part, whole[some], atol=1e-4, rtol=0.0)


def test_engines_of_one_scene_share_its_packed_parameters(tiny_scene, monkeypatch):
    packed = []
    monkeypatch.setattr(engine_module, 'CpuRenderer', packed.append)
    scene, other = (load_scene(tiny_scene, device='cpu') for _ in range(2))
    for each in (scene, scene, other):
        FusedEngine(each)
    assert packed[0] is packed[1] is not packed[2]
    first = weakref.ref(packed[0])
    packed.clear()
    del scene, each
    gc.collect()  # nerfstudio's models refer to themselves
    assert first() is None


def test_a_network_of_several_passes_is_packed_once(scene):
    parameters = extract_parameters(scene.model)
    first, other = parameters.proposals
    passes = (first, replace(first, samples=5), other)
    packed = pack(replace(parameters, proposals=passes)).proposals
    assert packed[0] is packed[1] is not packed[2]


def test_it_is_chosen_where_it_can_render_the_scene(scene, caplog):
    caplog.set_level('INFO', 'nerfstudio_renderer')
    assert select_engine(scene).name == 'fused'
    assert 'engine fused on cpu: the fastest' in caplog.text
    assert select_engine(scene, 'fused').name == 'fused'
    assert select_engine(scene, 'nerfstudio').name == 'nerfstudio'


@pytest.fixture
def without_kernels(monkeypatch):
    monkeypatch.setattr(cpu_renderer, '_kernel', None)
    monkeypatch.setattr(cpu_renderer, '_missing', 'no such file', raising=False)


def test_without_compiled_kernels_nerfstudio_renders_and_the_log_says_why(
    scene, without_kernels, caplog
):
    caplog.set_level('INFO', 'nerfstudio_renderer')
    assert select_engine(scene).name == 'nerfstudio'
    assert 'CPU kernels are not compiled (no such file)' in caplog.text
    with pytest.raises(ConfigurationError, match="engine 'fused' cannot render.*not compiled"):
        select_engine(scene, 'fused')


def test_a_model_of_another_kind_is_left_to_nerfstudio(tiny_scene, monkeypatch):
    scene = load_scene(tiny_scene, device='cpu')

    class Variant(type(scene.model)):
        pass

    monkeypatch.setattr(scene.model, '__class__', Variant)
    assert select_engine(scene).name == 'nerfstudio'
    with pytest.raises(ConfigurationError, match='for nerfacto, not for Variant'):
        select_engine(scene, 'fused')


def test_parameters_that_tiny_cuda_nn_packed_are_refused(tiny_scene, monkeypatch):
    scene = load_scene(tiny_scene, device='cpu')
    packed = torch.nn.Module()
    packed.params = torch.nn.Parameter(torch.zeros(8))
    monkeypatch.setattr(scene.model.field.mlp_base, 'model', packed)
    with pytest.raises(UnsupportedModelError, match='packed by tiny-cuda-nn'):
        extract_parameters(scene.model)
