# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint of ``ns-train`` holds of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.files import earlier_checkpoint
from nerfstudio_renderer.scene.torch_files import DamagedFileError, open_torch_file, StoredTensor
from nerfstudio_renderer.scene.versions import newest_name
from nerfstudio_renderer.wording import quoted
import numpy as np

# Metrics' networks are saved with the model, and never needed to render.
_METRIC_PREFIXES = ('lpips.', 'psnr.', 'ssim.')
_PACKED = re.compile(r'(^|\.)(tcnn_encoding\.)?params$')
# One row for each training image: the appearance embedding, the camera optimiser.
_PER_IMAGE_KEYS = (
    'field.embedding_appearance.embedding.weight',
    'camera_optimizer.pose_adjustment',
)
_AABB_KEY = 'field.aabb'
_MOST_STEPS = 2**53  # whole numbers that a float still tells apart
_FLOATS = frozenset({'float16', 'bfloat16', 'float32', 'float64'})


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """
    A checkpoint's step and the model's tensors, which are read when they are asked for.

    Whoever holds it, or a tensor of it, holds its file open.
    """

    path: Path
    """The file."""
    step: int
    """Training iterations."""
    state: Mapping[str, StoredTensor]
    """The model's state dictionary, without the networks of metrics."""

    @property
    def name(self) -> str:
        """Return the path as messages show it."""
        return quoted(str(self.path))

    @property
    def is_packed(self) -> bool:
        """Whether it was trained with tiny-cuda-nn, which packs a network into one tensor."""
        return any(_PACKED.search(key) for key in self.state)

    @property
    def image_count(self) -> int:
        """Images that the model was trained on; 1 where the model keeps nothing per image."""
        shapes = (self.state[key].shape for key in _PER_IMAGE_KEYS if key in self.state)
        return next((shape[0] for shape in shapes if shape), 1)

    @property
    def aabb(self) -> np.ndarray:
        """
        Return the scene's bounding box, float32 of shape (2, 3): least and greatest corner.

        :raises SceneError: if it is none.
        """
        if _AABB_KEY not in self.state:
            return np.array([[-1.0] * 3, [1.0] * 3], dtype=np.float32)
        box = self.array(_AABB_KEY)
        if box.shape != (2, 3) or not (box[0] < box[1]).all():
            raise SceneError(f'checkpoint {self.name}: {_AABB_KEY} is {quoted(box.tolist())}, '
                             'which is no box')
        return box

    def array(self, key: str) -> np.ndarray:
        """
        Return a tensor of the state as float32.

        :raises SceneError: if there is none, or it holds anything but finite real numbers.
        """
        stored = self.state.get(key)
        if stored is None:
            raise SceneError(f'checkpoint {self.name} lacks {key}; is it of this config.yml?')
        if stored.dtype not in _FLOATS:
            raise SceneError(f'checkpoint {self.name}: {key} holds {stored.dtype} numbers, not '
                             'weights')
        with np.errstate(over='ignore', invalid='ignore'):
            array = np.asarray(stored.read(), np.float32)
            # A finite sum means that all are; only if it is not, each is looked at.
            is_finite = np.isfinite(array.sum(dtype=np.float64)) or np.isfinite(array).all()
        if not is_finite:
            raise self.diverged(key)
        return array

    def diverged(self, key: str) -> SceneError:
        """Return the error of a tensor that is not finite; nerfstudio would render it black."""
        return SceneError(f'checkpoint {self.name}: {key} has values that are not finite; its '
                          'training diverged, or the file is damaged: take the checkpoint of an '
                          'earlier step')


def read_checkpoint(path: Path) -> Checkpoint:
    """
    Read a checkpoint of ``ns-train``.

    :raises SceneError: if it is damaged, holds anything but tensors and plain values, or is no
        checkpoint of a nerfstudio pipeline.
    """
    try:
        content = open_torch_file(path).content
    except DamagedFileError as error:
        earlier = earlier_checkpoint(path)
        if earlier is None:
            raise
        raise DamagedFileError(f'{error}; an earlier step is beside it: {quoted(earlier.name)}'
                               ) from error
    pipeline = content.get('pipeline') if isinstance(content, dict) else None
    if not isinstance(pipeline, dict):
        raise SceneError(f"checkpoint {quoted(str(path))} has no 'pipeline': it is not one of "
                         'ns-train')
    state: dict[str, StoredTensor] = {}
    for key, tensor in pipeline.items():
        name = _model_key(key)
        if not name or name.startswith(_METRIC_PREFIXES) or not isinstance(tensor, StoredTensor):
            continue
        if name in state:
            raise SceneError(f'checkpoint {quoted(str(path))} has {quoted(name)} twice, of two '
                             'models')
        state[name] = tensor
    if not state:
        raise SceneError(f"checkpoint {quoted(str(path))} has no '_model.' tensors: it is not one "
                         'of ns-train')
    newest = {newest_name(name): tensor for name, tensor in state.items()}
    return Checkpoint(path, _step(content.get('step', 0), path), newest)


def _step(value: Any, path: Path) -> int:
    if type(value) not in (int, float) or not (0 <= value < _MOST_STEPS and value % 1 == 0):
        raise SceneError(f'checkpoint {quoted(str(path))}: its step {quoted(value)} is not a '
                         'number of iterations')
    return int(value)


def _model_key(key: object) -> str | None:
    """Return the model's own name of a pipeline tensor; None for the data manager's."""
    # Distributed training wraps the model: '_model.module.field...' or 'module._model.field...'.
    if not isinstance(key, str):
        return None
    parts = [part for part in key.split('.') if part != 'module']
    return '.'.join(parts[1:]) if parts and parts[0] == '_model' else None
