# SPDX-License-Identifier: Apache-2.0
"""Reading files of ``torch.save`` without PyTorch, against PyTorch itself."""

from __future__ import annotations

from collections import Counter, defaultdict, OrderedDict
import gc
from pathlib import Path
import subprocess
import sys
import warnings
import zipfile

from nerfstudio_renderer import SceneError
from nerfstudio_renderer.scene import bundled_config
from nerfstudio_renderer.scene.torch_files import open_torch_file, StoredTensor
import numpy as np
import pytest
from support.torch_archives import change_pickle, records_of, write_archive
import torch

BUNDLED = next(bundled_config().parent.glob('nerfstudio_models/*.ckpt'))
DTYPES = [
    torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64,
    torch.complex128, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8,
    torch.uint16, torch.uint32, torch.uint64, torch.bool,
]


def _saved(tmp_path: Path, content: object, **options) -> Path:
    path = tmp_path / 'step-000000001.ckpt'
    torch.save(content, path, **options)
    return path


def _plain(value):
    """Return a content with arrays in place of tensors, PyTorch's and ours alike."""
    if isinstance(value, StoredTensor):
        return value.read()
    if isinstance(value, torch.Tensor):
        value = value.detach()
        return (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    return value


def _assert_as_torch_reads_it(path: Path) -> None:
    with warnings.catch_warnings(), torch.serialization.safe_globals(
        [np.core.multiarray.scalar, np.dtype, np.dtypes.Float64DType, np.dtypes.Float32DType,
         np.dtypes.Int64DType, np.dtypes.BoolDType, defaultdict, dict]
    ):
        expected = torch.load(path, map_location='cpu', weights_only=True)
    np.testing.assert_equal(_plain(open_torch_file(path).content), _plain(expected))


def _assert_equal(stored: StoredTensor, tensor: torch.Tensor) -> None:
    expected = _plain(tensor)
    array = stored.read()
    assert (array.shape, array.dtype) == (expected.shape, expected.dtype)
    assert array.flags.c_contiguous and array.flags.writeable and array.flags.owndata
    np.testing.assert_array_equal(array, expected)
    assert stored.dtype == str(tensor.dtype).removeprefix('torch.')
    assert stored.shape == tuple(tensor.shape)
    assert stored.nbytes == tensor.numel() * tensor.element_size()


@pytest.mark.parametrize('dtype', DTYPES, ids=str)
@pytest.mark.parametrize('shape', [(), (0,), (5,), (3, 4), (2, 0, 3), (1, 2, 3, 4)], ids=str)
def test_a_tensor_is_read_as_pytorch_reads_it(tmp_path, dtype, shape):
    generator = torch.Generator().manual_seed(0)
    tensor = (torch.randn(shape, generator=generator) * 100).abs().to(dtype)
    _assert_equal(open_torch_file(_saved(tmp_path, tensor)).content, tensor)


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16, torch.bool, torch.uint16],
                         ids=str)
@pytest.mark.parametrize('view', [
    lambda t: t.t(),
    lambda t: t[1:, ::2],
    lambda t: t[2],
    lambda t: t[:, 3],
    lambda t: t[1, 2],
    lambda t: t[:1].expand(7, 6),
    lambda t: t[1:1],
    lambda t: t.reshape(2, 2, 6).permute(2, 0, 1),
    lambda t: t.as_strided((3, 3), (1, 2), 4),
], ids=['transposed', 'steps', 'row', 'column', 'number', 'expanded', 'empty', 'permuted',
        'overlapping'])
def test_a_view_of_a_storage_is_read_as_pytorch_reads_it(tmp_path, dtype, view):
    tensor = view((torch.arange(24) % 5).reshape(4, 6).to(dtype))
    _assert_equal(open_torch_file(_saved(tmp_path, tensor)).content, tensor)


def test_tensors_that_share_a_storage_are_each_their_own(tmp_path):
    whole = torch.arange(100.0)
    content = {'whole': whole, 'part': whole[10:20], 'same': whole}
    stored = open_torch_file(_saved(tmp_path, content)).content
    for name, tensor in content.items():
        _assert_equal(stored[name], tensor)
    assert stored['part'].storage.record == stored['whole'].storage.record
    stored['whole'].read()[:] = 0
    _assert_equal(stored['whole'], whole)


