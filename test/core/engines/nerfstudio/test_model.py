# SPDX-License-Identifier: Apache-2.0
"""Building nerfstudio's models: from scenes of any method, and only what is one."""

from __future__ import annotations

import logging
from pathlib import Path

from nerfstudio.models.base_model import Model
from nerfstudio.models.nerfacto import NerfactoModel
from nerfstudio_renderer import load_scene, SceneError
from nerfstudio_renderer.engines.nerfstudio.model import build_model
import pytest
from support.scenes import checkpoint_of, edit_state, write_scene
import torch


def _build(config: Path, **options) -> Model:
    return build_model(load_scene(config, **options), torch.device('cpu'))


def test_a_model_is_as_it_was_trained(tiny_scene):
    model = _build(tiny_scene)
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert model.num_train_data == 3  # from the embedding's rows, there is no data
    saved = torch.load(checkpoint_of(tiny_scene), weights_only=True)['pipeline']
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, saved[f'_model.{name}'])


def test_a_model_without_parameters_per_image_is_loaded(tmp_path):
    config = write_scene(tmp_path / 'scene', use_appearance_embedding=False)
    edit_state(config, lambda state: state.pop('_model.camera_optimizer.pose_adjustment', None))
    # The camera optimiser of the default method has a row per image; off, nothing has.
    config.write_text(config.read_text().replace('mode: SO3xR3', "mode: 'off'"))
    assert _build(config).num_train_data == 1


def test_a_target_that_is_no_model_is_refused(scene_copy):
    text = scene_copy.read_text()
    for target, reason in (('nerfstudio.utils.scripts.run_command', 'outside nerfstudio.models'),
                           ('nerfstudio.models.nerfacto.interlevel_loss', 'is not a Model'),
                           ('nerfstudio.models.nerfacto.nothing', 'importing .* failed'),
                           ('nerfstudio.models.nothing.Model', 'failed: ModuleNotFound')):
        scene_copy.write_text(text.replace('nerfstudio.models.nerfacto.NerfactoModel ',
                                           f'{target} '))
        with pytest.raises(SceneError, match=reason):
            _build(scene_copy)


def test_a_method_package_is_trusted_only_when_named(scene_copy, tmp_path, monkeypatch):
    package = tmp_path / 'my_method'
    package.mkdir()
    marker = tmp_path / 'imported'
    (package / '__init__.py').write_text(
        f'open({str(marker)!r}, "w").close()\n'
        'from nerfstudio.models.nerfacto import NerfactoModel\nclass MyModel(NerfactoModel): pass'
    )
    monkeypatch.syspath_prepend(tmp_path)
    text = scene_copy.read_text()
    scene_copy.write_text(text.replace('nerfstudio.models.nerfacto.NerfactoModel ',
                                       'my_method.MyModel '))
    with pytest.raises(SceneError, match='my_method.MyModel'):
        _build(scene_copy)
    assert not marker.exists()
    model = _build(scene_copy, method_packages=['my_method'])
    assert type(model).__name__ == 'MyModel'
    monkeypatch.setenv('NERFSTUDIO_RENDERER_METHOD_PACKAGES', 'my_method')
    _build(scene_copy)


@pytest.mark.parametrize('error', [
    TypeError("missing 1 required argument: 'metadata'"), SystemExit("no 'metadata'"),
    GeneratorExit("no 'metadata'"),
], ids=lambda error: type(error).__name__)
def test_a_model_that_cannot_be_built_is_refused_with_the_reason(scene_copy, monkeypatch, error):
    def need_more(self):
        raise error

    monkeypatch.setattr(NerfactoModel, 'populate_modules', need_more)
    with pytest.raises(SceneError, match="cannot be built here: .*'metadata'") as refusal:
        _build(scene_copy)
    assert '\n' not in str(refusal.value)


@pytest.mark.parametrize('prefix', ['gauss_params.', ''], ids=['now', 'as older versions saved'])
def test_gaussians_are_loaded_even_if_one_has_gone_astray(tmp_path, prefix):
    config = write_scene(tmp_path / 'scene', method='splatfacto')

    def edit(state):
        for key in list(state):
            state[key.replace('gauss_params.', prefix)] = state.pop(key)
        state[f'_model.{prefix}means'][3] = float('nan')

    edit_state(config, edit)
    means = _build(config).gauss_params['means']
    assert means.shape == (20, 3)
    assert means.isfinite().all(dim=1).sum() == 19


def test_missing_gaussians_are_named(tmp_path):
    config = write_scene(tmp_path / 'scene', method='splatfacto')
    edit_state(config, lambda state: state.pop('_model.gauss_params.quats'))
    with pytest.raises(SceneError, match=r'lacks gauss_params\.quats'):
        _build(config)


def test_a_checkpoint_of_tiny_cuda_nn_is_recognised(scene_copy):
    def pack(state):
        for key in [key for key in state if 'mlp_head' in key]:
            del state[key]
        state['_model.field.mlp_head.tcnn_encoding.params'] = torch.zeros(8)

    edit_state(scene_copy, pack)
    with pytest.raises(SceneError, match='tiny-cuda-nn.*needs a CUDA device'):
        _build(scene_copy)


def test_a_torch_checkpoint_of_a_tcnn_config_is_loaded_with_torch(tmp_path):
    # What ns-train leaves on a machine without tiny-cuda-nn: it falls back, the config does not.
    config = write_scene(tmp_path / 'scene')
    config.write_text(config.read_text().replace('implementation: torch', 'implementation: tcnn'))
    _build(config)


def test_fields_of_another_version_are_left_out_and_named_in_the_log(scene_copy, caplog):
    caplog.set_level(logging.INFO, 'nerfstudio_renderer')
    text = scene_copy.read_text()
    scene_copy.write_text(text.replace('    hidden_dim: 16', '    hidden_dim: 16\n    ginger: 1'))
    _build(scene_copy)
    assert 'ignored in pipeline.model, which this version' in caplog.text
    assert 'ginger' in caplog.text
