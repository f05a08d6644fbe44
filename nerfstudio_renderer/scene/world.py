# SPDX-License-Identifier: Apache-2.0
"""Between the world of the training poses and the scene that the model was trained in."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.wording import quoted, reason
import numpy as np

_LARGEST_FILE = 1 << 20
"""Bytes; ns-train writes some hundred."""
_MOST = 1e9
"""Scene units in a world unit, or the other way round; and of a translation, world units."""
_ROUNDING = 1e-3
"""How far a rotation may be from orthonormal: nerfstudio computes it in single precision."""


def transforms_beside(path: Path) -> Path:
    """Return where a scene's ``dataparser_transforms.json`` is: in its folder or beside it."""
    return (path if path.is_dir() else path.parent) / 'dataparser_transforms.json'


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

        :raises SceneError: if it does not hold a positive ``scale`` and a ``transform``, 3 x 4 or
            4 x 4, of rotation, translation and at most one size in all directions.
        """
        try:
            content = _content(path)
            matrix, scale = _matrix(content['transform']), _number(content['scale'])
        except (OSError, ValueError, TypeError, LookupError, ArithmeticError,
                RecursionError) as error:
            raise SceneError(f'{quoted(str(path))} is not what ns-train writes: '
                             f'{type(error).__name__}: {reason(error)}') from error
        try:
            return _similarity(matrix, scale)
        except ValueError as error:
            raise SceneError(f'{quoted(str(path))}: {error}; take the one that ns-train wrote '
                             'beside this config.yml') from error

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


def _content(path: Path) -> dict[str, Any]:
    with path.open('rb') as file:
        text = file.read(_LARGEST_FILE + 1)
    if len(text) > _LARGEST_FILE:
        raise ValueError(f'it is larger than {_LARGEST_FILE >> 20} MiB')
    return json.loads(text)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f'{quoted(value)} is not a number')
    return float(value)


def _matrix(rows: Any) -> np.ndarray:
    return np.array([[_number(value) for value in row] for row in rows], dtype=np.float64)


def _similarity(matrix: np.ndarray, scale: float) -> WorldTransform:
    """Return what a matrix and a scale do; a ValueError if that is no similarity."""
    if matrix.shape == (4, 4) and (matrix[3] == (0.0, 0.0, 0.0, 1.0)).all():
        matrix = matrix[:3]
    shown = f"'transform' {quoted(matrix.tolist())}"
    if matrix.shape != (3, 4) or not np.isfinite(matrix).all():
        raise ValueError(f'{shown} is not a finite 3 x 4 matrix')
    with np.errstate(all='ignore'):
        size = float(np.cbrt(np.linalg.det(matrix[:, :3])))
        rotation = matrix[:, :3] / size
        error = np.abs(rotation @ rotation.T - np.eye(3)).max()
    if not (size > 0.0 and error <= _ROUNDING):
        raise ValueError(f'{shown} is not a rotation and a translation: it flattens, mirrors or '
                         'shears')
    if abs(size - 1.0) > _ROUNDING:  # one size in all directions belongs to the scale
        matrix, scale = matrix / size, scale * size
    if not 1.0 / _MOST <= scale <= _MOST:
        raise ValueError(f"'scale' {scale} is not between {1.0 / _MOST:g} and {_MOST:g}")
    if np.abs(matrix[:, 3]).max() > _MOST:
        raise ValueError(f'{shown} moves by more than {_MOST:g}')
    return WorldTransform(matrix, scale)
