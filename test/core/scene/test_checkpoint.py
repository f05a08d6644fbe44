# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint of ``ns-train`` says of its model, and what of it is refused."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys

from nerfstudio_renderer import SceneError
from nerfstudio_renderer.scene import bundled_config
from nerfstudio_renderer.scene.checkpoint import Checkpoint, read_checkpoint
from nerfstudio_renderer.scene.files import earlier_checkpoint
from nerfstudio_renderer.scene.torch_files import DamagedFileError
import numpy as np
import pytest
import torch

BUNDLED = next(bundled_config().parent.glob('nerfstudio_models/*.ckpt'))
BOX = [[-1.0, -2.0, -3.0], [1.0, 2.0, 3.0]]


def _saved(path: Path, step: object = 7, prefix: str = '_model.', **tensors) -> Path:
    state = {prefix + name.replace('__', '.'): tensor for name, tensor in tensors.items()}
    torch.save({'step': step, 'pipeline': state or {'_model.w': torch.ones(2)}}, path)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'step-000000007.ckpt'


def _read(path: Path, **content) -> Checkpoint:
    return read_checkpoint(_saved(path, **content))


def test_the_bundled_checkpoint_is_as_pytorch_reads_it():
    checkpoint = read_checkpoint(BUNDLED)
    content = torch.load(BUNDLED, map_location='cpu', weights_only=True)
    state = {key.removeprefix('_model.'): tensor for key, tensor in content['pipeline'].items()}
    assert checkpoint.state.keys() == state.keys()
    assert (checkpoint.step, checkpoint.path) == (content['step'], BUNDLED)
    assert not checkpoint.is_packed
    assert checkpoint.image_count == 1  # it was trained without an appearance for each
    np.testing.assert_array_equal(checkpoint.aabb, state['field.aabb'].numpy())
    for key, tensor in state.items():
        np.testing.assert_array_equal(checkpoint.state[key].read(), tensor.numpy())
        if tensor.is_floating_point():
            array = checkpoint.array(key)
            assert array.dtype == np.float32
            np.testing.assert_array_equal(array, tensor.numpy())


def test_reading_a_checkpoint_needs_neither_pytorch_nor_nerfstudio():
    code = (
        'import sys; sys.modules.update(torch=None, nerfstudio=None)\n'
        'from pathlib import Path\n'
        'from nerfstudio_renderer.scene.checkpoint import read_checkpoint\n'
        'print(read_checkpoint(Path(sys.argv[1])).array("field.aabb").sum())\n'
    )
    done = subprocess.run([sys.executable, '-c', code, str(BUNDLED)], capture_output=True,
                          text=True, timeout=60, check=True)
    assert float(done.stdout) == read_checkpoint(BUNDLED).aabb.sum()


@pytest.mark.parametrize('prefix', ['_model.', '_model.module.', 'module._model.'])
def test_the_models_own_names_are_kept_however_it_was_trained(path, prefix):
    torch.save({'step': 7, 'pipeline': {
        f'{prefix}field.w': torch.ones(2), f'{prefix}lpips.net.w': torch.ones(1),
        f'{prefix}psnr.total': torch.ones(1), 'datamanager.w': torch.ones(3), 5: torch.ones(1),
    }}, path)
    assert list(read_checkpoint(path).state) == ['field.w']


def test_two_tensors_of_one_name_are_refused(path):
    torch.save({'step': 7, 'pipeline': {
        '_model.field.w': torch.ones(2), '_model.module.field.w': torch.ones(2)}}, path)
    with pytest.raises(SceneError, match=r"'field\.w' twice"):
        read_checkpoint(path)


@pytest.mark.parametrize('step', [0, 7, np.int64(7), 7.0, 2**53 - 1], ids=repr)
def test_the_step_is_a_whole_number(path, step):
    read = _read(path, step=step).step
    assert type(read) is int and read == step


@pytest.mark.parametrize('step', [
    -1, 7.5, float('nan'), float('inf'), 2**53, 10**400, True, None, '7', [7], torch.ones(2),
], ids=lambda step: repr(step)[:10])
def test_a_step_that_is_none_is_refused(path, step):
    with pytest.raises(SceneError, match='its step .* is not a number of iterations') as caught:
        _read(path, step=step)
    assert '\n' not in str(caught.value)


