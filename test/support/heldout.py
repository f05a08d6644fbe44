# SPDX-License-Identifier: Apache-2.0
"""The held-out views of the bundled scene: where they were taken, and what is true there."""

from __future__ import annotations

import json
import math

from geometry_msgs.msg import Pose
from nerfstudio_renderer import StrideLevels
from nerfstudio_renderer.cameras.camera import Intrinsics
from nerfstudio_renderer.cameras.conventions import OPTICAL_FROM_OPENGL
from nerfstudio_renderer.scene import bundled_config
import numpy as np
from PIL import Image as Picture
from scipy.spatial.transform import Rotation

from support.client import pose

_FOLDER = bundled_config().parent / 'heldout'
_VIEWS = json.loads((_FOLDER / 'transforms.json').read_text())
VIEWS: list[dict] = _VIEWS['frames']
FOV_Y_DEG = 2.0 * math.degrees(math.atan(_VIEWS['h'] / (2.0 * _VIEWS['fl_y'])))
INTRINSICS = Intrinsics(*(_VIEWS[name] for name in ('w', 'h', 'fl_x', 'fl_y', 'cx', 'cy')))


def opengl_matrix(view: dict) -> np.ndarray:
    """Return the camera-to-world matrix, OpenGL axes, shape (4, 4)."""
    return np.array(view['transform_matrix'])


def optical_matrix(view: dict) -> np.ndarray:
    """Return the matrix from the optical frame to the world, shape (4, 4)."""
    matrix = opengl_matrix(view)
    matrix[:3, :3] = matrix[:3, :3] @ OPTICAL_FROM_OPENGL.T
    return matrix


def optical_pose(view: dict) -> Pose:
    """Return the pose of the optical frame in the world."""
    return pose_of(optical_matrix(view))


def pose_of(matrix: np.ndarray) -> Pose:
    """Return a matrix to the world as a pose."""
    x, y, z = matrix[:3, 3]
    return pose(x, Rotation.from_matrix(matrix[:3, :3]).as_quat(), y, z)


def colours(view: dict) -> np.ndarray:
    """Return the true picture, uint8 of shape (height, width, 3)."""
    return np.asarray(Picture.open(_FOLDER / view['file_path']).convert('RGB'))


def depths(view: dict) -> np.ndarray:
    """Return the true distance along the optical axis, metres, shape (height, width)."""
    return np.asarray(Picture.open(_FOLDER / view['depth_file_path'])) / 1000.0


def points(view: dict) -> np.ndarray:
    """Return what the pixels show, in the world, shape (height, width, 3)."""
    camera = INTRINSICS
    row, column = np.mgrid[:camera.height, :camera.width] + 0.5
    depth = depths(view)
    optical = np.stack([
        depth * (column - camera.cx) / camera.fx, depth * (row - camera.cy) / camera.fy, depth,
    ], axis=-1)
    matrix = optical_matrix(view)
    return optical @ matrix[:3, :3].T + matrix[:3, 3]


def sub_grid(picture: np.ndarray, strides: tuple[int, ...], level: int = 0) -> np.ndarray:
    """Return those pixels of a true picture that a level shows."""
    chosen = StrideLevels(strides).levels(INTRINSICS)[level]
    every = slice(chosen.offset, None, chosen.stride)
    return picture[every, every]


def psnr(rendered: np.ndarray, truth: np.ndarray) -> float:
    """Return the peak signal-to-noise ratio of 8-bit pictures, dB."""
    return -10.0 * math.log10(np.mean((rendered / 255.0 - truth / 255.0) ** 2))
