# SPDX-License-Identifier: Apache-2.0
"""A camera pose from which something of a scene is seen."""

from __future__ import annotations

from collections.abc import Iterator
import math
from typing import Protocol

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.rendering.frame import Frame
from nerfstudio_renderer.scene.extent import Extent, NERFSTUDIO_EXTENT
import numpy as np

_PREVIEW = Intrinsics.from_fov_y(32, 18, 50.0)
_DIRECTIONS = 8
_RISE = 1.0 / 3.0
"""Height above the middle, in radii, of a camera that looks at it."""
_NEAR = 0.1  # radii


class _Renderer(Protocol):

    def render(self, camera: Camera) -> Frame:
        """Return the finest image of ``camera``."""
        ...


def suggested_pose(
    renderer: _Renderer, extent: Extent = NERFSTUDIO_EXTENT
) -> np.ndarray:
    """
    Return the most telling of some poses, by small images of each.

    The candidates look around from the middle of the scene, as in a room, and at the middle from
    around it, as at an object.

    :returns: camera-to-world matrix, float64 of shape (3, 4), OpenGL axes, scene units.
    """
    near = _NEAR * extent.radius
    return max(
        _candidates(extent),
        key=lambda c2w: _worth(renderer.render(Camera(c2w, _PREVIEW)), near),
    )


def _candidates(extent: Extent) -> Iterator[np.ndarray]:
    centre, up = np.array(extent.centre), np.array(extent.up)
    aside = np.cross(up, np.roll(up, 1))
    aside /= np.linalg.norm(aside)
    ahead = np.cross(aside, up)
    for index in range(_DIRECTIONS):
        angle = 2.0 * math.pi * index / _DIRECTIONS
        outwards = math.cos(angle) * aside + math.sin(angle) * ahead
        yield looking(centre, outwards, up)
        offset = extent.radius * (outwards + _RISE * up)
        yield looking(centre + offset, -offset, up)


def looking(position: np.ndarray, direction: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Return the pose of an upright camera, OpenGL axes, shape (3, 4)."""
    back = -direction / np.linalg.norm(direction)
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    return np.column_stack([right, np.cross(back, right), back, position])


def _worth(frame: Frame, near: float) -> float:
    """Return how much is seen: opaque pixels that are not at the lens, and their contrast."""
    seen = (frame.accumulation > 0.5) & (frame.depth > near)
    contrast = float(np.abs(np.diff(frame.rgb, axis=1)).mean() + frame.rgb.std())
    return float(seen.mean()) * contrast
