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
"""Loading scenes: what is kept, what is refused, and that nothing in the files is run."""

from __future__ import annotations

import json
from pathlib import Path
import shutil
import socket

from nerfstudio.configs.method_configs import method_configs
from nerfstudio.models.nerfacto import NerfactoModel
from nerfstudio_renderer import load_scene, SceneError, WorldTransform
from nerfstudio_renderer.scene import bundled_config
from nerfstudio_renderer.scene.checkpoint import read_checkpoint
from nerfstudio_renderer.scene.config import read_model_config
import numpy as np
import pytest
from support.scenes import SCALE, STEP, TRANSFORM, write_scene
import torch
import yaml


@pytest.fixture
def scene_copy(tiny_scene: Path, tmp_path: Path) -> Path:
    """Return the config.yml of a copy that a test may damage."""
    shutil.copytree(tiny_scene.parent, tmp_path / 'scene')
    return tmp_path / 'scene' / 'config.yml'


def _checkpoint_of(config: Path) -> Path:
    return next(config.parent.glob('nerfstudio_models/*.ckpt'))


def _edit_state(config: Path, edit) -> None:
    path = _checkpoint_of(config)
    content = torch.load(path, weights_only=True)
    edit(content['pipeline'])
    torch.save(content, path)


def test_a_scene_is_loaded_as_it_was_trained(tiny_scene):
    scene = load_scene(tiny_scene)
    assert (scene.step, scene.device) == (STEP, torch.device('cpu'))
    assert not scene.model.training
    assert scene.model.num_train_data == 3  # from the embedding's rows, there is no data
    assert scene.world.matrix.tolist() == TRANSFORM
    assert scene.world.scale == SCALE
    saved = torch.load(_checkpoint_of(tiny_scene), weights_only=True)['pipeline']
    for name, tensor in scene.model.state_dict().items():
        torch.testing.assert_close(tensor, saved[f'_model.{name}'])