def test_parameters_and_tensors_with_attributes_are_tensors(tmp_path):
    tensor = torch.arange(6.0)
    attributed = tensor.clone()
    attributed.note = 'kept with it'
    module = torch.nn.Linear(3, 2)
    path = _saved(tmp_path, [
        torch.nn.Parameter(tensor), attributed, module.state_dict(), tensor.to_sparse().to_dense(),
    ])
    parameter, with_note, state, _ = open_torch_file(path).content
    _assert_equal(parameter, tensor)
    _assert_equal(with_note, tensor)
    _assert_equal(state['weight'], module.weight)


def test_plain_values_are_plain(tmp_path):
    content = {
        'numbers': [0, 1, -1, 255, 65535, 2**31, -2**40, 2**70, 0.1, float('inf'), True, None],
        'texts': ['', 'ü\n', 'x' * 300], 3: (1, (2, 3)),
        0.5: {}, None: 1, b'k': 2, 'bytes': b'\x00\xff',
        'ordered': OrderedDict(a=1), 'counted': Counter('aab'),
        'default': defaultdict(dict, {1: {'x': 2}}), 'complex': 1 + 2j, 'size': torch.Size([1, 2]),
    }
    assert open_torch_file(_saved(tmp_path, content)).content == content
    others = {'set': {3}, 'device': torch.device('cuda:1'), 'dtype': torch.float16}
    assert open_torch_file(_saved(tmp_path, others)).content == {
        'set': [3], 'device': 'cuda:1', 'dtype': 'torch.float16'}


@pytest.mark.parametrize('protocol', [2, 3, 4])
def test_later_protocols_are_read(tmp_path, protocol):
    content = {'a': torch.arange(3), 'b': {'c': [1.5, 'x', np.float64(3)]}}
    _assert_as_torch_reads_it(path := _saved(tmp_path, content, pickle_protocol=2))
    path = _saved(tmp_path, content, pickle_protocol=protocol)
    stored = open_torch_file(path).content
    _assert_equal(stored['a'], content['a'])
    assert stored['b'] == content['b']


@pytest.mark.parametrize('module', [b'numpy.core.multiarray', b'numpy._core.multiarray'],
                         ids=['numpy 1', 'numpy 2'])
@pytest.mark.parametrize('value', [
    np.float64(0.1), np.float32(0.1), np.int64(-3), np.bool_(True), np.float16(2), np.uint8(200),
    np.complex64(1j), np.float64('nan'),
], ids=lambda value: type(value).__name__)
def test_numpy_scalars_of_both_versions_become_numbers(tmp_path, module, value):
    path = _saved(tmp_path, {'lr': value})
    written = b'numpy._core.multiarray' if int(np.__version__[0]) > 1 else b'numpy.core.multiarray'
    change_pickle(path, lambda pickle: pickle.replace(written, module))
    (number,) = open_torch_file(path).content.values()
    assert type(number) is type(value.item())
    np.testing.assert_equal(number, value.item())


def test_the_byte_order_of_another_machine_is_turned(tmp_path):
    path = _saved(tmp_path, torch.arange(5, dtype=torch.int32))
    write_archive(path, {
        **records_of(path), 'byteorder': b'big', 'data/0': np.arange(5, dtype='>i4').tobytes(),
    })
    array = open_torch_file(path).content.read()
    assert array.dtype == np.int32 and array.dtype.isnative
    assert array.tolist() == [0, 1, 2, 3, 4]


def test_sizes_and_places_beyond_4_gib_are_found_where_zip64_has_them(tmp_path, monkeypatch):
    path = _saved(tmp_path, {'a': torch.arange(100), 'b': torch.arange(3)})
    monkeypatch.setattr(zipfile, 'ZIP64_LIMIT', 4)
    write_archive(path, records_of(path))
    assert path.read_bytes().count(b'\xff' * 8) >= 3
    _assert_as_torch_reads_it(path)


def test_the_bundled_checkpoint_is_read_as_pytorch_reads_it():
    _assert_as_torch_reads_it(BUNDLED)


