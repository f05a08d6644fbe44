# SPDX-License-Identifier: Apache-2.0
"""
The .ply files of the first 3-D Gaussian splatting, which most trainers write.

One record for each Gaussian: ``x y z``, perhaps ``nx ny nz``, ``f_dc_0..2``, ``f_rest_0..44`` (all
coefficients of red, then green, then blue), ``opacity`` (a logit), ``scale_0..2`` (logarithms),
``rot_0..3`` (w, x, y, z). ``ns-export gaussian-splat`` may write ``red green blue`` instead of
``f_dc``. The order of the properties and what else there is do not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
import math

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.gaussian_buffer import BLOCK, GaussianBuffer
from nerfstudio_renderer.scene.gaussians.gaussian_file import GaussianFile
from nerfstudio_renderer.scene.gaussians.ply_header import PlyElement, PlyHeader
from nerfstudio_renderer.scene.gaussians.quantised import dc_of
from nerfstudio_renderer.scene.gaussians.source import Source
import numpy as np

_MEANS = ('x', 'y', 'z')
_ROTATIONS = ('rot_0', 'rot_1', 'rot_2', 'rot_3')
_SCALES = ('scale_0', 'scale_1', 'scale_2')
_OPACITY = ('opacity',)
_DC = ('f_dc_0', 'f_dc_1', 'f_dc_2')
_COLOURS = ('red', 'green', 'blue')


def read_ply(source: Source, header: PlyHeader) -> GaussianFile:
    """
    Read a .ply file whose records are Gaussians.

    :raises SceneError: if it is a mesh or a cloud of points, or lacks something.
    """
    vertices = _vertices(header)
    rest = rest_names(vertices.dtype.names)
    sh_degree = degree_of(len(rest))
    buffer = GaussianBuffer(vertices.count, sh_degree)
    size = vertices.dtype.itemsize
    for start in range(0, vertices.count, BLOCK):
        count = min(BLOCK, vertices.count - start)
        block = source.rows(vertices.dtype, vertices.offset + start * size, count)
        buffer.append(
            _columns(block, _MEANS), _columns(block, _ROTATIONS), _columns(block, _SCALES),
            _columns(block, _OPACITY)[:, 0], _harmonics(block, rest),
        )
    return buffer.finished('ply', '1.0', header.antialiased)


def rest_names(names: Sequence[str]) -> list[str]:
    """Return the names of the coefficients beyond the constant one, in their order."""
    count = sum(name.startswith('f_rest_') for name in names)
    rest = [f'f_rest_{index}' for index in range(count)]
    _refuse_missing([name for name in rest if name not in names])
    return rest


def degree_of(rest: int) -> int:
    """
    Return the degree of spherical harmonics with so many coefficients beyond the constant ones.

    :raises SceneError: if there is none.
    """
    degree = math.isqrt(rest // 3 + 1) - 1
    if 3 * ((degree + 1) ** 2 - 1) != rest:
        raise SceneError(f'it has {rest} properties f_rest_*, which is no degree of spherical '
                         'harmonics (0, 9, 24 or 45)')
    return degree


def channel_major(rest: np.ndarray) -> np.ndarray:
    """Return coefficients (n, 3 k), red's first, as an array (n, k, 3)."""
    return rest.reshape(len(rest), 3, rest.shape[1] // 3).transpose(0, 2, 1)


def _vertices(header: PlyHeader) -> PlyElement:
    vertices = header.elements.get('vertex')
    if vertices is None:
        raise SceneError("it has no element 'vertex', so it is no scene of Gaussians")
    if vertices.dtype is None or vertices.offset is None:
        raise SceneError('its vertices have lists, or lie behind some: it is no scene of '
                         'Gaussians')
    names = vertices.dtype.names
    colours = _DC if _DC[0] in names or _COLOURS[0] not in names else _COLOURS
    missing = [
        name for name in (*_MEANS, *colours, *_OPACITY, *_SCALES, *_ROTATIONS) if name not in names
    ]
    if len(missing) > 1 and not set(names) & {*_OPACITY, *_SCALES, *_ROTATIONS}:
        kind = 'a mesh' if 'face' in header.elements else 'a cloud of points'
        raise SceneError(f'it is {kind}, no scene of Gaussians: its vertices have no '
                         'opacity, scale_* and rot_*')
    _refuse_missing(missing)
    return vertices


def _refuse_missing(missing: list[str]) -> None:
    if missing:
        raise SceneError(f'its vertices lack {", ".join(missing[:16])}')


def _columns(block: np.ndarray, names: Sequence[str]) -> np.ndarray:
    columns = np.empty((len(block), len(names)), np.float32)
    with np.errstate(over='ignore', invalid='ignore'):  # of doubles
        for index, name in enumerate(names):
            columns[:, index] = block[name]
    return columns


def _harmonics(block: np.ndarray, rest: Sequence[str]) -> np.ndarray:
    sh = np.empty((len(block), 1 + len(rest) // 3, 3), np.float32)
    sh[:, 0] = _columns(block, _DC) if _DC[0] in block.dtype.names else _from_colours(block)
    sh[:, 1:] = channel_major(_columns(block, rest))
    return sh


def _from_colours(block: np.ndarray) -> np.ndarray:
    kind = block.dtype[_COLOURS[0]]
    most = np.iinfo(kind).max if kind.kind in 'iu' else 1  # numbers that are no integers are 0..1
    return dc_of(_columns(block, _COLOURS) / np.float32(most))
