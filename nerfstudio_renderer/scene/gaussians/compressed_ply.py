# SPDX-License-Identifier: Apache-2.0
"""
The compressed .ply files of SuperSplat (PlayCanvas).

Each ``chunk`` has the bounds of 256 Gaussians, each ``vertex`` four words: position and logarithms
of scales (11, 10 and 11 bits between the bounds), rotation (the largest component's index and
three times 10 bits), colour and opacity (8 bits each). ``sh`` has the other coefficients in bytes.
"""

from __future__ import annotations

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.gaussian_buffer import BLOCK, GaussianBuffer
from nerfstudio_renderer.scene.gaussians.gaussian_file import GaussianFile
from nerfstudio_renderer.scene.gaussians.ply import channel_major, degree_of, rest_names
from nerfstudio_renderer.scene.gaussians.ply_header import PlyElement, PlyHeader
from nerfstudio_renderer.scene.gaussians.quantised import (
    bits,
    dc_of,
    opacity_logits,
    smallest_three,
)
from nerfstudio_renderer.scene.gaussians.source import Source
import numpy as np

_CHUNK = 256
_WORDS = ('packed_position', 'packed_rotation', 'packed_scale', 'packed_color')
_BOUNDED = ('x', 'y', 'z', 'scale_x', 'scale_y', 'scale_z')
_COLOURS = ('r', 'g', 'b')

_HARMONICS = (np.arange(256) + 0.5) / 256.0
_HARMONICS[[0, 255]] = 0.0, 1.0
_HARMONICS = ((_HARMONICS - 0.5) * 8.0).astype(np.float32)


def is_compressed(header: PlyHeader) -> bool:
    """Return whether a .ply file has packed vertices."""
    vertices = header.elements.get('vertex')
    return vertices is not None and _WORDS[0] in vertices.names


def read_compressed_ply(source: Source, header: PlyHeader) -> GaussianFile:
    """
    Read a compressed .ply file.

    :raises SceneError: if its elements do not belong together.
    """
    chunks = _element(header, 'chunk', [f'min_{name}' for name in _BOUNDED]
                      + [f'max_{name}' for name in _BOUNDED], 'f')
    vertices = _element(header, 'vertex', _WORDS, 'u')
    count = vertices.count
    if chunks.count != -(-count // _CHUNK):
        raise SceneError(f'it has {chunks.count} chunks for {count} Gaussians, instead of '
                         f'{-(-count // _CHUNK)}')
    harmonics, rest = _harmonics(header, count)
    buffer = GaussianBuffer(count, degree_of(len(rest)))
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        bounds = _rows(source, chunks, start // _CHUNK, -(-stop // _CHUNK))
        packed = _rows(source, vertices, start, stop)
        sh = np.empty((stop - start, 1 + len(rest) // 3, 3), np.float32)
        sh[:, 0], logits = _colours(packed, bounds)
        if harmonics:
            levels = _rows(source, harmonics, start, stop)
            sh[:, 1:] = channel_major(_HARMONICS[np.stack([levels[name] for name in rest], -1)])
        buffer.append(
            _between(packed['packed_position'], bounds, _BOUNDED[:3]),
            _rotations(packed['packed_rotation']),
            _between(packed['packed_scale'], bounds, _BOUNDED[3:]),
            logits, sh,
        )
    return buffer.finished('compressed ply', '', header.antialiased)


def _element(header: PlyHeader, name: str, properties: list[str] | tuple[str, ...], kind: str
             ) -> PlyElement:
    element = header.elements.get(name)
    if element is None or element.dtype is None or element.offset is None:
        raise SceneError(f'it has packed vertices, but no element {name!r} that belongs to them')
    wanted = np.dtype(f'{kind}4')
    wrong = [
        each for each in properties
        if each not in element.dtype.names or element.dtype[each].newbyteorder('=') != wanted
    ]
    if wrong:
        raise SceneError(f'its {name!r} lacks {", ".join(wrong)} as {wanted.name}')
    return element


def _harmonics(header: PlyHeader, count: int) -> tuple[PlyElement | None, list[str]]:
    element = header.elements.get('sh')
    if element is None:
        return None, []
    if element.dtype is None or element.offset is None or element.count != count:
        raise SceneError(f"its element 'sh' does not have {count} records of bytes")
    rest = rest_names(element.dtype.names)
    if any(element.dtype[name] != np.uint8 for name in rest):
        raise SceneError("its element 'sh' does not have bytes")
    return element, rest


def _rows(source: Source, element: PlyElement, start: int, stop: int) -> np.ndarray:
    offset = element.offset + start * element.dtype.itemsize
    return source.rows(element.dtype, offset, stop - start)


def _between(words: np.ndarray, bounds: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    fractions = (bits(words, 21, 11), bits(words, 11, 10), bits(words, 0, 11))
    return _interpolated(np.stack(fractions, -1), bounds, names)


def _interpolated(
    fractions: np.ndarray, bounds: np.ndarray, names: tuple[str, ...]
) -> np.ndarray:
    """Return values that are ``fractions`` of the way between the bounds of their chunks."""
    chunk = np.arange(len(fractions)) // _CHUNK
    least, most = (
        np.stack([bounds[f'{end}_{name}'] for name in names], -1).astype(np.float32)[chunk]
        for end in ('min', 'max')
    )
    with np.errstate(over='ignore', invalid='ignore'):  # bounds may be anything
        return least * (1 - fractions) + most * fractions


def _rotations(words: np.ndarray) -> np.ndarray:
    others = np.stack([bits(words, shift, 10) for shift in (20, 10, 0)], -1)
    return smallest_three(words >> np.uint32(30), others * 2 - 1)


def _colours(packed: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    words = packed['packed_color']
    colours = np.stack([bits(words, shift, 8) for shift in (24, 16, 8)], -1)
    if {f'{end}_{name}' for end in ('min', 'max') for name in _COLOURS} <= {*bounds.dtype.names}:
        colours = _interpolated(colours, bounds, _COLOURS)
    return dc_of(colours), opacity_logits(words & np.uint32(255))
