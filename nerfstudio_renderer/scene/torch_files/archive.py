# SPDX-License-Identifier: Apache-2.0
"""
The zip archive around a checkpoint: which record lies where.

Of the format (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3) only what PyTorch writes:
records that are stored uncompressed, no comment, the directory at the end, with or without zip64.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
import struct

from nerfstudio_renderer.scene.torch_files.problems import Damaged, Refused
from nerfstudio_renderer.scene.torch_files.source import Source
from nerfstudio_renderer.wording import shortened

# One for each tensor: nerfacto with its optimiser has about 150. A record takes some 500 bytes of
# memory, so that this many take 32 MB.
_MOST_RECORDS = 65_536
# 128 bytes for each of them; PyTorch's names and extra fields take less than 100.
_LARGEST_DIRECTORY = 8 * 2**20

_END = struct.Struct('<4s4H2LH')
_END_64 = struct.Struct('<4sQ2H2L4Q')
_LOCATOR = struct.Struct('<4sLQL')
_ENTRY = struct.Struct('<4s6H3L5H2L')
_LOCAL = struct.Struct('<4s5H3L2H')
_SATURATED = 0xFFFFFFFF
_ENCRYPTED = 1


@dataclass(frozen=True)
class Record:
    """A file within the archive."""

    name: str
    """With its folder, such as ``step-000000100/data/0``."""
    header: int
    """Byte at which its local header begins."""
    size: int
    """Bytes of its content as they lie in the file."""
    is_stored: bool
    """Whether they are the content as it is, neither compressed nor encrypted."""
    end: int = 0
    """Byte at which the next record or the directory begins: no content reaches beyond it."""


@dataclass(frozen=True)
class _Directory:
    offset: int
    size: int
    count: int


class Archive:
    """
    The records of a zip archive.

    :raises Damaged: if it has no directory at its end, or one that contradicts itself.
    :raises Refused: if it has more records than a checkpoint.
    """

    def __init__(self, source: Source) -> None:
        directory = _locate_directory(source)
        if directory.count > _MOST_RECORDS or directory.size > _LARGEST_DIRECTORY:
            raise Refused(f'it is an archive of {directory.count} records in a directory of '
                          f'{directory.size} bytes, more than any checkpoint has')
        entries = _entries(source.read(directory.offset, directory.size), directory.count)
        records = _bounded(list(entries), directory.offset)
        self._source = source
        self._records = {record.name: record for record in records}
        if len(self._records) < len(records):
            raise Damaged('two of its records have the same name')

    def names(self) -> list[str]:
        """Return the names of all records."""
        return list(self._records)

    def __contains__(self, name: str) -> bool:
        return name in self._records

    def size(self, name: str) -> int:
        """
        Return how many bytes a record has.

        :raises Damaged: if there is none of that name.
        :raises Refused: if it is compressed: a small file could hold any amount of content.
        """
        if name not in self._records:
            raise Damaged(f'it lacks the record {shortened(name)}')
        if not self._records[name].is_stored:
            raise Refused(f'it has a compressed or encrypted record {shortened(name)}, which '
                          'torch.save never writes; save it anew with PyTorch')
        return self._records[name].size

    def begin(self, name: str) -> int:
        """Return the byte of the file at which a record's content begins."""
        size = self.size(name)
        record = self._records[name]
        header = _LOCAL.unpack(self._source.read(record.header, _LOCAL.size))
        # Fields of the local header that data descriptors leave empty are in the directory.
        signature, method, name_length, extra_length = header[0], header[3], header[9], header[10]
        begin = record.header + _LOCAL.size + name_length + extra_length
        if signature != b'PK\3\4' or method != 0:
            raise Damaged(f'no record begins at byte {record.header}, where its directory has '
                          f'{shortened(name)}')
        if begin + size > record.end:
            raise Damaged(f'its record {shortened(name)} of {size} bytes reaches into the next')
        return begin

    def read(self, name: str) -> bytes:
        """Return a record's content."""
        return self._source.read(self.begin(name), self.size(name))


def _locate_directory(source: Source) -> _Directory:
    end_offset = source.size - _END.size
    if end_offset < 0:
        raise Damaged(f'it ends after {source.size} bytes; its copying or saving was cut off')
    end = _END.unpack(source.read(end_offset, _END.size))
    if end[0] != b'PK\5\6' or end[7] != 0:
        raise Damaged(f'it ends after {source.size} bytes without the directory of its records; '
                      'its copying or saving was cut off')
    directory, directory_end = _Directory(end[6], end[5], end[4]), end_offset
    locator_offset = end_offset - _LOCATOR.size
    if locator_offset >= 0:
        locator = _LOCATOR.unpack(source.read(locator_offset, _LOCATOR.size))
        if locator[0] == b'PK\6\7':
            directory, directory_end = _directory_64(source, locator[2]), locator[2]
    if directory.offset + directory.size != directory_end:
        raise Damaged('the directory of its records is not where it should be')
    return directory


def _directory_64(source: Source, offset: int) -> _Directory:
    end = _END_64.unpack(source.read(offset, _END_64.size))
    if end[0] != b'PK\6\6':
        raise Damaged('the directory of its records is not where it should be')
    return _Directory(offset=end[9], size=end[8], count=end[7])


def _entries(directory: bytes, count: int) -> Iterator[Record]:
    position = 0
    for _ in range(count):
        fields = _ENTRY.unpack_from(directory, position)
        signature, flags, method = fields[0], fields[3], fields[4]
        name_length, extra_length, comment_length = fields[10:13]
        if signature != b'PK\1\2':
            raise Damaged('the directory of its records is not one')
        position += _ENTRY.size
        name = directory[position:position + name_length].decode('utf-8', 'surrogateescape')
        position += name_length
        packed, size, header = _sizes(fields, directory[position:position + extra_length])
        position += extra_length + comment_length
        is_stored = method == 0 and not flags & _ENCRYPTED
        if is_stored and packed != size:
            raise Damaged(f'its record {shortened(name)} has two sizes')
        yield Record(name, header, packed, is_stored)
    if position != len(directory):
        raise Damaged('the directory of its records has another size than it says')


def _sizes(fields: tuple, extra: bytes) -> tuple[int, int, int]:
    """
    Return a record's bytes in the file, those of its content, and where its header begins.

    What is too large for its field is in zip64's extra field.
    """
    packed, size, header = fields[8], fields[9], fields[16]
    wide = _extra_numbers(extra) if _SATURATED in (packed, size, header) else iter(())
    size = next(wide) if size == _SATURATED else size
    packed = next(wide) if packed == _SATURATED else packed
    header = next(wide) if header == _SATURATED else header
    return packed, size, header


def _extra_numbers(extra: bytes) -> Iterator[int]:
    position = 0
    while position + 4 <= len(extra):
        kind, size = struct.unpack_from('<2H', extra, position)
        position += 4
        if kind == 1:
            return iter(struct.unpack_from(f'<{size // 8}Q', extra, position))
        position += size
    raise Damaged('a large record lacks its size')


def _bounded(records: list[Record], directory_offset: int) -> list[Record]:
    """Note where each record must end; records that share bytes could claim any amount of them."""
    ordered = sorted(records, key=lambda record: record.header)
    ends = [record.header for record in ordered[1:]] + [directory_offset]
    for record, end in zip(ordered, ends, strict=True):
        if record.header + _LOCAL.size + record.size > end:
            raise Damaged(f'its record {shortened(record.name)} of {record.size} bytes reaches '
                          'into the next')
    return [replace(record, end=end) for record, end in zip(ordered, ends, strict=True)]
