# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Reading a checkpoint's tensors, and nothing but tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import pickle
import re
from typing import Any

from nerfstudio_renderer.errors import SceneError
import numpy as np
import torch

# Metrics' networks are saved with the model, and never needed to render.
_METRIC_PREFIXES = ('lpips.', 'psnr.', 'ssim.')
_PACKED = re.compile(r'(^|\.)(tcnn_encoding\.)?params$')
# One row for each training image: the appearance embedding, the camera optimiser.
_PER_IMAGE_KEYS = (
    'field.embedding_appearance.embedding.weight',
    'camera_optimizer.pose_adjustment',
)
_AABB_KEY = 'field.aabb'


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds of the model."""

    step: int
    """Training iterations."""
    state: dict[str, torch.Tensor]
    """The model's state dictionary, on the CPU, without the networks of metrics."""

    @property
    def is_packed(self) -> bool:
        """Whether it was trained with tiny-cuda-nn, which packs a network into one tensor."""
        return any(_PACKED.search(key) for key in self.state)

    @property
    def image_count(self) -> int:
        """Images that the model was trained on; 1 where the model keeps nothing per image."""
        rows = (len(self.state[key]) for key in _PER_IMAGE_KEYS if key in self.state)
        return next(rows, 1)

    @property
    def aabb(self) -> torch.Tensor:
        """Return the scene's bounding box, float32 of shape (2, 3): least and greatest corner."""
        unit_box = torch.tensor([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]])
        return self.state.get(_AABB_KEY, unit_box).float().cpu()


def read_checkpoint(path: Path) -> Checkpoint:
    """
    Read a checkpoint of ``ns-train``.

    :raises SceneError: if it is damaged, holds anything but tensors and plain values, or is no
        checkpoint of a nerfstudio pipeline.
    """
    content = _load(path)
    if not (isinstance(content, dict) and isinstance(content.get('pipeline'), dict)):
        raise SceneError(f"checkpoint {str(path)!r} has no 'pipeline': it is not one of ns-train")
    state = {
        name: tensor
        for key, tensor in content['pipeline'].items()
        if (name := _model_key(key)) and not name.startswith(_METRIC_PREFIXES)
    }
    if not state:
        raise SceneError(f"checkpoint {str(path)!r} has no '_model.' tensors: it is not one of "
                         'ns-train')
    return Checkpoint(int(content.get('step', 0)), state)


def _load(path: Path) -> Any:
    try:
        with torch.serialization.safe_globals(_safe_globals()):
            return torch.load(path, map_location='cpu', weights_only=True)
    except (OSError, EOFError, RuntimeError, LookupError, ValueError, pickle.PickleError) as error:
        reason = next(iter(str(error).strip().splitlines()), repr(error))
        raise SceneError(f'checkpoint {str(path)!r} cannot be read, it may be damaged or not '
                         f'only tensors: {reason}') from error


def _safe_globals() -> list[Any]:
    # Optimiser and scheduler states hold numpy scalars (learning rates).
    return [np.core.multiarray.scalar, np.dtype, np.dtypes.Float64DType]


def _model_key(key: str) -> str | None:
    """Return the model's own name of a pipeline tensor; None for the data manager's."""
    # Distributed training wraps the model: '_model.module.field...' or 'module._model.field...'.
    parts = [part for part in key.split('.') if part != 'module']
    return '.'.join(parts[1:]) if parts[0] == '_model' else None
