# SPDX-License-Identifier: Apache-2.0
"""Solids of the cell: a triangle mesh in metres and the material it is painted with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import trimesh

from .materials import Material

Vector = Sequence[float]


@dataclass(frozen=True)
class Solid:
    """One painted triangle mesh, in the cell frame."""

    name: str
    """What it is, for error messages and tests."""
    mesh: trimesh.Trimesh
    """Its surface, in metres."""
    material: Material
    """Albedo of its surface."""
    emission: float = 0.0
    """Radiance that it emits by itself, in the unit of the pictures before tone mapping."""


def box(name: str, centre: Vector, size: Vector, material: Material) -> Solid:
    """Return an axis-aligned box; `centre` and edge lengths `size` in metres."""
    mesh = trimesh.creation.box(extents=size)
    mesh.apply_translation(centre)
    return Solid(name, mesh, material)


def cylinder(name: str, start: Vector, end: Vector, radius: float, material: Material) -> Solid:
    """Return a closed cylinder around the line from `start` to `end`, all in metres."""
    segment = np.array([start, end], float)
    mesh = trimesh.creation.cylinder(radius, segment=segment, sections=96)
    return Solid(name, mesh, material)


def sphere(name: str, centre: Vector, radius: float, material: Material) -> Solid:
    """Return a ball of `radius` metres."""
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=radius)
    mesh.apply_translation(centre)
    return Solid(name, mesh, material)


def rectangle(
    name: str, corner: Vector, u: Vector, v: Vector, material: Material, emission: float = 0.0
) -> Solid:
    """Return the flat parallelogram that edges `u` and `v`, in metres, span from `corner`."""
    origin, along, across = (np.asarray(vector, float) for vector in (corner, u, v))
    vertices = [origin, origin + along, origin + along + across, origin + across]
    mesh = trimesh.Trimesh(vertices, [[0, 1, 2], [0, 2, 3]], process=False)
    return Solid(name, mesh, material, emission)
