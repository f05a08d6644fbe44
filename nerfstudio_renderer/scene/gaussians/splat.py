# SPDX-License-Identifier: Apache-2.0
"""
The .splat files of antimatter15's viewer: 32 bytes for each Gaussian, and nothing else.

Position and scales (not their logarithms) as three float32 each, red, green, blue and opacity as
bytes, the rotation w, x, y, z as bytes around 128, of any length.
"""

from __future__ import annotations

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.gaussian_buffer import BLOCK, GaussianBuffer
from nerfstudio_renderer.scene.gaussians.gaussian_file import GaussianFile
from nerfstudio_renderer.scene.gaussians.quantised import dc_of, opacity_logits
from nerfstudio_renderer.scene.gaussians.source import Source
import numpy as np

_RECORD = np.dtype([
    ('mean', '<f4', 3), ('scale', '<f4', 3), ('colour', 'u1', 3), ('alpha', 'u1'),
    ('rotation', 'u1', 4),
])


def read_splat(source: Source) -> GaussianFile:
    """
    Read a .splat file.

    :raises SceneError: if it does not consist of whole Gaussians.
    """
    count, left = divmod(source.size, _RECORD.itemsize)
    if left:
        raise SceneError(f'its {source.size} bytes are no multiple of {_RECORD.itemsize}, the '
                         'size of a Gaussian in a .splat file; was it cut off?')
    buffer = GaussianBuffer(count, sh_degree=0)
    for start in range(0, count, BLOCK):
        block = source.rows(_RECORD, start * _RECORD.itemsize, min(BLOCK, count - start))
        buffer.append(
            block['mean'],
            _rotations(block['rotation']),
            _log_scales(block['scale']),
            opacity_logits(block['alpha']),
            dc_of(block['colour'].astype(np.float32) / 255)[:, None],
        )
    return buffer.finished('splat')


def _rotations(rotations: np.ndarray) -> np.ndarray:
    # Most writers cut 128 + 128 w off to a whole number, so the middle is meant.
    quaternions = rotations - np.float32(127.5)
    quaternions[(rotations == 128).all(1)] = 0  # none at all
    return quaternions


def _log_scales(scales: np.ndarray) -> np.ndarray:
    # Flat ones are Gaussians too, with as little extent as float32 has; negative ones are not.
    flat = scales == 0
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.log(np.where(flat, np.finfo(np.float32).tiny, scales))