def test_images_are_counted_by_what_is_kept_for_each(path):
    assert _read(path).image_count == 1
    assert _read(path, camera_optimizer__pose_adjustment=torch.zeros(5, 6)).image_count == 5
    assert _read(path, field__embedding_appearance__embedding__weight=torch.zeros(4, 32)) \
        .image_count == 4
    assert _read(path, camera_optimizer__pose_adjustment=torch.zeros(())).image_count == 1


@pytest.mark.parametrize(('name', 'packed'), [
    ('field__mlp_base__params', True), ('field__mlp_head__tcnn_encoding__params', True),
    ('gauss_params__means', False), ('field__params__w', False),
])
def test_packed_networks_are_known_by_their_name(path, name, packed):
    assert _read(path, **{name: torch.ones(2)}).is_packed is packed


def test_the_box_is_float32_and_the_unit_box_without_one(path):
    for dtype in (torch.float64, torch.bfloat16, torch.float32):
        box = _read(path, field__aabb=torch.tensor(BOX, dtype=dtype)).aabb
        assert box.dtype == np.float32 and box.tolist() == BOX
    assert _read(path).aabb.tolist() == [[-1.0] * 3, [1.0] * 3]


@pytest.mark.parametrize('box', [
    torch.zeros(2, 3), torch.tensor(BOX).flip(0), torch.tensor(BOX).flatten(),
    torch.tensor(BOX) * float('nan'), torch.tensor(BOX) * float('inf'),
    torch.tensor(BOX).int(), torch.zeros(0, 3),
], ids=['empty', 'swapped', 'flat', 'nan', 'infinite', 'whole', 'none'])
def test_a_box_that_is_none_is_refused(path, box):
    checkpoint = _read(path, field__aabb=box)
    with pytest.raises(SceneError, match=r'field\.aabb'):
        checkpoint.aabb  # noqa: B018 - looking is the test


@pytest.mark.parametrize(('tensor', 'match'), [
    (torch.tensor([1.0, float('nan')]), 'w has values that are not finite'),
    (torch.tensor([1.0, -float('inf')]), 'w has values that are not finite'),
    (torch.tensor([1e300], dtype=torch.float64), 'w has values that are not finite'),
    (torch.tensor([float('inf')], dtype=torch.float16), 'w has values that are not finite'),
    (torch.ones(2, dtype=torch.complex64), 'w holds complex64 numbers, not weights'),
    (torch.ones(2, dtype=torch.int64), 'w holds int64 numbers, not weights'),
    (torch.ones(2, dtype=torch.bool), 'w holds bool numbers, not weights'),
    (torch.ones(2).to(torch.float8_e5m2), 'w holds float8_e5m2 numbers, not weights'),
], ids=str)
def test_weights_are_finite_real_numbers(path, tensor, match):
    checkpoint = _read(path, w=tensor)
    with pytest.raises(SceneError, match=match) as caught:
        checkpoint.array('w')
    assert path.name in str(caught.value)


def test_a_tensor_that_is_missing_is_named(path):
    with pytest.raises(SceneError, match=r'lacks field\.w'):
        _read(path).array('field.w')


def test_large_weights_whose_sum_overflows_are_finite(path):
    tensor = torch.full((4,), torch.finfo(torch.float32).max)
    assert _read(path, w=tensor).array('w').tolist() == tensor.tolist()


@pytest.mark.parametrize('content', [
    [], 3, {}, {'pipeline': []}, {'pipeline': {}}, {'pipeline': {'_model.w': 3}},
    {'pipeline': {'w': torch.ones(1)}}, torch.ones(3),
], ids=str)
def test_what_is_not_of_ns_train_is_refused(path, content):
    torch.save(content, path)
    with pytest.raises(SceneError, match='not one of ns-train'):
        read_checkpoint(path)


def test_a_damaged_checkpoint_names_the_step_before(path):
    whole = _saved(path).read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    with pytest.raises(DamagedFileError, match=r'step-000000007\.ckpt.*is damaged') as caught:
        read_checkpoint(path)
    assert 'earlier' not in str(caught.value)
    for step in (3, 5, 9):
        path.with_name(f'step-{step:09d}.ckpt').write_bytes(whole)
    with pytest.raises(DamagedFileError, match=r"earlier step .* 'step-000000005\.ckpt'"):
        read_checkpoint(path)
    assert earlier_checkpoint(path).name == 'step-000000005.ckpt'
    assert earlier_checkpoint(path.with_name('step-000000003.ckpt')) is None
    assert earlier_checkpoint(path.with_name('model.ckpt')) is None
