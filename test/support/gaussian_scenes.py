# SPDX-License-Identifier: Apache-2.0
"""Scenes of Gaussians for tests, and cameras that look at them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nerfstudio_renderer.cameras.camera import Intrinsics
from nerfstudio_renderer.scene.gaussians.gaussians import Gaussians, SH_DEGREE_0
import numpy as np

BACKGROUND = (0.149, 0.1647, 0.2157)
EYE = np.array([2.4, 1.9, 0.3])


def room(count: int, seed: int = 0, degree: int = 3, **options) -> Gaussians:
    """Return Gaussians on and near the walls of a room of 6 x 5 x 3, as training leaves them."""
    random = np.random.default_rng(seed)
    half = np.array([3.0, 2.5, 1.5])
    means = random.uniform(-half, half, (count, 3))
    axis = random.integers(0, 3, count)
    wall = np.where(random.random(count) < 0.5, -1.0, 1.0) * random.choice([1.0, 0.5], count)
    means[np.arange(count), axis] = wall * half[axis] + random.normal(0.0, 0.01, count)
    spacing = np.sqrt(60.0 / max(count, 1))
    log_scales = np.log(spacing * 0.7) + random.normal(0.0, 0.5, (count, 3))
    log_scales[np.arange(count), axis] -= 2.0
    quaternions = random.normal(0.0, 0.15, (count, 4)) + [1.0, 0.0, 0.0, 0.0]
    quaternions *= random.uniform(0.1, 10.0, (count, 1))
    opacity = random.uniform(0.05, 0.995, count)
    sh = random.normal(0.0, 0.1, (count, (degree + 1)**2, 3))
    sh[:, 0] = (random.uniform(0.0, 1.0, (count, 3)) - 0.5) / SH_DEGREE_0
    options = {'background': BACKGROUND, **options}
    return Gaussians(
        *(
            array.astype(np.float32)
            for array in (means, quaternions, log_scales, np.log(opacity / (1 - opacity)), sh)
        ),
        **options,
    )


def stressed(gaussians: Gaussians, seed: int = 1) -> Gaussians:
    """Return Gaussians among which are needles, huge, tiny, opaque, faint ones, and near ones."""
    random = np.random.default_rng(seed)
    tenth = len(gaussians) // 10
    means, log_scales = gaussians.means.copy(), gaussians.log_scales.copy()
    quaternions, opacities = gaussians.quaternions.copy(), gaussians.opacity_logits.copy()
    parts = [slice(i * tenth, (i + 1) * tenth) for i in range(8)]
    log_scales[parts[0]] += np.log(8.0).astype(np.float32)
    log_scales[parts[1], 0] += np.log(60.0).astype(np.float32)
    quaternions[parts[1]] = random.normal(size=(tenth, 4))
    log_scales[parts[2]] -= np.log(30.0).astype(np.float32)
    opacities[parts[3]] = 9.5
    opacities[parts[4]] = -6.0
    quaternions[parts[5]] *= random.uniform(1e-3, 1e3, (tenth, 1)).astype(np.float32)
    means[parts[6]] = EYE + random.normal(0.0, 0.15, (tenth, 3))
    log_scales[parts[7], 2] = -20.0
    return Gaussians(
        means, quaternions, log_scales, opacities, gaussians.sh, gaussians.antialiased,
        gaussians.background,
    )


def looking(eye: np.ndarray = EYE, at: tuple[float, float, float] = (-0.8, -0.6, -0.2)):
    """Return a camera-to-world matrix, float64 of shape (3, 4), OpenGL axes, z up."""
    back = eye - np.asarray(at)
    back = back / np.linalg.norm(back)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back, eye], 1)


def camera(width: int = 150, height: int = 84, fov_x: float = 75.0) -> Intrinsics:
    """Return a pinhole camera with the principal point off the centre and pixels not square."""
    focal = 0.5 * width / np.tan(np.radians(fov_x) / 2.0)
    return Intrinsics(
        width, height, focal, focal * 1.03, width / 2.0 + 3.3, height / 2.0 - 2.1
    )


def edited(gaussians: Gaussians, name: str, where: Any, values: Any) -> Gaussians:
    """Return Gaussians of which a part of an array, ``where``, has other values."""
    array = getattr(gaussians, name).copy()
    array[where] = values
    return replace(gaussians, **{name: array})
