# SPDX-License-Identifier: Apache-2.0
"""Files that are no checkpoints, or are made to hurt who reads them: one line, nothing is run."""

from __future__ import annotations

import os
from pathlib import Path
import pickle
import random
import re
import shutil
import struct
import tracemalloc
import zipfile

from nerfstudio_renderer import SceneError
from nerfstudio_renderer.scene import bundled_config
from nerfstudio_renderer.scene.torch_files import DamagedFileError, open_torch_file, StoredTensor
import numpy as np
import pytest
from support.torch_archives import (
    change_pickle,
    FOLDER,
    records_of,
    tensor_pickle,
    write_archive,
    write_pickle,
)
import torch

BUNDLED = next(bundled_config().parent.glob('nerfstudio_models/*.ckpt'))
MIB = 2**20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'step-000000001.ckpt'


@pytest.fixture
def little_memory():
    """Fail a test that takes more than 100 MiB at once."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 * MIB


def _refusal(path: Path, match: str, kind: type[SceneError] = SceneError) -> str:
    with pytest.raises(kind, match=match) as caught:
        open_torch_file(path)
    message = str(caught.value)
    assert '\n' not in message and message.isprintable() and len(message) < 1500
    assert path.name in message
    return message


def _walk(value: object):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from _walk(each)
    elif isinstance(value, StoredTensor):
        yield value


class _Calls:

    def __init__(self, function, *arguments) -> None:
        self._reduced = function, arguments

    def __reduce__(self):
        return self._reduced


def _exploits(marker: Path) -> dict[str, bytes]:
    touch = f'touch {marker}'
    name = str(marker).encode()
    length = len(name).to_bytes(4, 'little')
    return {
        'system': pickle.dumps(_Calls(os.system, touch), 2),
        'system 4': pickle.dumps(_Calls(os.system, touch), 4),
        'eval': pickle.dumps(_Calls(eval, f'open({str(marker)!r}, "w")'), 2),
        'path': pickle.dumps(_Calls(Path.touch, marker), 2),
        'getattr': pickle.dumps(_Calls(getattr, 'os', 'system'), 2),
        'attribute of a name': b'\x80\4X\5\0\0\0torchX\x17\0\0\0_utils._rebuild_tensor\0\x93.',
        'nested name': b'\x80\4X\x0b\0\0\0collectionsX\x0a\0\0\0abc.system\x93.',
        'names that are no text': b'\x80\2]]\x93.',
        'instance': b'(X' + length + name + b'ipathlib\nPath\n.',
        'object': b'(cpathlib\nPath\nX' + length + name + b'o.',
        'new object': b'\x80\2cpathlib\nPath\nX' + length + name + b'\x85\x81.',
        'extension': b'\x80\2\x82\1.',
        'state of a builder': b'\x80\2ctorch\nSize\n}X\5\0\0\0build]sb.',
        'call of a name': b'\x80\2ctorch\nTensor\n)R.',
        'call of a storage type': b'\x80\2ctorch\nFloatStorage\n)R.',
        'call of a text': b'\x80\2X\1\0\0\0a)R.',
        'from a type': b'\x80\2ctorch._tensor\n_rebuild_from_type_v2\n(ctorch\nTensor\n'
                       b'ctorch\nTensor\n)}tR.',
        'from another class': b'\x80\2ctorch._tensor\n_rebuild_from_type_v2\n(ctorch\nSize\n'
                              b'ctorch\nSize\n)}tR.',
        'read buffers': b'\x80\5\x97.',
        'bytearray': b'\x80\5\x96' + (2**40).to_bytes(8, 'little') + b'.',
        'decoding': b'\x80\2c_codecs\nencode\nX\1\0\0\0aX\3\0\0\0zip\x86R.',
        'numpy object': b'\x80\2cnumpy\ndtype\nX\2\0\0\0O8\x85R.',
        'numpy record': b'\x80\2cnumpy\ndtype\nX\5\0\0\0f8,f8\x85R.',
        'builder left over': b'\x80\2}X\1\0\0\0actorch\nSize\ns.',
        'storage type left over': b'\x80\2]ctorch\nFloatStorage\na.',
        'text as old Python has it': b"S'a'\n.",
        'number as old Python has it': b'I' + b'9' * 5000 + b'\n.',
    }


@pytest.mark.parametrize('exploit', _exploits(Path('x')))
def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(path, exploit):
    marker = path.with_name('executed')
    write_pickle(path, _exploits(marker)[exploit])
    _refusal(path, 'nothing was run|no number|not read here|damaged')
    assert not marker.exists()


def test_what_is_refused_is_named(path):
    write_pickle(path, _exploits(path)['system'])
    assert 'it holds posix.system, which is neither a tensor nor a plain value; nothing was run' \
        in _refusal(path, 'nothing was run')


@pytest.mark.parametrize('name', [
    'numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar', 'numpy.dtype',
    '_codecs.encode', 'torch.Size', 'torch.device', 'torch._utils._rebuild_tensor',
    'torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_tensor_v3',
    'torch._utils._rebuild_parameter', 'torch._tensor._rebuild_from_type_v2',
    'collections.OrderedDict', 'collections.Counter', 'builtins.set', 'builtins.complex',
])
@pytest.mark.parametrize('arguments', [
    b')', b'N\x85', b']\x85', b'X\2\0\0\0f8\x85', b'NN\x86', b'(NNNNNNNNNt', b'(}]K\1)tt',
    b'(ctorch\nSize\n(K\1tK\1K\1K\1K\1X\1\0\0\0at',
], ids=range(8))
def test_wrong_arguments_are_one_line(path, name, arguments):
    module, _, own = name.rpartition('.')
    write_pickle(path, f'\x80\2c{module}\n{own}\n'.encode('latin-1') + arguments + b'R.')
    try:
        open_torch_file(path)  # a few are what they should be
    except SceneError as error:
        assert '\n' not in str(error)


@pytest.mark.parametrize(('bomb', 'match'), [
    (b'\x80\2' + b']' * 300_000 + b'a' * 299_999 + b'.', 'steps'),
    (b'\x80\2' + b']' * 1000 + b'a' * 999 + b'.', 'nested deeper'),
    (b'\x80\2)' + b'\x85' * 1000 + b'.', 'nested deeper'),
    (b'\x80\2' + b'}' * 200 + b'K\1' + b'a' * 3 + b'.', 'damaged'),
    (b'\x80\2]q\0h\0a.', 'within themselves'),
    (b'\x80\2}q\0X\1\0\0\0ah\0s.', 'within themselves'),
    (b'\x80\2]q\0h\0\x85a.', 'within themselves'),
    (b'\x80\2)q\0' + b'h\0h\0\x86q\0' * 40 + b'h\0K\1\x86}h\0K\1s.', 'keys'),
    (b'\x80\2}]K\1s.', 'keys'),
    (b'\x80\2' + b'(' * 600_000 + b'.', 'steps'),
    (b'\x80\2' + b']0' * 10 + b'.', 'nothing was run'),
    (b'\x80\2]q\0' + b'X\0\0\1\0' + b'a' * 65536 + b'q\1'
     + b'c_codecs\nencode\nh\1X\6\0\0\0latin1\x86R' * 1000 + b'.', 'no number'),
    (b'\x80\2ctorch\ndevice\nX\0\0\1\0' + b'a' * 65536 + b'\x85R.', 'device'),
    (b'\x80\2B\xff\xff\xff\xff.', 'too early'),
    (b'\x80\2X\xff\xff\xff\xff.', 'too early'),
    (b'\x80\2', 'damaged'),
    (b'', 'damaged'),
    (b'\x80\2X\2\0\0\0\xff\xfe.', 'damaged'),
    (b'.', 'damaged'),
    (b'a.', 'damaged'),
    (b'h\0.', 'damaged'),
    (b't.', 'damaged'),
    (b'cos', 'damaged'),
    (b'X' + (9 * MIB).to_bytes(4, 'little') + b'a' * (9 * MIB) + b'.', 'a pickle of 9437'),
    (b'\x80\2(' + b'}NNs' * 124_000 + b'l.', 'nothing was run'),
    # Each of two is as deep as may be, and one is within the other.
    (b'\x80\2)' + b'\x85' * 50 + b'q\0' + b'\x85' * 50 + b'h\0\x86.', 'nested deeper'),
], ids=range(26))
def test_a_pickle_that_grows_without_end_is_refused(path, little_memory, bomb, match):
    write_pickle(path, bomb)
    _refusal(path, match)


# Of 50 tuples each holds the one before twice: who walks through them never ends.
_DOUBLED = b'Nq\0' + b'(h\0h\0tq\0' * 50


@pytest.mark.parametrize(('pickle', 'match'), [
    (b'h\0.', 'of more than'),
    (b'}h\0K\1s.', 'keys'),
    (b'h\0h\0\x93.', 'no text'),
    (b'cnumpy\ndtype\nh\0\x85R.', 'type tuple'),
    (b'h\0)R.', 'calls tuple'),
    (b'h\0Q.', 'damaged'),
], ids=['content', 'key', 'name', 'type', 'call', 'storage'])
def test_what_doubles_itself_is_never_walked_through(path, little_memory, pickle, match):
    write_pickle(path, b'\x80\2' + _DOUBLED + pickle)
    _refusal(path, match)


def test_keys_of_one_hash_are_refused(path):
    write_pickle(path, b'\x80\2}\x8a\x08' + (2**61 - 1).to_bytes(8, 'little') + b'Ns.')
    _refusal(path, 'keys')


@pytest.mark.parametrize(('parts', 'match'), [
    ({'shape': b'K\3\x85'}, 'not within'),
    ({'offset': b'K\1'}, 'not within'),
    ({'offset': b'J\xff\xff\xff\xff'}, 'shape or stride'),
    ({'shape': b'J\xff\xff\xff\xff\x85'}, 'shape or stride'),
    ({'stride': b'J\xff\xff\xff\xff\x85'}, 'shape or stride'),
    ({'stride': b'K\2\x85'}, 'not within'),
    ({'stride': b')'}, 'shape or stride'),
    ({'shape': b'K\2K\1\x86'}, 'shape or stride'),
    ({'shape': b'(' + b'K\1' * 33 + b't', 'stride': b'(' + b'K\1' * 33 + b't'}, 'shape or stride'),
    ({'shape': b'G\0\0\0\0\0\0\0\0\x85'}, 'shape or stride'),
    ({'shape': b'\x88\x85'}, 'shape or stride'),
    ({'shape': b']'}, 'tuple belongs'),
    ({'shape': b'\x8a\7' + b'\xff' * 6 + b'\0\x85', 'stride': b'K\0\x85'}, 'no memory can hold'),
    ({'shape': b'\x8a\xff' + b'\xff' * 254 + b'\0\x85', 'stride': b'K\0\x85'}, 'can hold'),
    ({'shape': b'J\0\0\0\x40\x85', 'stride': b'K\0\x85'}, 'would take'),
    ({'shape': b'K\0\x8a\7' + b'\xff' * 6 + b'\0\x86', 'stride': b'K\0K\0\x86'}, 'can hold'),
    ({'count': b'K\3'}, 'not in its record'),
    ({'count': b'J\xff\xff\xff\xff'}, 'not in its record'),
    ({'count': b'G\0\0\0\0\0\0\0\0'}, 'storage is not one'),
    ({'key': b'1'}, 'lacks the record'),
    ({'key': b'../data.pkl'}, 'lacks the record'),
    ({'key': b'\n' * 5000}, 'lacks the record'),
    ({'storage': b'ctorch\nDoubleStorage\n'}, 'not in its record'),
    ({'storage': b'ctorch\nSize\n'}, 'storage is not one'),
    ({'storage': b'X\5\0\0\0float'}, 'storage is not one'),
], ids=str)
def test_a_tensor_that_is_not_in_the_file_is_refused(path, little_memory, parts, match):
    write_pickle(path, tensor_pickle())
    assert open_torch_file(path).content.read().tolist() == [0, 0]
    write_pickle(path, tensor_pickle(**parts))
    _refusal(path, match)


def test_a_tensor_that_stands_everywhere_is_refused(path, little_memory):
    torch.save([torch.zeros(MIB)] * 100, path)  # 400 MiB of 4
    _refusal(path, 'would take')


def test_expanded_tensors_of_an_honest_size_are_read(path):
    torch.save(torch.ones(3).expand(1000, 3), path)
    assert open_torch_file(path).content.read().sum() == 3000


def test_a_few_numbers_that_are_spread_over_a_large_file_are_refused(path, little_memory):
    torch.save(torch.zeros(40 * MIB)[::20 * MIB], path)
    stored = open_torch_file(path).content
    with pytest.raises(SceneError, match='spread'):
        stored.read()


def test_compressed_records_are_refused(path, little_memory):
    records = {'data.pkl': tensor_pickle(count=b'J\0\0\0\4', shape=b'J\0\0\0\4\x85'),
               'byteorder': b'little'}
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in records.items():
            archive.writestr(FOLDER + name, content)
        with archive.open(FOLDER + 'data/0', 'w') as record:
            for _ in range(256):
                record.write(bytes(MIB))
    _refusal(path, 'compressed or encrypted')


def test_a_sparse_file_takes_no_memory(path, little_memory):
    with path.open('wb') as file:
        file.write(b'PK\3\4')
        file.truncate(2 * 2**30)
    _refusal(path, 'without the directory', DamagedFileError)
    with path.open('wb') as file:
        file.truncate(2 * 2**30)
    _refusal(path, 'zeros', DamagedFileError)


def test_a_directory_that_claims_the_whole_file_takes_no_memory(path, little_memory):
    size = 2**31
    with path.open('wb') as file:
        file.write(b'PK\3\4')
        file.truncate(size)
        file.seek(size)
        file.write(struct.pack('<4s4H2LH', b'PK\5\6', 0, 0, 9, 9, size, 0, 0))
    _refusal(path, 'more than any checkpoint')


def test_a_directory_of_very_many_records_is_refused(path, little_memory):
    with zipfile.ZipFile(path, 'w') as archive:
        for index in range(150):
            record = zipfile.ZipInfo(str(index))
            record.comment = bytes(60_000)
            archive.writestr(record, b'')
    _refusal(path, 'an archive of 150 records.*more than any checkpoint')
    count = 70_000
    path.write_bytes(
        b'PK\3\4'
        + struct.pack('<4sQ2H2L4Q', b'PK\6\6', 44, 45, 45, 0, 0, count, count, 0, 4)
        + struct.pack('<4sLQL', b'PK\6\7', 0, 4, 1)
        + struct.pack('<4s4H2LH', b'PK\5\6', 0, 0, 65535, 65535, 0, 4, 0)
    )
    _refusal(path, 'an archive of 70000 records')


def _entry(path: Path, name: str) -> int:
    """Return where in the file the directory has a record."""
    content = path.read_bytes()
    return content.rindex((FOLDER + name).encode()) - 46


@pytest.mark.parametrize(('at', 'value', 'match'), [
    (42, 0, 'reaches into|no record begins|damaged'),  # the header of another record
    (42, 5, 'no record begins|reaches into'),
    (42, 2**31, 'reaches into'),
    (20, 2**20, 'two sizes'),
    (24, 2**20, 'two sizes'),
    (24, 2**32 - 1, 'lacks its size'),
    (28, 2**16 - 1, 'not one|damaged'),
], ids=str)
def test_a_directory_that_contradicts_the_file_is_refused(path, at, value, match):
    write_pickle(path, tensor_pickle())
    content = bytearray(path.read_bytes())
    struct.pack_into('<L', content, _entry(path, 'data/0') + at, value)
    path.write_bytes(content)
    try:
        open_torch_file(path).content.read()
    except SceneError as error:
        assert path.name in str(error)
        assert re.search(match, str(error)), error
    else:
        pytest.fail('it was read')


def test_records_that_share_their_bytes_are_refused(path):
    write_pickle(path, tensor_pickle(), **{'data/1': bytes(8)})
    content = bytearray(path.read_bytes())
    first, second = _entry(path, 'data/0'), _entry(path, 'data/1')
    content[second + 42:second + 46] = content[first + 42:first + 46]
    path.write_bytes(content)
    _refusal(path, 'reaches into the next', DamagedFileError)


@pytest.mark.parametrize(('name', 'content', 'match'), [
    ('empty', b'', 'it is empty'),
    ('text', b'hello world, this is not a checkpoint', 'no file of torch.save'),
    ('short', b'PK\3\4', 'ends after 4 bytes'),
    ('zeros', bytes(1000), 'zeros'),
    ('pickle', pickle.dumps({'a': 1}, 2), 'bare pickle'),
    ('safetensors', (40).to_bytes(8, 'little') + b'{"a":{"dtype":"F32"}}' + bytes(50),
     'safetensors'),
    ('cut', BUNDLED.read_bytes()[:5_000_000], 'ends after 5000000 bytes'),
    ('ply', b'ply\nformat ascii 1.0\n', 'no file of torch.save'),
])
def test_what_is_no_checkpoint_is_said(path, name, content, match):
    path.write_bytes(content)
    _refusal(path, match)


def test_other_files_of_pytorch_are_said(path):
    torch.save({'a': torch.ones(2)}, path, _use_new_zipfile_serialization=False)
    _refusal(path, 'before 1.6')
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)
    _refusal(path, 'TorchScript')
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('readme.txt', b'')
    _refusal(path, 'without a data.pkl')


def test_paths_that_are_no_file_are_said(tmp_path, path):
    _refusal(path, 'No such file')
    path.mkdir()
    _refusal(path, 'a folder')
    pipe = tmp_path / 'pipe.ckpt'
    os.mkfifo(pipe)
    _refusal(pipe, 'a pipe')
    with pytest.raises(SceneError, match='too long'):
        open_torch_file(tmp_path / ('x' * 5000))
    with pytest.raises(SceneError, match='cannot be read'):
        open_torch_file(tmp_path / 'a\0b')
    with pytest.raises(SceneError, match='cannot be read') as caught:
        open_torch_file(tmp_path / 'a\n\udc80b')
    assert str(caught.value).isprintable()


def test_a_refused_file_is_closed(path):
    write_pickle(path, _exploits(path)['system'])
    before = len(os.listdir('/proc/self/fd'))
    for _ in range(3):
        _refusal(path, 'posix.system')
    path.unlink()
    path.mkdir()
    _refusal(path, 'a folder')
    assert len(os.listdir('/proc/self/fd')) == before


@pytest.fixture(scope='module')
def small_checkpoint(tmp_path_factory) -> bytes:
    module = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    path = tmp_path_factory.mktemp('fuzz') / 'x.ckpt'
    torch.save({'step': 3, 'pipeline': module.state_dict(), 'lr': np.float64(0.1),
                'optimizers': optimizer.state_dict()}, path)
    return path.read_bytes()


@pytest.mark.parametrize('seed', range(6))
def test_a_file_with_altered_bytes_is_read_or_refused_in_one_line(
    path, small_checkpoint, little_memory, seed
):
    rng = random.Random(seed)
    path.write_bytes(small_checkpoint)
    pickle_at = small_checkpoint.index(b'\x80\2}')
    directory_at = small_checkpoint.index(b'PK\1\2')
    refused = 0
    for _ in range(400):
        content = bytearray(small_checkpoint)
        begin, end = rng.choice([
            (0, len(content)), (pickle_at, pickle_at + 1500), (directory_at, len(content))])
        for _ in range(rng.choice([1, 2, 8])):
            content[rng.randrange(begin, end)] = rng.choice([0, 1, 0xFF, rng.randrange(256)])
        if rng.random() < 0.1:
            del content[rng.randrange(len(content)):]
        path.write_bytes(content)
        try:
            for tensor in _walk(open_torch_file(path).content):
                tensor.read()
        except SceneError as error:
            refused += 1
            assert '\n' not in str(error) and path.name in str(error)
    assert refused > 100


def test_names_of_any_length_are_told_shortly(path):
    name = b'x' * 100_000 + b'\x1b[2J'
    write_pickle(path, b'\x80\2c' + name + b'\n' + name + b'\n.')
    _refusal(path, 'nothing was run')


def test_the_file_named_is_the_copy_that_was_asked_for(path):
    shutil.copy(BUNDLED, path)
    change_pickle(path, lambda old: old[:-5])
    _refusal(path, 'damaged', DamagedFileError)


def test_two_pickles_are_refused(path):
    write_archive(path, records_of(BUNDLED))
    with zipfile.ZipFile(path, 'a') as archive:
        archive.writestr('other/data.pkl', b'')
    _refusal(path, 'data.pkl')
