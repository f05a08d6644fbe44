# SPDX-License-Identifier: Apache-2.0
"""Files of ``torch.save`` taken apart and put together otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
import zipfile

FOLDER = 'archive/'


def records_of(path: Path) -> dict[str, bytes]:
    """Return the records of a file of torch.save, by their name without the folder."""
    with zipfile.ZipFile(path) as archive:
        return {name.partition('/')[2]: archive.read(name) for name in archive.namelist()}


def write_archive(
    path: Path, records: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED
) -> Path:
    """Write records into a zip archive with torch.save's one folder."""
    with zipfile.ZipFile(path, 'w', compression) as archive:
        for name, content in records.items():
            archive.writestr(FOLDER + name, content)
    return path


def write_pickle(path: Path, pickle: bytes, **records: bytes) -> Path:
    """Write an archive of ``data.pkl`` and the storage '0' of 8 bytes."""
    return write_archive(path, {'data.pkl': pickle, 'byteorder': b'little', 'data/0': bytes(8),
                                **records})


def change_pickle(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Put ``change`` of its pickle into a file of torch.save."""
    records = records_of(path)
    write_archive(path, {**records, 'data.pkl': change(records['data.pkl'])})


def tensor_pickle(
    *,
    offset: bytes = b'K\0',
    shape: bytes = b'K\2\x85',
    stride: bytes = b'K\1\x85',
    key: bytes = b'0',
    count: bytes = b'K\2',
    storage: bytes = b'ctorch\nFloatStorage\n',
) -> bytes:
    """Return the pickle of one tensor; the parts are pickles themselves."""
    identifier = (b'((X\7\0\0\0storage' + storage + b'X' + len(key).to_bytes(4, 'little') + key
                  + b'X\3\0\0\0cpu' + count + b'tQ')
    return (b'\x80\2ctorch._utils\n_rebuild_tensor_v2\n' + identifier + offset + shape + stride
            + b'\x89ccollections\nOrderedDict\n)RtR.')
