# SPDX-License-Identifier: Apache-2.0
"""What splatfacto's checkpoints hold, in nerfstudio 1.0.0 to 1.1.5."""

from __future__ import annotations

from collections.abc import Mapping

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.gaussian_buffer import BLOCK, GaussianBuffer
from nerfstudio_renderer.scene.gaussians.gaussian_file import GaussianFile
from nerfstudio_renderer.scene.gaussians.gaussians import SH_DEGREE_0
import numpy as np

_PREFIX = 'gauss_params.'  # since 1.0.3


def from_splatfacto(
    arrays: Mapping[str, np.ndarray], sh_degree: int, antialiased: bool
) -> GaussianFile:
    """
    Return the Gaussians of a checkpoint.

    :param arrays: the model's tensors by name, with or without the prefix ``gauss_params.``.
    :param sh_degree: of the configuration; with 0, colours are a sigmoid of ``features_dc``, here
        turned into the harmonics that give the same.
    :param antialiased: whether ``rasterize_mode`` of the configuration is 'antialiased'.
    :raises SceneError: if one is missing, or of another shape than it should have.
    """
    count = len(_array(arrays, 'means'))
    shapes = {
        'means': (3,), 'quats': (4,), 'scales': (3,), 'opacities': (1,), 'features_dc': (3,),
        'features_rest': ((sh_degree + 1) ** 2 - 1, 3),
    }
    parts = {name: _array(arrays, name, (count, *shape)) for name, shape in shapes.items()}
    buffer = GaussianBuffer(count, sh_degree)
    for start in range(0, count, BLOCK):
        block = {name: part[start:start + BLOCK].astype(np.float32)
                 for name, part in parts.items()}
        dc = block['features_dc'] if sh_degree else _of_sigmoid(block['features_dc'])
        buffer.append(
            block['means'], block['quats'], block['scales'], block['opacities'][:, 0],
            np.concatenate([dc[:, None], block['features_rest']], 1),
        )
    return buffer.finished('splatfacto', '', antialiased)


def _array(
    arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    array = arrays.get(_PREFIX + name, arrays.get(name))
    if array is None:
        raise SceneError(f'it lacks {_PREFIX}{name}: it is no checkpoint of splatfacto')
    if not array.ndim or (shape is not None and array.shape != shape):
        raise SceneError(f'its {name} has the shape {list(array.shape)} instead of '
                         f'{list(shape or ("n", 3))}')
    return array


def _of_sigmoid(logits: np.ndarray) -> np.ndarray:
    # sigmoid(x) - 0.5 = tanh(x / 2) / 2, which does not overflow.
    return np.tanh(logits / 2) / np.float32(2 * SH_DEGREE_0)
