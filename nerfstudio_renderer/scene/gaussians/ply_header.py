# SPDX-License-Identifier: Apache-2.0
"""What the header of a .ply file says lies behind it."""

from __future__ import annotations

from dataclasses import dataclass

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.source import Source
from nerfstudio_renderer.wording import quoted
import numpy as np

_LARGEST = 1 << 16
_END = b'end_header'
_ORDERS = {'binary_little_endian': '<', 'binary_big_endian': '>'}
_TYPES = {
    'char': 'i1', 'uchar': 'u1', 'short': 'i2', 'ushort': 'u2', 'int': 'i4', 'uint': 'u4',
    'float': 'f4', 'double': 'f8',
    'int8': 'i1', 'uint8': 'u1', 'int16': 'i2', 'uint16': 'u2', 'int32': 'i4', 'uint32': 'u4',
    'float32': 'f4', 'float64': 'f8',
}


@dataclass(frozen=True)
class PlyElement:
    """Records of one kind, which lie one behind another."""

    name: str
    """'vertex', 'chunk', 'face', ..."""
    count: int
    """How many there are."""
    dtype: np.dtype | None
    """A record; None if it has lists, so that its size is not known."""
    offset: int | None
    """Byte of the file at which they begin; None behind lists."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the properties; none if there are lists."""
        return () if self.dtype is None else self.dtype.names


@dataclass(frozen=True)
class PlyHeader:
    """The header of a .ply file whose elements are where it says."""

    elements: dict[str, PlyElement]
    """By name, in the order of the file."""
    comments: tuple[str, ...]
    """Without the word 'comment'."""

    @property
    def antialiased(self) -> bool | None:
        """
        Whether the trainer says that the Gaussians are antialiased; None if it says nothing.

        Brush writes 'SplatRenderMode: mip', Postshot 'antialiased 1'.
        """
        said = None
        for comment in self.comments:
            match comment.lower().split():
                case ['splatrendermode:', mode]:
                    said = mode == 'mip'
                case ['antialiased', ('0' | '1') as flag]:
                    said = flag == '1'
        return said


def read_ply_header(source: Source) -> PlyHeader:
    """
    Read the header, and check that the file is as long as it says.

    :raises SceneError: if it is ASCII, damaged, or says otherwise.
    """
    lines, size = _lines(source)
    order = ''
    comments: list[str] = []
    declared: list[tuple[str, int, list[tuple[str, str]]]] = []
    for line in lines:
        match line.split():
            case [] | ['ply' | 'obj_info', *_]:
                pass
            case ['comment', *_]:
                comments.append(line.strip()[len('comment'):].strip())
            case ['format', encoding, '1.0']:
                order = _order(encoding)
            case ['element', name, count] if count.isascii() and count.isdigit():
                declared.append((name, int(count[:20]), []))
            case ['property', 'list', _, _, name] if declared:
                declared[-1][2].append((name, ''))
            case ['property', kind, name] if declared and kind in _TYPES:
                declared[-1][2].append((name, _TYPES[kind]))
            case _:
                raise SceneError(f'its header has a line {quoted(line)}')
    if not order:
        raise SceneError('its header names no format')
    return PlyHeader(_located(declared, order, size, source.size), tuple(comments))


def _lines(source: Source) -> tuple[list[str], int]:
    """Return the lines before the header's last, and the header's size."""
    start = source.start(_LARGEST)
    position = start.find(b'\n' + _END)
    last = start.find(b'\n', position + 1)
    if position < 0 or last < 0:
        raise SceneError(f'its header does not end within {min(_LARGEST, source.size)} bytes')
    if start[position + 1 + len(_END):last].strip():
        raise SceneError('the last line of its header is not end_header')
    return start[:position].decode('ascii', 'replace').splitlines(), last + 1


def _order(encoding: str) -> str:
    if encoding == 'ascii':
        raise SceneError('it is written as text; save it as binary .ply')
    if encoding not in _ORDERS:
        raise SceneError(f'its format {quoted(encoding)} is unknown; save it as binary .ply')
    return _ORDERS[encoding]


def _located(
    declared: list[tuple[str, int, list[tuple[str, str]]]], order: str, offset: int, size: int
) -> dict[str, PlyElement]:
    elements: dict[str, PlyElement] = {}
    place: int | None = offset
    for name, count, properties in declared:
        if name in elements:
            raise SceneError(f'its header has two elements {quoted(name)}')
        dtype = _record(name, properties, order)
        elements[name] = PlyElement(name, count, dtype, place)
        if dtype is None:
            place = None if count else place
        elif place is not None:
            place += count * dtype.itemsize
            if place > size:
                raise SceneError(f'it is cut off: {count} records {quoted(name)} end at byte '
                                 f'{place}, the file at {size}')
    # A byte or two more may be a line's end; a record is a count that is wrong.
    if place is not None and declared and dtype is not None and size - place >= dtype.itemsize:
        raise SceneError(f'it has {size - place} bytes more than the records that its header '
                         'counts')
    return elements


def _record(name: str, properties: list[tuple[str, str]], order: str) -> np.dtype | None:
    names = [each for each, _ in properties]
    if len(set(names)) < len(names):
        raise SceneError(f'a property of its {quoted(name)} is there twice')
    if not names:
        raise SceneError(f'its {quoted(name)} has no properties')
    if '' in (kind for _, kind in properties):
        return None
    return np.dtype([(each, order + kind) for each, kind in properties])
