# SPDX-License-Identifier: Apache-2.0
"""
Another CPU rasteriser of Gaussians to compare with, compiled from a source that the user names.

The environment variable GAUSSIANS_PROTOTYPE holds the path of a C++ file with the functions
``scene_create``, ``scene_orig``, ``scene_free`` and ``render`` of the prototype from which the
engine was developed, for two threads of OpenMP.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
import subprocess
from tempfile import TemporaryDirectory

from nerfstudio_renderer import Camera
from nerfstudio_renderer.scene.gaussians.gaussians import Gaussians
import numpy as np

VARIABLE = 'GAUSSIANS_PROTOTYPE'
_COMPILE = ('g++', '-O3', '-march=native', '-fopenmp', '-shared', '-fPIC', '-w')
_TILE, _BLOCK_WIDTH = 16, 4


def given() -> bool:
    """Tell whether the user has named one."""
    return bool(os.environ.get(VARIABLE))


def compiled() -> ctypes.CDLL:
    """Return the prototype, compiled for this machine; its threads sleep between pictures."""
    os.environ.setdefault('OMP_WAIT_POLICY', 'passive')
    with TemporaryDirectory() as folder:
        library = Path(folder, 'prototype.so')
        subprocess.run([*_COMPILE, os.environ[VARIABLE], '-o', library], check=True)
        loaded = ctypes.CDLL(str(library))
    loaded.scene_create.restype = ctypes.c_void_p
    loaded.scene_create.argtypes = [ctypes.c_int, *[ctypes.c_void_p] * 4, *[ctypes.c_int] * 2]
    loaded.scene_orig.argtypes = [ctypes.c_void_p] * 2
    loaded.scene_free.argtypes = [ctypes.c_void_p]
    loaded.render.argtypes = [
        *[ctypes.c_void_p] * 2, *[ctypes.c_float] * 4, *[ctypes.c_int] * 2, *[ctypes.c_void_p] * 6,
    ]
    return loaded


class Prototype:
    """Renders one scene; it has to be given Gaussians that are near each other side by side."""

    def __init__(self, library: ctypes.CDLL, gaussians: Gaussians) -> None:
        self._library = library
        order = _along_a_curve(gaussians.means).astype(np.uint32)
        self._kept = [  # the library keeps pointers
            np.ascontiguousarray(array[order], np.float32) for array in (
                gaussians.means, _covariances(gaussians),
                1.0 / (1.0 + np.exp(-gaussians.opacity_logits)), gaussians.sh,
            )
        ]
        coefficients = gaussians.sh.shape[1]
        self._scene = library.scene_create(
            len(gaussians), *(array.ctypes.data for array in self._kept), coefficients, 1
        )
        self._kept.append(order)
        library.scene_orig(self._scene, order.ctypes.data)
        self._options = np.zeros(16, np.int32)
        self._options[[0, 2, 3, 7]] = gaussians.sh_degree, 1, _TILE, _BLOCK_WIDTH

    def render(self, camera: Camera) -> np.ndarray:
        """Return red, green and blue, float32 of shape (height, width, 3)."""
        size = camera.intrinsics
        flip = np.array([[1.0], [-1.0], [-1.0]])
        rotation = camera.c2w[:, :3].T * flip
        view = np.eye(4, dtype=np.float32)
        view[:3] = np.concatenate([rotation, -rotation @ camera.c2w[:, 3:]], 1)
        outputs = [
            np.empty((size.height, size.width, channels), np.float32) for channels in (3, 1, 1)
        ]
        background, times = np.zeros(3, np.float32), np.zeros(16)
        self._library.render(
            self._scene, view.ctypes.data, size.fx, size.fy, size.cx, size.cy, size.width,
            size.height, self._options.ctypes.data, background.ctypes.data,
            *(array.ctypes.data for array in outputs), times.ctypes.data,
        )
        return outputs[0]

    def close(self) -> None:
        """Free its memory."""
        self._library.scene_free(self._scene)


def _covariances(gaussians: Gaussians) -> np.ndarray:
    w, x, y, z = (
        gaussians.quaternions / np.linalg.norm(gaussians.quaternions, axis=1, keepdims=True)
    ).astype(np.float64).T
    rotation = np.stack([
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ], -1).reshape(-1, 3, 3)
    stretched = rotation * np.exp(gaussians.log_scales)[:, None]
    rows, columns = np.triu_indices(3)
    return (stretched @ stretched.transpose(0, 2, 1))[:, rows, columns]


def _along_a_curve(points: np.ndarray) -> np.ndarray:
    """Return the order of points along a Morton curve with 10 bits an axis."""
    low, high = points.min(0), points.max(0)
    cells = ((points - low) / (high - low).max() * 1023).astype(np.uint64)
    code = np.zeros(len(points), np.uint64)
    for bit in range(10):
        for axis in range(3):
            code |= (cells[:, axis] >> np.uint64(bit) & np.uint64(1)) << np.uint64(3 * bit + axis)
    return np.argsort(code, kind='stable')
