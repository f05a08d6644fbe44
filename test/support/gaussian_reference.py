# SPDX-License-Identifier: Apache-2.0
"""
A dense rasteriser of Gaussians in 64 bits, written from the definition alone.

The definition is gsplat 1.4.0's (``rasterization`` with its default settings, tiles of 16 pixels),
with what nerfstudio 1.1.5 does to its result. Every Gaussian is evaluated at every pixel that its
tiles cover, one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
import math

from nerfstudio_renderer.cameras.camera import Intrinsics
from nerfstudio_renderer.scene.gaussians.gaussians import Gaussians
import numpy as np

TILE = 16
FAR = 1e10
BLUR = 0.3


@dataclass
class Projected:
    """Gaussians in a picture, in the order of the file."""

    mean: np.ndarray       # (n, 2), pixels
    conic: np.ndarray      # (n, 3): xx, xy, yy of the inverse covariance
    depth: np.ndarray      # (n,)
    opacity: np.ndarray    # (n,)
    tiles: np.ndarray      # (n, 4): first column, end, first row, end
    visible: np.ndarray    # (n,)


def render(
    gaussians: Gaussians, c2w: np.ndarray, intrinsics: Intrinsics, near: float = 0.01
) -> np.ndarray:
    """Return float64 of shape (height, width, 5): red, green, blue, depth, accumulation."""
    rotation, translation = world_to_camera(c2w)
    projected = project(gaussians, rotation, translation, intrinsics, near)
    colours = shade(gaussians, c2w[:, 3])
    visible = np.flatnonzero(projected.visible)
    order = visible[np.argsort(projected.depth[visible].astype(np.float32), kind='stable')]
    sums, transmittance = blend(projected, colours, order, intrinsics)
    background = np.array(gaussians.background or (0.0, 0.0, 0.0))
    rgb = np.clip(sums[..., :3] + transmittance[..., None] * background, 0.0, 1.0)
    accumulation = 1.0 - transmittance
    depth = sums[..., 3] / np.maximum(accumulation, 1e-10)
    return np.concatenate([rgb, depth[..., None], accumulation[..., None]], -1)


def world_to_camera(c2w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rotation and translation to x right, y down, z forward."""
    rotation = np.diag([1.0, -1.0, -1.0]) @ np.asarray(c2w, np.float64)[:, :3].T
    return rotation, -rotation @ np.asarray(c2w, np.float64)[:, 3]


def covariances(gaussians: Gaussians) -> np.ndarray:
    """Return float64 of shape (n, 3, 3)."""
    w, x, y, z = (
        gaussians.quaternions.astype(np.float64).T
        / np.linalg.norm(gaussians.quaternions.astype(np.float64), axis=1)
    )
    rotations = np.stack([
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ], -1).reshape(-1, 3, 3)
    stretched = rotations * np.exp(gaussians.log_scales.astype(np.float64))[:, None]
    return stretched @ stretched.transpose(0, 2, 1)


def project(
    gaussians: Gaussians, rotation: np.ndarray, translation: np.ndarray, camera: Intrinsics,
    near: float,
) -> Projected:
    """Return the Gaussians' ellipses."""
    x, y, z = (gaussians.means.astype(np.float64) @ rotation.T + translation).T
    with np.errstate(all='ignore'):
        tangent_x, tangent_y = x / z, y / z
        beyond_x = 0.3 * 0.5 * camera.width / camera.fx
        beyond_y = 0.3 * 0.5 * camera.height / camera.fy
        bounded_x = z * np.clip(
            tangent_x, -(camera.cx / camera.fx + beyond_x),
            (camera.width - camera.cx) / camera.fx + beyond_x,
        )
        bounded_y = z * np.clip(
            tangent_y, -(camera.cy / camera.fy + beyond_y),
            (camera.height - camera.cy) / camera.fy + beyond_y,
        )
        nothing = np.zeros_like(z)
        jacobian = np.stack([
            camera.fx / z, nothing, -camera.fx * bounded_x / z**2,
            nothing, camera.fy / z, -camera.fy * bounded_y / z**2,
        ], -1).reshape(-1, 2, 3)
        transform = jacobian @ rotation
        flat = transform @ covariances(gaussians) @ transform.transpose(0, 2, 1)
        xx, xy, yy = flat[:, 0, 0], flat[:, 0, 1], flat[:, 1, 1]
        sharp = xx * yy - xy * xy
        xx, yy = xx + BLUR, yy + BLUR
        determinant = xx * yy - xy * xy
        opacity = 1.0 / (1.0 + np.exp(-gaussians.opacity_logits.astype(np.float64)))
        if gaussians.antialiased:
            opacity = opacity * np.sqrt(np.maximum(sharp / determinant, 0.0))
        middle = 0.5 * (xx + yy)
        largest = middle + np.sqrt(np.maximum(0.01, middle * middle - determinant))
        radius = np.ceil(3.0 * np.sqrt(largest))
        mean = np.stack([camera.fx * tangent_x + camera.cx, camera.fy * tangent_y + camera.cy], -1)
        visible = (z >= near) & (z <= FAR) & (determinant > 0) & (radius > 0)
        visible &= (mean[:, 0] + radius > 0) & (mean[:, 0] - radius < camera.width)
        visible &= (mean[:, 1] + radius > 0) & (mean[:, 1] - radius < camera.height)
        columns, rows = -(-camera.width // TILE), -(-camera.height // TILE)
        tiles = np.stack([
            np.clip(np.floor((mean[:, 0] - radius) / TILE), 0, columns),
            np.clip(np.ceil((mean[:, 0] + radius) / TILE), 0, columns),
            np.clip(np.floor((mean[:, 1] - radius) / TILE), 0, rows),
            np.clip(np.ceil((mean[:, 1] + radius) / TILE), 0, rows),
        ], -1)
        conic = np.stack([yy, -xy, xx], -1) / determinant[:, None]
    return Projected(mean, conic, z, opacity, tiles, visible)


def shade(gaussians: Gaussians, position: np.ndarray) -> np.ndarray:
    """Return the colours that are seen from ``position``, float64 of shape (n, 3)."""
    direction = gaussians.means.astype(np.float64) - position
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-300)
    basis = harmonics(direction)[:, :gaussians.sh.shape[1]]
    colours = np.einsum('nk,nkc->nc', basis, gaussians.sh.astype(np.float64))
    return np.maximum(colours + 0.5, 0.0)


