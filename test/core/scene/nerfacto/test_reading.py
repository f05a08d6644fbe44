# SPDX-License-Identifier: Apache-2.0
"""The parameters of a nerfacto: as nerfstudio's own model has them, or refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from nerfstudio_renderer import load_scene, SceneError
from nerfstudio_renderer.engines.nerfstudio.model import build_model
from nerfstudio_renderer.scene.nerfacto import NerfactoParameters, read_nerfacto
import numpy as np
import pytest
from support.nerfacto_models import parameters_of
from support.nerfacto_variants import TRAINED_WITH_MORE, VARIANTS
from support.scenes import edit_state, write_scene
import torch

CPU = torch.device('cpu')
TABLE = '_model.field.mlp_base.model.0.hash_table'
HEAD = '_model.field.mlp_head.layers.0.weight'


def _read(config: Path) -> NerfactoParameters:
    scene = load_scene(config)
    return read_nerfacto(scene.config, scene.checkpoint)


def _assert_equal(found: Any, expected: Any, where: str = 'parameters') -> None:
    if dataclasses.is_dataclass(expected):
        assert type(found) is type(expected), where
        for field in dataclasses.fields(expected):
            name = field.name
            _assert_equal(getattr(found, name), getattr(expected, name), f'{where}.{name}')
    elif isinstance(expected, np.ndarray):
        assert (found.dtype, found.shape) == (np.float32, expected.shape), where
        if where.endswith('head[0].biases'):  # a mean and a product: in another order
            np.testing.assert_allclose(found, expected, atol=2e-7, rtol=2e-6, err_msg=where)
        else:
            np.testing.assert_array_equal(found, expected, err_msg=where)
    elif isinstance(expected, tuple) and expected and not isinstance(expected[0], float):
        assert len(found) == len(expected), where
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            _assert_equal(one, other, f'{where}[{index}]')
    else:
        assert (type(found), found) == (type(expected), expected), where


@pytest.mark.parametrize('changes', [*VARIANTS, *TRAINED_WITH_MORE], ids=str)
def test_they_are_those_of_nerfstudios_model(tmp_path: Path, changes: dict):
    config = write_scene(tmp_path / 'scene', **changes)
    expected = parameters_of(build_model(load_scene(config), CPU))
    _assert_equal(_read(config), expected)


def test_passes_share_a_network_where_the_model_does(tmp_path):
    config = write_scene(tmp_path / 'scene', use_same_proposal_network=True,
                         num_proposal_iterations=2, proposal_net_args_list=[
                             {'hidden_dim': 8, 'log2_hashmap_size': 8, 'num_levels': 3,
                              'max_res': 32}])
    first, second = _read(config).proposals
    assert first.network is second.network
    assert first.samples != second.samples


def test_the_bundled_scene_is_as_nerfstudio_has_it():
    scene = load_scene()
    _assert_equal(read_nerfacto(scene.config, scene.checkpoint),
                  parameters_of(build_model(scene, CPU)))


def test_a_scene_of_half_precision_is_read(scene_copy):
    expected = _read(scene_copy).field.grid.tables.astype(np.float16).astype(np.float32)

    def halve(state: dict) -> None:
        for name, tensor in state.items():
            state[name] = tensor.half() if tensor.is_floating_point() else tensor

    edit_state(scene_copy, halve)
    np.testing.assert_array_equal(_read(scene_copy).field.grid.tables, expected)


STATES = {
    'a box of NaN': (
        {'_model.field.aabb': torch.full((2, 3), float('nan'))}, 'field.aabb has values that are'),
    'a box inside out': (
        {'_model.field.aabb': torch.tensor([[1.0] * 3, [-1.0] * 3])}, 'which is no box'),
    'a flat box': ({'_model.field.aabb': torch.tensor([[-1.0, 0, -1], [1, 0, 1]])}, 'is no box'),
    'a box of two corners of two': ({'_model.field.aabb': torch.zeros(2, 2)}, 'which is no box'),
    'a box of whole numbers': (
        {'_model.field.aabb': torch.tensor([[-1] * 3, [1] * 3])}, 'int64 numbers, not weights'),
    'complex weights': ({HEAD: lambda t: t.to(torch.complex64)}, 'complex64 numbers, not weights'),
    'whole weights': ({HEAD: lambda t: t.to(torch.int32)}, 'int32 numbers, not weights'),
    'true weights': ({HEAD: lambda t: t > 0.0}, 'bool numbers, not weights'),
    'weights that float32 cannot hold': ({HEAD: lambda t: t.double() * 1e300}, 'not finite'),
    'a transposed layer': ({HEAD: lambda t: t.T.contiguous()}, r'does not fit .*head.*has shape'),
    'a flat layer': ({HEAD: lambda t: t.flatten()}, 'does not fit'),
    'a layer that is a number': ({HEAD: torch.tensor(3.0)}, 'does not fit'),
    'an empty layer': ({HEAD: lambda t: t[:0]}, 'does not fit'),
    'a head without an end': (
        {'_model.field.mlp_head.layers.2.weight': lambda t: t[:2],
         '_model.field.mlp_head.layers.2.bias': lambda t: t[:2]},
        r'layers.2.weight has shape \(2, 16\)'),
    'other biases': ({'_model.field.mlp_head.layers.0.bias': lambda t: t[:-1]}, 'bias has shape'),
    'a shorter table': ({TABLE: lambda t: t[:-1]}, r'hash_table has shape \(4095, 2\)'),
    'a table of three dimensions': ({TABLE: lambda t: t[None]}, 'hash_table has shape'),
    'a table of another width': ({TABLE: lambda t: t[:, :1]}, 'hash_table has shape'),
    'an empty table': ({TABLE: lambda t: t[:0]}, 'hash_table has shape'),
    'another number of levels': (
        {'_model.field.num_levels': torch.tensor(5)}, 'field.num_levels is 5, and 4 in the'),
    'another resolution': ({'_model.field.max_res': torch.tensor(65)}, 'field.max_res is 65'),
    'a list of resolutions': ({'_model.field.max_res': torch.tensor([64, 64])}, 'max_res is'),
    'other embeddings': (
        {'_model.field.embedding_appearance.embedding.weight': lambda t: t[:, :-1]},
        r'embedding_appearance\S* has shape'),
    'no embeddings': (
        {'_model.field.embedding_appearance.embedding.weight': lambda t: t[:0]},
        r'embedding_appearance\S* has shape'),
    'embeddings that are a number': (
        {'_model.field.embedding_appearance.embedding.weight': torch.tensor(1.0)},
        r'embedding_appearance\S* has shape'),
    'a network of no layers': (
        {'_model.field.mlp_base.model.1.layers.0.weight': None}, 'lacks field.mlp_base.model.1'),
    'a proposal without its table': (
        {'_model.proposal_networks.1.encoding.hash_table': None}, 'lacks proposal_networks.1'),
    'a third proposal': (
        {'_model.proposal_networks.2.encoding.hash_table': torch.zeros(8, 2)}, 'has unknown'),
    'a field without features': (
        {'_model.field.mlp_base.model.1.layers.1.weight': lambda t: t[:1],
         '_model.field.mlp_base.model.1.layers.1.bias': lambda t: t[:1]}, 'no features'),
    'an endless network': (
        {f'_model.field.mlp_head.layers.{n}.weight': torch.zeros(3, 3) for n in range(3, 90)},
        'does not fit|lacks|unknown'),
}


@pytest.mark.parametrize(('changes', 'reason'), STATES.values(), ids=STATES)
def test_a_state_that_would_be_rendered_wrongly_is_refused(tmp_path, changes, reason):
    # In a box, so that it matters.
    config = write_scene(tmp_path / 'scene', disable_scene_contraction=True)

    def edit(state: dict) -> None:
        for name, change in changes.items():
            if change is None:
                del state[name]
            else:
                state[name] = change(state[name]) if callable(change) else change

    edit_state(config, edit)
    with pytest.raises(SceneError, match=reason) as refusal:
        _read(config)
    assert '\n' not in str(refusal.value)
    assert len(str(refusal.value)) < 1000


VALUES = {
    'num_levels: 4': ['num_levels: four', 'num_levels: 0', 'num_levels: -4', 'num_levels: 4.5',
                      'num_levels: true', 'num_levels: 1000000000', 'num_levels: [4]',
                      'num_levels: null', "num_levels: !!python/name:os.system ''",
                      'num_levels: 5', 'num_levels: .nan'],
    'log2_hashmap_size: 10': ['log2_hashmap_size: 11', 'log2_hashmap_size: 1000',
                              'log2_hashmap_size: -1', 'log2_hashmap_size: "10"'],
    'max_res: 64': ['max_res: 8', 'max_res: 1e30', 'max_res: 63'],
    'base_res: 16': ['base_res: 0', 'base_res: 65', 'base_res: -16'],
    'features_per_level: 2': ['features_per_level: 1', 'features_per_level: 0'],
    'far_plane: 1000.0': ['far_plane: 0.0', 'far_plane: .inf', 'far_plane: -1', 'far_plane: x',
                          'far_plane: 1e39', 'far_plane: .nan'],
    'average_init_density: 0.01': ['average_init_density: 0', 'average_init_density: -1',
                                   'average_init_density: .nan', 'average_init_density: []'],
    'num_nerf_samples_per_ray: 8': ['num_nerf_samples_per_ray: 0',
                                    'num_nerf_samples_per_ray: 1000000',
                                    'num_nerf_samples_per_ray: 8.5'],
    'num_proposal_iterations: 2': ['num_proposal_iterations: 0', 'num_proposal_iterations: 3',
                                   'num_proposal_iterations: 17', 'num_proposal_iterations: x'],
    'background_color: last_sample': ['background_color: 3', 'background_color: pink',
                                      'background_color: [1, 1, 1]', 'background_color: null'],
    'proposal_initial_sampler: piecewise': ['proposal_initial_sampler: other',
                                            'proposal_initial_sampler: [piecewise]'],
    'disable_scene_contraction: false': ['disable_scene_contraction: 0',
                                         'disable_scene_contraction: "false"'],
    'use_average_appearance_embedding: true': ['use_average_appearance_embedding: 1'],
    'appearance_embed_dim: 32': ['appearance_embed_dim: 31', 'appearance_embed_dim: -1',
                                 'appearance_embed_dim: 0', 'appearance_embed_dim: x'],
    'use_linear: false': ['use_linear: 1', 'use_linear: true'],
}


@pytest.mark.parametrize(
    ('before', 'after'), [(before, after) for before, all_ in VALUES.items() for after in all_])
def test_a_value_that_nerfacto_does_not_have_is_refused(scene_copy, before, after):
    text = scene_copy.read_text()
    assert before in text
    head, separator, model = text.rpartition('\n  model:')
    scene_copy.write_text(head + separator + model.replace(before, after))
    with pytest.raises(SceneError, match=r'config\.yml') as refusal:
        _read(scene_copy)
    assert '\n' not in str(refusal.value)
    assert len(str(refusal.value)) < 1000


@pytest.mark.parametrize('text', [
    'num_proposal_samples_per_ray: !!python/tuple [16]', 'num_proposal_samples_per_ray: 16',
    'num_proposal_samples_per_ray: [16, 0]', 'num_proposal_samples_per_ray: [16, 1.5]',
    'num_proposal_samples_per_ray: [16, true]', 'num_proposal_samples_per_ray: [16, 100000]',
    'proposal_net_args_list: []', 'proposal_net_args_list: [3]', 'proposal_net_args_list: {a: 1}',
    'proposal_net_args_list: [{num_levels: 3}]', 'proposal_net_args_list: [{num_levels: x}]',
])
def test_lists_of_another_kind_are_refused(scene_copy, text):
    lines = scene_copy.read_text().splitlines()
    key = text.partition(':')[0]
    start = next(i for i, line in enumerate(lines) if line.startswith(f'    {key}:'))
    end = next(i for i, line in enumerate(lines[start + 1:], start + 1)
               if not line.startswith(('     ', '    -')))
    lines[start:end] = [f'    {text}']
    scene_copy.write_text('\n'.join(lines))
    with pytest.raises(SceneError, match=r'config\.yml') as refusal:
        _read(scene_copy)
    assert '\n' not in str(refusal.value)
