# SPDX-License-Identifier: Apache-2.0
"""
SOG (PlayCanvas), versions 1 and 2: ``meta.json`` and WebP pictures, a pixel for each Gaussian.

In a folder, or in a zip archive with the suffix .sog. Red, green and blue of a pixel are three
numbers, looked up in tables of 256 that ``meta.json`` has; other harmonics are one of up to 65,536
sets, whose number is in ``shN_labels``.
"""

from __future__ import annotations

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.gaussian_buffer import BLOCK, GaussianBuffer
from nerfstudio_renderer.scene.gaussians.gaussian_file import GaussianFile
from nerfstudio_renderer.scene.gaussians.quantised import smallest_three
from nerfstudio_renderer.scene.gaussians.sog_files import META, SogFiles, ZIP_MAGIC
from nerfstudio_renderer.scene.gaussians.sog_meta import read_meta, SogMeta
from nerfstudio_renderer.scene.gaussians.sog_pictures import decoded
from nerfstudio_renderer.scene.gaussians.source import check_plausible, Source
from nerfstudio_renderer.wording import quoted
import numpy as np

__all__ = ['META', 'read_sog', 'ZIP_MAGIC']

_SETS_IN_ROW = 64
_MOST_SETS = 1 << 16
_DEGREES = {3: 1, 8: 2, 15: 3}  # by the number of harmonics beyond the constant one
_NO_ROTATION = 252  # tags from here on say which component was left out


def read_sog(source: Source) -> GaussianFile:
    """
    Read a scene in SOG.

    :param source: of ``meta.json``, whose pictures are beside it, or of a .sog file.
    :raises SceneError: if it is damaged, incomplete, or there is no Pillow to read WebP.
    """
    with SogFiles(source) as files:
        meta = read_meta(files.meta())
        check_plausible(meta.count, files.size(meta.file_names))
        pictures = {
            name: [_pixels(files, each, meta.count) for each in names]
            for name, names in meta.pictures.items()
        }
        sets = _sets(files, meta)
    low, high = pictures['means']
    buffer = GaussianBuffer(meta.count, 0 if sets is None else _DEGREES[sets.shape[1]])
    for start in range(0, meta.count, BLOCK):
        part = slice(start, start + BLOCK)
        colours = pictures['sh0'][0][part]
        dc = _looked_up(meta.dc, colours[:, :3])[:, None]
        buffer.append(
            _means(meta, low[part, :3], high[part, :3]),
            _rotations(pictures['quats'][0][part]),
            _looked_up(meta.log_scales, pictures['scales'][0][part, :3]),
            meta.opacity_logits[colours[:, 3]],
            dc if sets is None else np.concatenate([dc, sets[_labels(pictures, part)]], 1),
        )
    return buffer.finished('SOG', str(meta.version), meta.antialiased)


def _pixels(files: SogFiles, name: str, count: int) -> np.ndarray:
    """Return a picture's pixels as uint8 of shape (count, 4)."""
    # Writers round both sides up to a multiple of 4.
    picture = decoded(files.read(name), name, count, 2 * count + 4096)
    return picture.reshape(-1, 4)[:count]


def _sets(files: SogFiles, meta: SogMeta) -> np.ndarray | None:
    """Return the sets of harmonics, shape (65536, k, 3), NaN where there are none; or None."""
    if meta.sets is None:
        return None
    name = meta.sets.file_name
    most = (_MOST_SETS // _SETS_IN_ROW + 4) * _SETS_IN_ROW * 15
    pixels = decoded(files.read(name), name, 1, most)[..., :3]
    count = min(meta.sets.count, pixels.shape[0] * _SETS_IN_ROW)
    coefficients, odd = divmod(pixels.shape[1], _SETS_IN_ROW)
    degree = _DEGREES.get(coefficients)
    if odd or degree is None or degree != (meta.sets.degree or degree):
        raise SceneError(f'its {quoted(name)} is {pixels.shape[1]} pixels wide, which is not 64 '
                         f'times the harmonics of degree {meta.sets.degree or "1 to 3"}')
    sets = np.full((_MOST_SETS, coefficients, 3), np.nan, np.float32)
    sets[:count] = meta.sets.table[pixels].reshape(-1, coefficients, 3)[:count]
    return sets


def _labels(pictures: dict[str, list[np.ndarray]], part: slice) -> np.ndarray:
    labels = pictures['shN'][0][part]
    return labels[:, 0] | labels[:, 1].astype(np.uint16) << 8


def _means(meta: SogMeta, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    fractions = (low | high.astype(np.uint16) << 8).astype(np.float32) / np.float32(65535)
    with np.errstate(over='ignore', invalid='ignore'):  # the bounds may be anything
        logs = meta.least + (meta.most - meta.least) * fractions
        return np.copysign(np.expm1(np.abs(logs)), logs)


def _rotations(pixels: np.ndarray) -> np.ndarray:
    tags = pixels[:, 3]
    others = pixels[:, :3] * np.float32(2 / 255) - 1
    quaternions = smallest_three(np.maximum(tags, _NO_ROTATION) - _NO_ROTATION, others)
    quaternions[tags < _NO_ROTATION] = 0  # broken
    return quaternions


def _looked_up(tables: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return what tables of shape (3, 256) have for pixels of shape (n, 3)."""
    return np.stack([table[values] for table, values in zip(tables, pixels.T, strict=True)], -1)