def harmonics(direction: np.ndarray) -> np.ndarray:
    """Return the 16 real spherical harmonics up to degree 3, as polynomials of x, y and z."""
    x, y, z = direction.T
    pi = math.pi
    return np.stack([
        np.full_like(x, math.sqrt(1 / (4 * pi))),
        -math.sqrt(3 / (4 * pi)) * y,
        math.sqrt(3 / (4 * pi)) * z,
        -math.sqrt(3 / (4 * pi)) * x,
        math.sqrt(15 / (4 * pi)) * x * y,
        -math.sqrt(15 / (4 * pi)) * y * z,
        math.sqrt(5 / (16 * pi)) * (3 * z * z - 1),
        -math.sqrt(15 / (4 * pi)) * x * z,
        math.sqrt(15 / (16 * pi)) * (x * x - y * y),
        -math.sqrt(35 / (32 * pi)) * y * (3 * x * x - y * y),
        math.sqrt(105 / (4 * pi)) * x * y * z,
        -math.sqrt(21 / (32 * pi)) * y * (5 * z * z - 1),
        math.sqrt(7 / (16 * pi)) * z * (5 * z * z - 3),
        -math.sqrt(21 / (32 * pi)) * x * (5 * z * z - 1),
        math.sqrt(105 / (16 * pi)) * z * (x * x - y * y),
        -math.sqrt(35 / (32 * pi)) * x * (x * x - 3 * y * y),
    ], -1)


def blend(
    projected: Projected, colours: np.ndarray, order: np.ndarray, camera: Intrinsics
) -> tuple[np.ndarray, np.ndarray]:
    """Return sums of colours and depth, (height, width, 4), and the transmittance behind all."""
    transmittance = np.ones((camera.height, camera.width))
    finished = np.zeros((camera.height, camera.width), bool)
    sums = np.zeros((camera.height, camera.width, 4))
    values = np.concatenate([colours, projected.depth[:, None]], 1)
    for i in order:
        left, right, top, bottom = (projected.tiles[i] * TILE).astype(int)
        area = np.s_[top:min(bottom, camera.height), left:min(right, camera.width)]
        if transmittance[area].size == 0:
            continue
        rows, columns = np.mgrid[area]
        dx = projected.mean[i, 0] - (columns + 0.5)
        dy = projected.mean[i, 1] - (rows + 0.5)
        a, b, c = projected.conic[i]
        sigma = 0.5 * (a * dx * dx + c * dy * dy) + b * dx * dy
        alpha = np.minimum(0.999, projected.opacity[i] * np.exp(-sigma))
        drawn = (sigma >= 0.0) & (alpha >= 1.0 / 255.0) & ~finished[area]
        rest = transmittance[area] * (1.0 - alpha)
        last = drawn & (rest <= 1e-4)
        finished[area] |= last
        drawn &= ~last
        weight = np.where(drawn, alpha * transmittance[area], 0.0)
        sums[area] += weight[..., None] * values[i]
        transmittance[area] = np.where(drawn, rest, transmittance[area])
    return sums, transmittance
