# SPDX-License-Identifier: Apache-2.0
"""A file of ``torch.save``, opened."""

from __future__ import annotations

from pathlib import Path
import re

from nerfstudio_renderer.scene.torch_files.archive import Archive
from nerfstudio_renderer.scene.torch_files.builders import NAMES
from nerfstudio_renderer.scene.torch_files.elements import Element
from nerfstudio_renderer.scene.torch_files.plainness import check_plain
from nerfstudio_renderer.scene.torch_files.problems import Damaged, problems_of, Refused
from nerfstudio_renderer.scene.torch_files.source import Source
from nerfstudio_renderer.scene.torch_files.stored_tensor import Records, Storage
from nerfstudio_renderer.scene.torch_files.unpickler import Unpickler

# nerfacto with its optimiser has 10 kB; nothing but tensors' names and places is in it.
_LARGEST_PICKLE = 8 * 2**20
_PICKLE = re.compile(r'[^/]+/data\.pkl')
_BYTE_ORDERS = {b'little': '<', b'big': '>'}
_WANTED = 'give the step-*.ckpt that ns-train wrote'
# What all tensors take together, in the size of the file: 1 where none is a view of another's
# storage. A few bytes that are claimed again and again, or expanded, could be any amount.
_MOST_CLAIMS = 4
_SMALL = 16 * 2**20


class TorchFile:
    """
    What a file of ``torch.save`` holds, with its tensors still in the file.

    It closes as a context manager, by ``close``, or when neither it nor a tensor is held any more.
    """

    def __init__(self, source: Source, content: object) -> None:
        self._source = source
        self.content = content
        """Dictionaries, lists, tuples, numbers, texts, bytes, None, and ``StoredTensor``."""

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._source.size

    def close(self) -> None:
        """Close the file: its tensors cannot be read any more."""
        self._source.close()

    def __enter__(self) -> TorchFile:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def open_torch_file(path: Path) -> TorchFile:
    """
    Open a file of ``torch.save`` without running anything of it.

    :raises DamagedFileError: if it was cut off or altered.
    :raises SceneError: if it is another kind of file, or holds anything but tensors and plain
        values.
    """
    with problems_of(path):
        source = Source(path)
        try:
            return TorchFile(source, _content(source))
        except BaseException:
            source.close()
            raise


def _content(source: Source) -> object:
    _refuse_other_formats(source)
    archive = Archive(source)
    folder = _folder(archive)
    records = Records(source, archive, folder, _byteorder(archive, folder))
    size = archive.size(f'{folder}data.pkl')
    if size > _LARGEST_PICKLE:
        raise Refused(f'it has a pickle of {size} bytes, more than a checkpoint of tensors needs')

    def storage(identifier: object) -> Storage:
        return _storage(records, identifier)

    content = Unpickler(archive.read(f'{folder}data.pkl'), NAMES, storage).load()
    claimed = check_plain(content)
    if claimed > _MOST_CLAIMS * source.size + _SMALL:
        raise Refused(f'its tensors would take {claimed} bytes, and it has {source.size}')
    return content


def _refuse_other_formats(source: Source) -> None:
    if source.size == 0:
        raise Damaged('it is empty; its copying or saving was cut off')
    begin = source.read(0, min(16, source.size))
    if begin.startswith(b'PK\3\4'):
        return
    if begin.startswith(b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19'):
        raise Refused('it is in the format of PyTorch before 1.6; where PyTorch is, save it anew: '
                      'torch.save(torch.load(path), path)')
    if begin[8:9] == b'{' and int.from_bytes(begin[:8], 'little') <= source.size:
        raise Refused(f'it is a safetensors file; {_WANTED}')
    if begin.startswith(b'\x80'):
        raise Refused(f'it is a bare pickle, which is not opened; {_WANTED}')
    if not any(begin):
        raise Damaged('it begins with zeros; its copying or saving was cut off')
    raise Refused(f'it is no file of torch.save, it begins with {begin[:8]!r}; {_WANTED}')


def _folder(archive: Archive) -> str:
    pickles = [name for name in archive.names() if _PICKLE.fullmatch(name)]
    if len(pickles) != 1:
        raise Refused(f'it is a zip archive without a data.pkl, not one of torch.save; {_WANTED}')
    folder = pickles[0].removesuffix('data.pkl')
    if f'{folder}constants.pkl' in archive:
        raise Refused(f'it is a TorchScript archive, which is a program; {_WANTED}')
    return folder


def _byteorder(archive: Archive, folder: str) -> str:
    name = f'{folder}byteorder'
    if name not in archive:  # before PyTorch 2.1
        return '<'
    if archive.size(name) > 16 or (written := archive.read(name)) not in _BYTE_ORDERS:
        raise Damaged('its byte order is neither little nor big')
    return _BYTE_ORDERS[written]


def _storage(records: Records, identifier: object) -> Storage:
    """Return the storage that ``torch.save`` means by a persistent identifier."""
    kind, element, key, _, count = identifier
    if kind != 'storage' or type(element) is not Element or type(key) is not str \
            or type(count) is not int:
        raise Damaged('a storage is not one')
    return Storage(records, f'{records.folder}data/{key}', element, count * element.size)
