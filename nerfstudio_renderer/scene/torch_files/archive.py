# SPDX-License-Identifier: Apache-2.0
"""The records of a file of ``torch.save``: a zip archive whose records are not compressed."""

from __future__ import annotations

from dataclasses import dataclass
import os
from pathlib import Path
import struct
from typing import BinaryIO
import zipfile

from nerfstudio_renderer.errors import SceneError

LARGEST_DIRECTORY = 32 << 20
"""Bytes of a zip directory that are read; a checkpoint's, a hundred a tensor, has some 10,000."""
_MOST_RECORDS = 100_000
_LOCAL_HEADER = struct.Struct('<4s22xHH')


@dataclass(frozen=True)
class Record:
    """Where in the file the bytes of a record lie."""

    offset: int
    size: int


class Archive:
    """
    An open file of ``torch.save``.

    The file stays open as long as somebody holds the archive, so that what is read later is of the
    same file, whatever is put in its place.

    :raises SceneError: if it is no such file, or claims what it does not hold.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open('rb')
        self.size = os.fstat(self._file.fileno()).st_size
        """Bytes of the file."""
        try:
            self._records = self._directory()
        except BaseException:
            self._file.close()
            raise

    def __contains__(self, name: str) -> bool:
        return name in self._records

    def record(self, name: str) -> Record:
        """Return where a record lies; its name is without the archive's own folder."""
        if name not in self._records:
            raise SceneError(f'it lacks its record {name!r}')
        return self._located(self._records[name])

    def read(self, offset: int, size: int) -> bytearray:
        """Return bytes of the file."""
        content = bytearray(size)
        view, done = memoryview(content), 0
        while done < size:
            # Not mapped: reading a mapped file that somebody truncates ends the process.
            count = os.preadv(self._file.fileno(), [view[done:]], offset + done)
            if count == 0:
                raise SceneError('it ends before its data; was it cut off, or changed meanwhile?')
            done += count
        return content

    def _directory(self) -> dict[str, zipfile.ZipInfo]:
        self._refuse_other_kinds()
        with zipfile.ZipFile(_Bounded(self._file)) as archive:
            entries = archive.infolist()
        if len(entries) > _MOST_RECORDS:
            raise SceneError(f'it has {len(entries)} records, more than {_MOST_RECORDS}')
        folders = {entry.filename.partition('/')[0] for entry in entries}
        if len(folders) != 1:
            raise SceneError('its records are not in one folder, as torch.save writes them')
        return {entry.filename.partition('/')[2]: entry for entry in entries}

    def _refuse_other_kinds(self) -> None:
        start = bytes(self.read(0, min(self.size, 16)))
        if not start:
            raise SceneError('it is empty')
        if start.startswith(b'PK'):
            return
        if start[:1] == b'\x80':
            raise SceneError('it has the form that PyTorch wrote before 1.6; load it with PyTorch '
                             'and save it again')
        if start[8:9] == b'{':
            raise SceneError('it looks like a safetensors file; ns-train writes step-*.ckpt')
        raise SceneError('it is no file of torch.save')

    def _located(self, entry: zipfile.ZipInfo) -> Record:
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise SceneError(f'its record {entry.filename!r} is compressed, and torch.save '
                             'compresses nothing')
        header = self.read(entry.header_offset, _LOCAL_HEADER.size)
        magic, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        offset = entry.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        if magic != b'PK\x03\x04' or offset + entry.file_size > self.size:
            raise SceneError(f'its record {entry.filename!r} ends behind the file; was it cut '
                             'off?')
        return Record(offset, entry.file_size)


class _Bounded:
    """A file whose reads are bounded, for a directory may claim to be as large as the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        content = b'' if size > LARGEST_DIRECTORY else self._file.read(
            LARGEST_DIRECTORY + 1 if size < 0 else size
        )
        if max(size, len(content)) > LARGEST_DIRECTORY:
            raise SceneError("its zip directory is larger than any checkpoint's")
        return content
