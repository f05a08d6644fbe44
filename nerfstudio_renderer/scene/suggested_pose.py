# SPDX-License-Identifier: Apache-2.0
"""A camera pose from which something of a scene is seen."""

from __future__ import annotations

from collections.abc import Iterator
import math
from typing import Protocol

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.rendering.frame import Frame
import numpy as np

_PREVIEW = Intrinsics.from_fov_y(32, 18, 50.0)
_DIRECTIONS = 8
_RADIUS = 0.9  # nerfstudio scales the training cameras into a cube of side 2
_HEIGHT = 0.3
_NEAR = 0.1
_UP = np.array([0.0, 0.0, 1.0])


class _Renderer(Protocol):

    def render(self, camera: Camera) -> Frame:
        """Return the finest image of ``camera``."""
        ...


def suggested_pose(renderer: _Renderer) -> np.ndarray:
    """
    Return the most telling of some poses, by small images of each.

    nerfstudio centres the training cameras and turns the scene upright. So the candidates look
    around from the middle, as in a room, and at the middle from around it, as at an object.

    :returns: camera-to-world matrix, float64 of shape (3, 4), OpenGL axes, scene units.
    """
    return max(_candidates(), key=lambda c2w: _worth(renderer.render(Camera(c2w, _PREVIEW))))


def _candidates() -> Iterator[np.ndarray]:
    for index in range(_DIRECTIONS):
        angle = 2.0 * math.pi * index / _DIRECTIONS
        outwards = np.array([math.cos(angle), math.sin(angle), 0.0])
        yield looking(np.zeros(3), outwards)
        position = _RADIUS * outwards + _HEIGHT * _UP
        yield looking(position, -position)


def looking(position: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the pose of an upright camera, OpenGL axes, shape (3, 4)."""
    back = -direction / np.linalg.norm(direction)
    right = np.cross(_UP, back)
    right /= np.linalg.norm(right)
    return np.column_stack([right, np.cross(back, right), back, position])


def _worth(frame: Frame) -> float:
    """Return how much is seen: opaque pixels that are not at the lens, and their contrast."""
    seen = (frame.accumulation > 0.5) & (frame.depth > _NEAR)
    contrast = float(np.abs(np.diff(frame.rgb, axis=1)).mean() + frame.rgb.std())
    return float(seen.mean()) * contrast
