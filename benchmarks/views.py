# SPDX-License-Identifier: Apache-2.0
"""Where cameras are, for scenes whose training poses nobody has."""

from __future__ import annotations

from dataclasses import replace
import json
import math

from nerfstudio_renderer import (
    c2w_from_quaternion,
    Camera,
    DEFAULTS,
    Intrinsics,
    Scene,
    WorldTransform,
)
from nerfstudio_renderer_ros.orbit import Orbit
import numpy as np

FOV_Y_DEG = 50.0
_UP = np.array([0.0, 0.0, 1.0])
_ORBIT_RADIUS, _ORBIT_HEIGHT = 0.8, 0.4
_ORBIT_VIEWS = 8


def pinhole(width: int, height: int) -> Intrinsics:
    """Return the camera that all benchmarks use, for a picture of some size."""
    return Intrinsics.from_fov_y(width, height, FOV_Y_DEG)


def window(width: int, height: int) -> Intrinsics:
    """
    Return the middle of the default picture: as many rays, as close together as its own.

    How near neighbouring rays are decides how much of a scene's tables they share.
    """
    whole = pinhole(DEFAULTS.width, DEFAULTS.height)
    left, top = (whole.width - width) // 2, (whole.height - height) // 2
    return replace(whole, width=width, height=height, cx=whole.cx - left, cy=whole.cy - top)


def held_out(scene: Scene, intrinsics: Intrinsics) -> list[Camera]:
    """Return cameras at the held-out poses beside the bundled ``scene``."""
    path = scene.files.config.parent / 'heldout' / 'transforms.json'
    poses = [frame['transform_matrix'] for frame in json.loads(path.read_text())['frames']]
    return [Camera(_world(scene).to_scene(np.array(pose)[:3]), intrinsics) for pose in poses]


def around_origin(intrinsics: Intrinsics) -> list[Camera]:
    """Return cameras around the scene's origin that look at it: scene units, z up."""
    angles = np.arange(_ORBIT_VIEWS) * math.tau / _ORBIT_VIEWS
    return [Camera(_looking_at_origin(angle), intrinsics) for angle in angles]


def _looking_at_origin(angle: float) -> np.ndarray:
    position = np.array([
        _ORBIT_RADIUS * math.cos(angle), _ORBIT_RADIUS * math.sin(angle), _ORBIT_HEIGHT,
    ])
    # OpenGL cameras look along -z: their z axis points from the origin to the position.
    back = position / np.linalg.norm(position)
    right = np.cross(_UP, back)
    right /= np.linalg.norm(right)
    return np.column_stack([right, np.cross(back, right), back, position])


def on_orbit(scene: Scene, intrinsics: Intrinsics, angle: float) -> Camera:
    """Return a camera on the orbit that fits the bundled ``scene``; ``angle`` in radians."""
    pose = Orbit().pose(angle)
    position, turned = pose.position, pose.orientation
    c2w = c2w_from_quaternion(
        (position.x, position.y, position.z), (turned.x, turned.y, turned.z, turned.w)
    )
    return Camera(_world(scene).to_scene(c2w), intrinsics)


def _world(scene: Scene) -> WorldTransform:
    return scene.world or WorldTransform.identity()
