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
"""Between the world of the training poses and the scene that the model was trained in."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path

from nerfstudio_renderer.errors import SceneError
import numpy as np


@dataclass(frozen=True, eq=False)
class WorldTransform:
    """
    What nerfstudio's data parser did to the training poses.

    A point of the world becomes ``scale * (rotation @ point + translation)`` in the scene.
    """

    matrix: np.ndarray
    """Rotation and translation, float64 of shape (3, 4), world units; read-only."""
    scale: float
    """Scene units in one world unit."""

    @classmethod
    def identity(cls) -> WorldTransform:
        """Return the transform of poses that are already in scene units."""
        return cls(np.eye(3, 4), 1.0)

    @classmethod
    def from_file(cls, path: Path) -> WorldTransform:
        """
        Read ``dataparser_transforms.json``.

        :raises SceneError: if it does not hold a 3 x 4 ``transform`` and a positive ``scale``.
        """
        try:
            content = json.loads(path.read_text())
            matrix = np.array(content['transform'], dtype=np.float64)
            scale = float(content['scale'])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise SceneError(f'{str(path)!r} is not what ns-train writes: {error!r}') from error
        if matrix.shape != (3, 4) or not np.isfinite(matrix).all():
            raise SceneError(f"{str(path)!r}: 'transform' {matrix.tolist()} is not a finite "
                             '3 x 4 matrix')
        if not (np.isfinite(scale) and scale > 0):
            raise SceneError(f"{str(path)!r}: 'scale' {scale} is not a positive number")
        return cls(matrix, scale)

    def __post_init__(self) -> None:
        """Own a read-only copy of the matrix."""
        matrix = np.array(self.matrix, dtype=np.float64)
        matrix.setflags(write=False)
        object.__setattr__(self, 'matrix', matrix)

    def to_scene(self, c2w: np.ndarray) -> np.ndarray:
        """
        Return the camera-to-world matrix of a camera in scene units.

        :param c2w: float64 of shape (3, 4), world units.
        :returns: float64 of shape (3, 4), scene units.
        """
        rotation, translation = self.matrix[:, :3], self.matrix[:, 3]
        position = self.scale * (rotation @ c2w[:, 3] + translation)
        return np.column_stack([rotation @ c2w[:, :3], position])
