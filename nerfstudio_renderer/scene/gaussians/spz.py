# SPDX-License-Identifier: Apache-2.0
"""
The .spz files of Niantic, versions 2 and 3 (gzip) and 4 (zstd).

A header, then all positions (24 bits, fixed point), opacities, colours, logarithms of scales,
rotations and other harmonics, one byte each but for positions and the rotations since version 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import struct
import zlib

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.axes import Flips
from nerfstudio_renderer.scene.gaussians.gaussian_buffer import BLOCK, GaussianBuffer
from nerfstudio_renderer.scene.gaussians.gaussian_file import GaussianFile
from nerfstudio_renderer.scene.gaussians.gaussians import MOST_SH_DEGREE
from nerfstudio_renderer.scene.gaussians.quantised import opacity_logits, smallest_three
from nerfstudio_renderer.scene.gaussians.source import check_plausible, Source
from nerfstudio_renderer.scene.gaussians.spz_extensions import flips_of, MOST_EXTENSION_BYTES
from nerfstudio_renderer.scene.gaussians.zstd import decompressed
import numpy as np

MAGIC = b'NGSP'
GZIP_MAGIC = b'\x1f\x8b'

_GZIP_HEADER = struct.Struct('<4sIIBBBx')
_HEADER = struct.Struct('<4sIIBBBBI12x')
_STREAM = struct.Struct('<QQ')
_ANTIALIASED, _EXTENDED = 1, 2
_COLOUR_SCALE = np.float32(0.15)


@dataclass(frozen=True)
class _Layout:
    """What the header says."""

    version: int
    count: int
    sh_degree: int
    fractional_bits: int
    flags: int

    def __post_init__(self) -> None:
        if self.version not in (2, 3, 4):
            raise SceneError(f'it is of version {self.version} of .spz; 2 to 4 can be read')
        if self.sh_degree > MOST_SH_DEGREE:
            raise SceneError(f'its spherical harmonics are of degree {self.sh_degree}; 0 to '
                             f'{MOST_SH_DEGREE} can be rendered')
        if self.fractional_bits > 31:
            raise SceneError(f'its positions have {self.fractional_bits} fractional bits, of 24')

    @property
    def rest(self) -> int:
        """Bytes of the other harmonics of a Gaussian."""
        return 3 * ((self.sh_degree + 1) ** 2 - 1)

    @property
    def widths(self) -> tuple[int, ...]:
        """Bytes of a Gaussian in each stream."""
        return (9, 1, 3, 3, 3 if self.version == 2 else 4, self.rest)

    @property
    def is_extended(self) -> bool:
        """Whether there are extensions."""
        return bool(self.flags & _EXTENDED)


def read_spz(source: Source) -> GaussianFile:
    """
    Read an .spz file.

    The format has x right, y up, z back. What is returned is turned half around x, as are its
    rotations and harmonics, to x right, y down, z front, in which the same scene is as .ply.

    :raises SceneError: if it is damaged, of an unknown version, or of one that needs zstd where
        there is none.
    """
    read = _read_zstd if source.start(4) == MAGIC else _read_gzip
    layout, streams, extensions = read(source)
    flips = flips_of(extensions)
    buffer = GaussianBuffer(layout.count, layout.sh_degree)
    for block in _blocks(layout, streams):
        buffer.append(*_decoded(layout, block, flips))
    return buffer.finished('spz', str(layout.version), bool(layout.flags & _ANTIALIASED))


def _read_gzip(source: Source) -> tuple[_Layout, list[np.ndarray], bytes]:
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        start = inflate.decompress(source.read(0, source.size), _GZIP_HEADER.size)
        if len(start) < _GZIP_HEADER.size or not start.startswith(MAGIC):
            raise SceneError('it is compressed, but no .spz file')
        layout = _Layout(*_GZIP_HEADER.unpack(start)[1:])
        check_plausible(layout.count, source.size)
        size = sum(layout.widths) * layout.count
        most = size + (MOST_EXTENSION_BYTES if layout.is_extended else 0)
        content = inflate.decompress(inflate.unconsumed_tail, most + 1)
    except zlib.error as error:
        raise SceneError(f'it is damaged: {error}') from error
    if len(content) < size or not inflate.eof:
        raise SceneError(f'it is cut off, or holds more than the {layout.count} Gaussians that it '
                         'counts')
    ends = np.cumsum(np.array(layout.widths) * layout.count)[:-1]
    streams = np.split(np.frombuffer(content, np.uint8, size), ends)
    return layout, streams, content[size:] if layout.is_extended else b''


def _read_zstd(source: Source) -> tuple[_Layout, list[np.ndarray], bytes]:
    _, version, count, degree, fraction, flags, stream_count, directory = _HEADER.unpack(
        source.read(0, _HEADER.size)
    )
    if version < 4:
        raise SceneError(f'it is of version {version} of .spz, but not compressed by gzip')
    layout = _Layout(version, count, degree, fraction, flags)
    check_plausible(layout.count, source.size)
    sizes = [width * count for width in layout.widths if width]
    if stream_count != len(sizes) or directory < _HEADER.size:
        raise SceneError(f'it has {stream_count} streams, instead of {len(sizes)}')
    extensions = source.read(_HEADER.size, min(directory - _HEADER.size, MOST_EXTENSION_BYTES))
    place = directory + stream_count * _STREAM.size
    streams = []
    for index, size in enumerate(sizes):
        packed, claimed = _STREAM.unpack(
            source.read(directory + index * _STREAM.size, _STREAM.size)
        )
        if claimed != size:
            raise SceneError(f'its stream {index} has {claimed} bytes, instead of {size}')
        content = decompressed(bytes(source.read(place, packed)), size)
        streams.append(np.frombuffer(content, np.uint8))
        place += packed
    streams += [np.empty(0, np.uint8)] * (len(layout.widths) - len(streams))
    return layout, streams, bytes(extensions) if layout.is_extended else b''


def _blocks(layout: _Layout, streams: list[np.ndarray]) -> Iterator[list[np.ndarray]]:
    tables = [
        stream.reshape(layout.count, width)
        for stream, width in zip(streams, layout.widths, strict=True)
    ]
    for start in range(0, layout.count, BLOCK):
        yield [table[start:start + BLOCK] for table in tables]


def _decoded(layout: _Layout, block: list[np.ndarray], flips: Flips) -> tuple[np.ndarray, ...]:
    positions, alphas, colours, scales, rotations, rest = block
    sh = np.empty((len(alphas), 1 + layout.rest // 3, 3), np.float32)
    sh[:, 0] = (colours / np.float32(255) - np.float32(0.5)) / _COLOUR_SCALE
    sh[:, 1:] = ((rest - np.float32(128)) / np.float32(128)).reshape(len(rest), -1, 3)
    sh *= flips.of_sh[:sh.shape[1]]
    quaternions = _first_three(rotations) if layout.version == 2 else _packed(rotations)
    return (
        _fixed_point(positions, layout.fractional_bits) * flips.of_means,
        quaternions[:, [3, 0, 1, 2]] * flips.of_quaternions,  # from x, y, z, w
        scales / np.float32(16) - 10,
        opacity_logits(alphas[:, 0]),
        sh,
    )


def _fixed_point(positions: np.ndarray, fractional_bits: int) -> np.ndarray:
    parts = positions.reshape(len(positions), 3, 3).astype(np.int32)
    # The sign is in the uppermost byte: shifted to the top of a word, and back.
    words = (parts[..., 0] | parts[..., 1] << 8 | parts[..., 2] << 16) << 8 >> 8
    return np.ldexp(words.astype(np.float32), -fractional_bits)


def _first_three(rotations: np.ndarray) -> np.ndarray:
    xyz = rotations / np.float32(127.5) - 1
    w = np.sqrt(np.maximum(1 - np.einsum('ni,ni->n', xyz, xyz), 0))
    return np.concatenate([xyz, w[:, None]], 1)


def _packed(rotations: np.ndarray) -> np.ndarray:
    words = np.ascontiguousarray(rotations).view('<u4')[:, 0]
    parts = np.stack([words >> np.uint32(shift) & np.uint32(1023) for shift in (20, 10, 0)], -1)
    sizes = (parts & np.uint32(511)).astype(np.float32) / np.float32(511)
    return smallest_three(words >> np.uint32(30), np.where(parts >> np.uint32(9), -sizes, sizes))