@pytest.mark.parametrize('scheduler', [
    lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda step: np.float64(0.9) ** step),
    lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [1, 5, 5]),
    lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 10),
    lambda o: torch.optim.lr_scheduler.ReduceLROnPlateau(o),
    lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, 20),
    lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.5),
], ids=['lambda', 'steps', 'cosine', 'plateau', 'cycle', 'exponential'])
@pytest.mark.parametrize('optimizer', [torch.optim.Adam, torch.optim.RAdam, torch.optim.SGD])
def test_the_states_of_a_training_are_read_as_pytorch_reads_them(tmp_path, scheduler, optimizer):
    module = torch.nn.Linear(3, 2)
    steps = optimizer(module.parameters(), lr=0.1)
    schedule = scheduler(steps)
    for _ in range(3):
        module(torch.ones(1, 3)).sum().backward()
        steps.step()
        schedule.step(1.0) if 'Plateau' in type(schedule).__name__ else schedule.step()
    _assert_as_torch_reads_it(_saved(tmp_path, {
        'step': 3, 'pipeline': module.state_dict(), 'optimizers': {'fields': steps.state_dict()},
        'schedulers': {'fields': schedule.state_dict()},
        'scalers': torch.amp.GradScaler('cpu').state_dict(),
    }))


def test_reading_needs_no_pytorch():
    code = (
        'import sys; sys.modules["torch"] = None\n'
        'from nerfstudio_renderer.scene.torch_files import open_torch_file\n'
        'state = open_torch_file(sys.argv[1]).content["pipeline"]\n'
        'print(sum(tensor.read().nbytes for tensor in state.values()))\n'
    )
    done = subprocess.run([sys.executable, '-c', code, str(BUNDLED)], capture_output=True,
                          text=True, timeout=60, check=True)
    assert int(done.stdout) == sum(
        t.numel() * t.element_size() for t in torch.load(BUNDLED)['pipeline'].values())


def _open_files() -> int:
    return len(list(Path('/proc/self/fd').iterdir()))


def test_a_file_closes_with_its_last_tensor(tmp_path):
    path = _saved(tmp_path, {'a': torch.arange(3)})
    before = _open_files()
    tensor = open_torch_file(path).content['a']
    assert _open_files() == before + 1
    path.unlink()
    assert tensor.read().tolist() == [0, 1, 2]
    del tensor
    gc.collect()
    assert _open_files() == before


def test_a_closed_file_is_not_read(tmp_path):
    with open_torch_file(_saved(tmp_path, {'a': torch.arange(3)})) as opened:
        tensor = opened.content['a']
    with pytest.raises(SceneError, match='was closed'):
        tensor.read()


def test_a_file_that_is_cut_off_while_it_is_open_is_an_error(tmp_path):
    path = _saved(tmp_path, {'a': torch.arange(100_000)})
    tensor = open_torch_file(path).content['a']
    with path.open('r+b') as file:
        file.truncate(5000)
    with pytest.raises(SceneError, match='became shorter'):
        tensor.read()


def test_a_replaced_file_is_read_as_it_was(tmp_path):
    path = _saved(tmp_path, {'a': torch.arange(3)})
    tensor = open_torch_file(path).content['a']
    other = tmp_path / 'other'
    torch.save({'a': torch.zeros(3)}, other)
    other.replace(path)
    assert tensor.read().tolist() == [0, 1, 2]


def test_elements_that_numpy_lacks_are_named_when_they_are_read(tmp_path):
    path = _saved(tmp_path, {'a': torch.zeros(3).to(torch.float8_e4m3fn), 'b': torch.ones(2)})
    stored = open_torch_file(path).content
    _assert_equal(stored['b'], torch.ones(2))
    with pytest.raises(SceneError, match='float8_e4m3fn'):
        stored['a'].read()


def test_numbers_that_are_only_marked_as_conjugated_are_refused(tmp_path):
    stored = open_torch_file(_saved(tmp_path, torch.ones(2, dtype=torch.complex64).conj())).content
    with pytest.raises(SceneError, match='resolve_conj'):
        stored.read()
