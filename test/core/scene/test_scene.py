# SPDX-License-Identifier: Apache-2.0
"""Loading scenes: what is kept, what is refused, and that nothing in the files is run."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import socket

from nerfstudio_renderer import load_scene, SceneError, select_engine
from nerfstudio_renderer.scene import bundled_config
from nerfstudio_renderer.scene.checkpoint import read_checkpoint
import numpy as np
import pytest
from support.scenes import checkpoint_of, edit_state, SCALE, STEP, TRANSFORM, write_scene
import torch

ENGINES = ('fused', 'nerfstudio')
BOTH_ENGINES = pytest.mark.parametrize('engine', ENGINES)


def _open(config: Path, engine: str):
    return select_engine(load_scene(config), engine, 'cpu')


def test_a_scene_is_loaded_as_it_was_trained(tiny_scene):
    scene = load_scene(tiny_scene)
    assert scene.step == STEP
    assert scene.checkpoint.image_count == 3  # from the embedding's rows, there is no data
    assert scene.world.matrix.tolist() == TRANSFORM
    assert scene.world.scale == SCALE
    saved = torch.load(checkpoint_of(tiny_scene), weights_only=True)['pipeline']
    assert {f'_model.{name}' for name in scene.checkpoint.state} == {
        name for name in saved if name.startswith('_model.')
    }
    for name, stored in scene.checkpoint.state.items():
        np.testing.assert_array_equal(stored.read(), saved[f'_model.{name}'].numpy())


@BOTH_ENGINES
def test_loading_needs_no_network(tiny_scene, monkeypatch, engine):
    def refuse(*args, **kwargs):
        raise AssertionError('the network was used')

    monkeypatch.setattr(socket, 'socket', refuse)
    monkeypatch.setattr(socket, 'create_connection', refuse)
    _open(tiny_scene, engine)


def test_the_bundled_scene_is_the_default():
    assert load_scene().files.config == load_scene('').files.config == bundled_config()


def test_a_folder_stands_for_its_config(tiny_scene):
    assert load_scene(tiny_scene.parent).files.config == tiny_scene


def test_the_newest_step_is_taken_unless_one_is_named(scene_copy):
    older = checkpoint_of(scene_copy)
    newer = older.with_name('step-000000100.ckpt')
    content = torch.load(older, weights_only=True)
    torch.save({**content, 'step': 100}, newer)
    assert load_scene(scene_copy).files.checkpoint == newer
    assert load_scene(scene_copy, checkpoint=older).step == STEP


@BOTH_ENGINES
def test_metric_weights_and_other_pipeline_parts_are_ignored(scene_copy, engine):
    edit_state(scene_copy, lambda state: state.update({'_model.lpips.net.w': torch.zeros(1)}))
    _open(scene_copy, engine)


@BOTH_ENGINES
@pytest.mark.parametrize('wrapped', ['_model.module.', 'module._model.'])
def test_distributed_training_leaves_the_same_scene(scene_copy, engine, wrapped):
    def wrap(state):
        for key in list(state):
            state[key.replace('_model.', wrapped)] = state.pop(key)

    edit_state(scene_copy, wrap)
    _open(scene_copy, engine)


def test_numpy_scalars_of_schedulers_are_read(scene_copy):
    path = checkpoint_of(scene_copy)
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
@pytest.mark.parametrize('place', [
    'data: null', 'eval_num_rays_per_chunk: ', 'num_levels: ', 'camera_optimizer: ',
    'background_color: ',
])
def test_a_config_that_would_run_something_runs_nothing(scene_copy, tmp_path, payload, place):
    marker = tmp_path / 'executed'
    lines = scene_copy.read_text().splitlines()
    # At the top, or within the model, in fields that nobody reads and in those that engines do.
    index = next(i for i, line in enumerate(lines) if line.strip().startswith(place.strip()))
    indent = len(lines[index]) - len(lines[index].lstrip())
    end = index + 1
    while lines[end].startswith(' ' * (indent + 1)):  # what belonged to it
        end += 1
    key = lines[index].split(':')[0]
    lines[index:end] = [f'{key}: {payload.format(marker=marker)}']
    scene_copy.write_text('\n'.join(lines))
    load_scene(scene_copy)  # it is data
    for engine in ENGINES:
        try:
            _open(scene_copy, engine)
        except SceneError as error:
            assert 'config.yml' in str(error)  # noqa: PT017 - it need not be raised
            assert '\n' not in str(error)  # noqa: PT017
    assert not marker.exists()


def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(scene_copy, tmp_path):
    marker = tmp_path / 'executed'

    class Exploit:

        def __reduce__(self):
            return (Path.touch, (marker,))

    path = checkpoint_of(scene_copy)
    content = torch.load(path, weights_only=True)
    torch.save({**content, 'optimizers': Exploit()}, path)
    with pytest.raises(SceneError, match='neither a tensor nor a plain value; nothing was run'):
        load_scene(scene_copy)
    assert not marker.exists()


def test_a_truncated_checkpoint_is_refused(scene_copy):
    path = checkpoint_of(scene_copy)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(SceneError, match=f'{path.name}.*cannot be read'):
        load_scene(scene_copy)


@BOTH_ENGINES
def test_a_missing_tensor_is_named(scene_copy, engine):
    edit_state(scene_copy, lambda state: state.pop('_model.field.mlp_head.layers.0.weight'))
    with pytest.raises(SceneError, match=r'lacks field\.mlp_head\.layers\.0\.weight'):
        _open(scene_copy, engine)


@BOTH_ENGINES
def test_an_unexpected_tensor_is_named(scene_copy, engine):
    edit_state(scene_copy, lambda state: state.update({'_model.field.extra': torch.zeros(1)}))
    with pytest.raises(SceneError, match=r'has unknown field\.extra'):
        _open(scene_copy, engine)


@BOTH_ENGINES
def test_a_tensor_of_another_shape_is_named(scene_copy, engine):
    key = '_model.field.mlp_head.layers.0.weight'
    edit_state(scene_copy, lambda state: state.update({key: torch.zeros(2, 2)}))
    with pytest.raises(SceneError, match=r'does not fit.*field\.mlp_head\.layers\.0\.weight'):
        _open(scene_copy, engine)


@BOTH_ENGINES
@pytest.mark.parametrize('number', [float('nan'), float('inf')])
def test_a_diverged_tensor_is_named(scene_copy, engine, number):
    key = '_model.field.mlp_head.layers.0.weight'
    edit_state(scene_copy, lambda state: state[key].flatten()[3:4].fill_(number))
    with pytest.raises(SceneError, match=r'field\.mlp_head\.layers\.0\.weight has values that are '
                       'not finite'):
        _open(scene_copy, engine)


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('', 'not hold one YAML document'),
        ('a: [', 'not readable YAML'),
        ('pipeline: {model: 3}', 'not the configuration of a nerfstudio model'),
        ('pipeline: {}', "no 'model'"),
        ('{}', "no 'pipeline'"),
    ],
)
def test_a_file_that_is_no_config_is_refused(scene_copy, text, reason):
    scene_copy.write_text(text)
    with pytest.raises(SceneError, match=reason):
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
    torch.save({'model': {}}, checkpoint_of(scene_copy))
    with pytest.raises(SceneError, match="has no 'pipeline'"):
        load_scene(scene_copy)


def test_a_scene_without_transforms_has_no_world(tmp_path):
    assert load_scene(write_scene(tmp_path / 'scene', world=False)).world is None


HOSTILE_PATHS = {
    'a path that is too long': 'x' * 5000,
    'a name that is too long': 'x' * 300 + '/config.yml',
    'a user that there is not': '~nosuchuser/config.yml',
    'a zero byte': 'a\0b',
    'bytes that are no UTF-8': 'folder/\udce9t\udce9',
    'a newline': 'a\nb',
}


@pytest.mark.parametrize('path', HOSTILE_PATHS.values(), ids=HOSTILE_PATHS)
@pytest.mark.parametrize('given', [str, Path])
def test_paths_of_any_kind_are_refused_in_one_short_line(tiny_scene, path, given):
    for arguments in ({'config': given(path)}, {'config': tiny_scene, 'checkpoint': given(path)}):
        with pytest.raises(SceneError) as refusal:
            load_scene(**arguments)
        message = str(refusal.value)
        assert '\n' not in message
        assert len(message) < 1000
        assert repr(path)[1:20] in message


@pytest.mark.parametrize('name', ['config.yml', 'nerfstudio_models/step-000000012.ckpt'])
def test_a_pipe_is_no_file_and_is_not_waited_for(scene_copy, name):
    path = scene_copy.parent / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(SceneError, match=f'{path.name}.* does not exist'):
        load_scene(scene_copy)


def test_a_link_that_goes_in_circles_is_refused(tmp_path):
    link = tmp_path / 'config.yml'
    link.symlink_to(link)
    with pytest.raises(SceneError, match='config.yml'):
        load_scene(link)