def test_loading_needs_no_network(tiny_scene, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError('the network was used')

    monkeypatch.setattr(socket, 'socket', refuse)
    monkeypatch.setattr(socket, 'create_connection', refuse)
    load_scene(tiny_scene)


def test_the_bundled_scene_is_the_default():
    assert load_scene().files.config == load_scene('').files.config == bundled_config()


def test_a_folder_stands_for_its_config(tiny_scene):
    assert load_scene(tiny_scene.parent).files.config == tiny_scene


def test_the_newest_step_is_taken_unless_one_is_named(scene_copy):
    older = _checkpoint_of(scene_copy)
    newer = older.with_name('step-000000100.ckpt')
    content = torch.load(older, weights_only=True)
    torch.save({**content, 'step': 100}, newer)
    assert load_scene(scene_copy).files.checkpoint == newer
    assert load_scene(scene_copy, checkpoint=older).step == STEP


def test_a_model_without_parameters_per_image_is_loaded(tmp_path):
    config = write_scene(tmp_path / 'scene', use_appearance_embedding=False)
    _edit_state(config, lambda state: state.pop('_model.camera_optimizer.pose_adjustment', None))
    assert read_model_config(config).use_appearance_embedding is False
    # The camera optimiser of the default method has a row per image; off, nothing has.
    text = config.read_text().replace('mode: SO3xR3', "mode: 'off'")
    config.write_text(text)
    assert load_scene(config).model.num_train_data == 1


def test_metric_weights_and_other_pipeline_parts_are_ignored(scene_copy):
    _edit_state(scene_copy, lambda state: state.update({'_model.lpips.net.w': torch.zeros(1)}))
    load_scene(scene_copy)


def test_distributed_training_leaves_the_same_scene(scene_copy):
    def wrap(state):
        for key in list(state):
            state[key.replace('_model.', '_model.module.')] = state.pop(key)

    _edit_state(scene_copy, wrap)
    load_scene(scene_copy)


def test_numpy_scalars_of_schedulers_are_read(scene_copy):
    path = _checkpoint_of(scene_copy)
    content = torch.load(path, weights_only=True)
    content['schedulers'] = {'fields': {'_last_lr': [np.float64(0.01)]}}
    torch.save(content, path)
    assert read_checkpoint(path).step == STEP


@pytest.mark.parametrize(
    'payload',
    [
        '!!python/object/apply:os.system ["touch {marker}"]',
        '!!python/object/new:subprocess.Popen [["touch", "{marker}"]]',
        '!!python/object/apply:nerfstudio.utils.scripts.run_command ["touch {marker}"]',
        '!!python/object/apply:builtins.eval ["open(\'{marker}\', \'w\')"]',
        '!!python/module:antigravity',
        '!!python/name:os.system ""',
        '!!python/object:subprocess.Popen {{args: ["touch", "{marker}"]}}',
        '!!python/object/apply:pathlib.Path.touch ["{marker}"]',
        '!!python/object/apply:nerfstudio.data.scene_box.SceneBox []',
    ],
)
@pytest.mark.parametrize('place', ['data: null', 'eval_num_rays_per_chunk: '])
def test_a_config_that_would_run_something_is_refused_and_runs_nothing(
    scene_copy, tmp_path, payload, place
):
    marker = tmp_path / 'executed'
    lines = scene_copy.read_text().splitlines()
    # At the top, which is never built, or within the model, which is.
    index = next(i for i, line in enumerate(lines) if line.strip().startswith(place.strip()))
    key = lines[index].split(':')[0]
    lines[index] = f'{key}: {payload.format(marker=marker)}'
    scene_copy.write_text('\n'.join(lines))
    if place.startswith('data') and 'nerfstudio.' in payload:
        load_scene(scene_copy)  # names a class or function of nerfstudio where nothing is built
    else:
        with pytest.raises(SceneError, match='config.yml'):
            load_scene(scene_copy)
    assert not marker.exists()


@pytest.mark.parametrize('method', sorted(method_configs))
def test_the_configs_of_all_of_nerfstudios_methods_are_read(method, tmp_path):
    path = tmp_path / 'config.yml'
    path.write_text(yaml.dump(method_configs[method]))
    config = read_model_config(path)
    assert config == method_configs[method].pipeline.model


def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(scene_copy, tmp_path):
    marker = tmp_path / 'executed'

    class Exploit:

        def __reduce__(self):
            return (Path.touch, (marker,))

    path = _checkpoint_of(scene_copy)
    content = torch.load(path, weights_only=True)
    torch.save({**content, 'optimizers': Exploit()}, path)
    with pytest.raises(SceneError, match='not only tensors'):
        load_scene(scene_copy)
    assert not marker.exists()


def test_a_target_that_is_no_model_is_refused(scene_copy):
    text = scene_copy.read_text()
    scene_copy.write_text(text.replace('nerfstudio.models.nerfacto.NerfactoModel ',
                                       'nerfstudio.utils.scripts.run_command '))
    with pytest.raises(SceneError, match='not a nerfstudio model'):
        load_scene(scene_copy)


def test_a_method_package_is_trusted_only_when_named(scene_copy, tmp_path, monkeypatch):
    package = tmp_path / 'my_method'
    package.mkdir()
    (package / '__init__.py').write_text(
        'from nerfstudio.models.nerfacto import NerfactoModel\nclass MyModel(NerfactoModel): pass'
    )
    monkeypatch.syspath_prepend(tmp_path)
    text = scene_copy.read_text()
    scene_copy.write_text(text.replace('nerfstudio.models.nerfacto.NerfactoModel ',
                                       'my_method.MyModel '))
    with pytest.raises(SceneError, match='my_method.MyModel'):
        load_scene(scene_copy)
    assert type(load_scene(scene_copy, method_packages=['my_method']).model).__name__ == 'MyModel'
    monkeypatch.setenv('NERFSTUDIO_RENDERER_METHOD_PACKAGES', 'my_method')
    load_scene(scene_copy)


def test_a_model_that_cannot_be_built_is_refused_with_the_reason(scene_copy, monkeypatch):
    def need_more(self):
        raise TypeError("missing 1 required argument: 'metadata'")

    monkeypatch.setattr(NerfactoModel, 'populate_modules', need_more)
    with pytest.raises(SceneError, match="cannot be built here: TypeError.*'metadata'"):
        load_scene(scene_copy)


def test_a_truncated_checkpoint_is_refused(scene_copy):
    path = _checkpoint_of(scene_copy)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(SceneError, match=f'{path.name}.*cannot be read'):
        load_scene(scene_copy)


def test_a_missing_tensor_is_named(scene_copy):
    _edit_state(scene_copy, lambda state: state.pop('_model.field.mlp_head.layers.0.weight'))
    with pytest.raises(SceneError, match=r'lacks field\.mlp_head\.layers\.0\.weight'):
        load_scene(scene_copy)


def test_an_unexpected_tensor_is_named(scene_copy):
    _edit_state(scene_copy, lambda state: state.update({'_model.field.extra': torch.zeros(1)}))
    with pytest.raises(SceneError, match=r'has unknown field\.extra'):
        load_scene(scene_copy)


def test_a_tensor_of_another_shape_is_named(scene_copy):
    key = '_model.field.mlp_head.layers.0.weight'
    _edit_state(scene_copy, lambda state: state.update({key: torch.zeros(2, 2)}))
    with pytest.raises(SceneError, match=r'does not fit.*field\.mlp_head\.layers\.0\.weight'):
        load_scene(scene_copy)


@pytest.mark.parametrize('prefix', ['gauss_params.', ''], ids=['now', 'as older versions saved'])
def test_gaussians_are_loaded_even_if_one_has_gone_astray(tmp_path, prefix):
    config = write_scene(tmp_path / 'scene', method='splatfacto')

    def edit(state):
        for key in list(state):
            state[key.replace('gauss_params.', prefix)] = state.pop(key)
        state[f'_model.{prefix}means'][3] = float('nan')

    _edit_state(config, edit)
    means = load_scene(config).model.gauss_params['means']
    assert means.shape == (20, 3)
    assert means.isfinite().all(dim=1).sum() == 19


def test_missing_gaussians_are_named(tmp_path):
    config = write_scene(tmp_path / 'scene', method='splatfacto')
    _edit_state(config, lambda state: state.pop('_model.gauss_params.quats'))
    with pytest.raises(SceneError, match=r'lacks gauss_params\.quats'):
        load_scene(config)


@pytest.mark.parametrize('number', [float('nan'), float('inf')])
def test_a_diverged_tensor_is_named(scene_copy, number):
    key = '_model.field.mlp_head.layers.0.weight'
    _edit_state(scene_copy, lambda state: state[key].flatten()[3:4].fill_(number))
    with pytest.raises(SceneError, match=r'field\.mlp_head\.layers\.0\.weight has values that are '
                       'not finite'):
        load_scene(scene_copy)


def test_a_checkpoint_of_tiny_cuda_nn_is_recognised(scene_copy):
    def pack(state):
        for key in [key for key in state if 'mlp_head' in key]:
            del state[key]
        state['_model.field.mlp_head.tcnn_encoding.params'] = torch.zeros(8)

    _edit_state(scene_copy, pack)
    with pytest.raises(SceneError, match='tiny-cuda-nn.*needs a CUDA device'):
        load_scene(scene_copy)


def test_a_torch_checkpoint_of_a_tcnn_config_is_loaded_with_torch(tmp_path):
    # What ns-train leaves on a machine without tiny-cuda-nn: it falls back, the config does not.
    config = write_scene(tmp_path / 'scene')
    config.write_text(config.read_text().replace('implementation: torch', 'implementation: tcnn'))
    load_scene(config)


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('', "no 'pipeline'"),
        ('a: [', 'not readable YAML'),
        ('pipeline: {model: 3}', 'not the configuration of a nerfstudio model'),
        ('pipeline: {}', "no 'model'"),
    ],
)
def test_a_file_that_is_no_config_is_refused(scene_copy, text, reason):
    scene_copy.write_text(text)
    with pytest.raises(SceneError, match=reason):
        load_scene(scene_copy)


