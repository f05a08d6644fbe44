# SPDX-License-Identifier: Apache-2.0
"""Ray casting against the solids of the cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import trimesh

from .colour import Array
from .geometry import Solid

NUDGE = np.array([1e-4, -1e-4, 2e-4])
"""Relative change of a direction that moves a ray off an edge, by a fraction of a millimetre."""


@dataclass(frozen=True)
class Hits:
    """What N rays hit first."""

    distance: np.ndarray
    """Shape (N,): in units of the ray's direction."""
    normals: Array
    """Shape (N, 3): unit normals of the surfaces, turned towards the rays' origins."""
    solid: np.ndarray
    """Shape (N,): index into the tracer's solids."""


class Tracer:
    """
    Finds what rays hit first, in the frame of its solids.

    trimesh casts the rays with Embree where embreex is installed, as nerfstudio's dependencies
    do on x86-64; its own caster is exact too, but thousands of times slower.
    """

    def __init__(self, solids: Sequence[Solid]) -> None:
        """Build the acceleration structure; the solids must enclose every ray's origin."""
        self.solids = tuple(solids)
        mesh = trimesh.util.concatenate([solid.mesh for solid in self.solids])
        self._caster = mesh.ray
        self._normals = mesh.face_normals
        self._offsets = (mesh.triangles[:, 0] * mesh.face_normals).sum(axis=1)
        faces = [len(solid.mesh.faces) for solid in self.solids]
        self._solid_of_face = np.repeat(np.arange(len(faces)), faces)

    def cast(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        """Return the first hits of rays, both arguments (N, 3); directions of any length."""
        face = self._first_face(origins, directions)
        normals = self._normals[face]
        approach = (normals * directions).sum(axis=1)
        distance = (self._offsets[face] - (normals * origins).sum(axis=1)) / approach
        towards = np.where(approach[:, None] > 0, -normals, normals)
        return Hits(distance, towards.astype(np.float32), self._solid_of_face[face])

    def first_solid(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return the index (N,) of the solid that each ray hits first."""
        return self._solid_of_face[self._first_face(origins, directions)]

    def index(self, name: str) -> int:
        """Return the index of the solid called `name`."""
        return [solid.name for solid in self.solids].index(name)

    def surface(self, points: Array, hits: Hits) -> tuple[Array, Array]:
        """Return the albedo (N, 3) and the emission (N,) at the points of the hits."""
        albedo = np.zeros(points.shape, np.float32)
        emission = np.zeros(len(points), np.float32)
        for index in np.unique(hits.solid):
            here = np.flatnonzero(hits.solid == index)
            albedo[here] = self.solids[index].material(points[here], hits.normals[here])
            emission[here] = self.solids[index].emission
        return albedo, emission

    def _first_face(self, origins: np.ndarray, directions: np.ndarray) -> np.ndarray:
        face = self._caster.intersects_first(origins, directions)
        missed = face < 0
        if missed.any():  # a ray can slip through the edge that two triangles share: nudge it
            nudged = directions[missed] * (1 + NUDGE)
            face[missed] = self._caster.intersects_first(origins[missed], nudged)
        if (face < 0).any():
            raise ValueError(f'{(face < 0).sum()} of {len(face)} rays leave the closed cell')
        return face
