# SPDX-License-Identifier: Apache-2.0
"""Pictures and depth of the cell from one pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .cameras import Pinhole
from .cell import ORIGIN
from .colour import Array, to_srgb
from .room import LIGHTS, ROOM
from .strata import Strata
from .tracer import Tracer

AMBIENT = 0.34
"""Radiance of the light that comes from everywhere."""
NEAR = 0.7
"""Metres within which a surface darkens the ambient light of another one."""
LIFT = 1e-3
"""Metres by which secondary rays start above their surface."""


@dataclass(frozen=True)
class View:
    """One rendered picture with its exact depth."""

    rgb: np.ndarray
    """Shape (height, width, 3), uint8, sRGB."""
    depth: np.ndarray
    """Shape (height, width), metres along the optical axis, at the pixel centres."""


def render(
    tracer: Tracer, camera: Pinhole, pose: np.ndarray, samples: int, rng: np.random.Generator
) -> View:
    """
    Render the view of `camera` at the world pose (4, 4).

    Each pixel averages samples x samples rays, one in each cell of a regular grid; shadows and
    ambient occlusion take one stratified sample per ray from `rng`.
    """
    origin = pose[:3, 3] - ORIGIN
    size = (camera.height, camera.width)
    centres = _pixel_centres(camera)
    depth = tracer.cast(*_cell_rays(camera, origin, pose, centres)).distance
    total = np.zeros((len(centres), 3), np.float32)
    strata = Strata(len(LIGHTS) + 1, len(centres), samples, rng)
    for step in range(samples ** 2):
        offset = (np.array(divmod(step, samples)) + 0.5) / samples - 0.5
        rays = _cell_rays(camera, origin, pose, centres + offset)
        total += _radiance(tracer, *rays, strata.draw(step))
    rgb = to_srgb(total / samples ** 2).reshape(*size, 3)
    return View(rgb, depth.reshape(size))


def _radiance(tracer: Tracer, origins: Array, directions: Array, strata: Array) -> Array:
    """Return the linear radiance (N, 3) that comes along rays."""
    hits = tracer.cast(origins, directions)
    points = (origins + hits.distance[:, None] * directions).astype(np.float32)
    albedo, emission = tracer.surface(points, hits)
    lifted = _inside_room(points + LIFT * hits.normals)
    light = _ambient(tracer, lifted, hits.normals, strata[-1])
    for lamp, uv in zip(LIGHTS, strata[:-1], strict=True):
        to_lamp = lamp.points(uv) - lifted
        lit = tracer.first_solid(lifted, to_lamp) == tracer.index(lamp.name)
        light += lamp.irradiance(to_lamp, hits.normals) * lit
    return albedo * light[:, None] + emission[:, None]


def _inside_room(points: Array) -> Array:
    """Move points that rounding put behind a wall, at an edge of the room, back inside."""
    low, high = np.array([-ROOM[0] / 2, -ROOM[1] / 2, 0]), np.array([*ROOM[:2] / 2, ROOM[2]])
    return np.clip(points, low + LIFT / 2, high - LIFT / 2).astype(np.float32)


def _ambient(tracer: Tracer, points: Array, normals: Array, uv: Array) -> Array:
    """Return the ambient light (N,), dimmed where another surface is near."""
    angle, height = 2 * np.pi * uv[:, 0], 2 * uv[:, 1] - 1
    radius = np.sqrt(np.maximum(1 - height ** 2, 0))
    on_sphere = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    directions = 1.001 * normals + on_sphere  # cosine distributed, and never zero
    distance = tracer.cast(points, directions).distance * np.linalg.norm(directions, axis=1)
    openness = np.clip(distance / NEAR, 0, 1)
    sky = 0.85 + 0.15 * normals[:, 2]
    return (AMBIENT * sky * (0.25 + 0.75 * openness)).astype(np.float32)


def _pixel_centres(camera: Pinhole) -> np.ndarray:
    x, y = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    return np.stack([x.ravel(), y.ravel()], axis=1) + 0.5


def _cell_rays(
    camera: Pinhole, origin: np.ndarray, pose: np.ndarray, pixels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return origins and directions, each (N, 3), in the cell frame; z-depth as parameter."""
    directions = camera.directions(pixels) @ pose[:3, :3].T
    return np.broadcast_to(origin, directions.shape), directions