def test_a_field_of_another_version_is_named(scene_copy):
    text = scene_copy.read_text()
    scene_copy.write_text(text.replace('    hidden_dim: 16', '    hidden_dim: 16\n    ginger: 1'))
    with pytest.raises(SceneError, match='NerfactoModelConfig has no ginger'):
        load_scene(scene_copy)


@pytest.mark.parametrize('name', ['nowhere/config.yml', 'nowhere'])
def test_a_wrong_path_is_named(tmp_path, name):
    with pytest.raises(SceneError, match=f"'{tmp_path / name}.*' does not exist"):
        load_scene(tmp_path / name)


def test_a_missing_checkpoint_is_named(scene_copy):
    with pytest.raises(SceneError, match='nope.ckpt'):
        load_scene(scene_copy, checkpoint=scene_copy.with_name('nope.ckpt'))
    shutil.rmtree(scene_copy.parent / 'nerfstudio_models')
    with pytest.raises(SceneError, match='no checkpoint step-'):
        load_scene(scene_copy)


def test_a_checkpoint_that_is_something_else_is_refused(scene_copy):
    torch.save({'model': {}}, _checkpoint_of(scene_copy))
    with pytest.raises(SceneError, match="has no 'pipeline'"):
        load_scene(scene_copy)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('{', 'not what ns-train writes'),
        ('{"scale": 1.0}', "KeyError\\('transform'\\)"),
        (json.dumps({'transform': [[1.0]], 'scale': 1.0}), '3 x 4'),
        (json.dumps({'transform': TRANSFORM, 'scale': 0.0}), "'scale' 0.0"),
    ],
)
def test_broken_transforms_are_refused(scene_copy, content, reason):
    (scene_copy.parent / 'dataparser_transforms.json').write_text(content)
    with pytest.raises(SceneError, match=reason):
        load_scene(scene_copy)


def test_a_scene_without_transforms_has_no_world(tmp_path):
    assert load_scene(write_scene(tmp_path / 'scene', world=False)).world is None


def test_world_poses_by_hand():
    # The transform turns x to -y and y to x, then adds (0.5, -0.25, 0); the scale halves it.
    world = WorldTransform(np.array(TRANSFORM), SCALE)
    camera = np.column_stack([np.eye(3), [2.0, 4.0, 6.0]])
    moved = world.to_scene(camera)
    assert moved[:, 3].tolist() == [0.5 * (4.0 + 0.5), 0.5 * (-2.0 - 0.25), 3.0]
    assert moved[:, :3].tolist() == np.array(TRANSFORM)[:, :3].tolist()
