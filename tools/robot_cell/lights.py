# SPDX-License-Identifier: Apache-2.0
"""Area lights: the panels on the ceiling of the cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .colour import Array


@dataclass(frozen=True)
class AreaLight:
    """A flat rectangle that shines downwards with the same radiance in every direction."""

    name: str
    """Name of the solid in the cell that is its glowing surface."""
    corner: tuple[float, float, float]
    """One corner, metres, cell frame."""
    size: tuple[float, float]
    """Edge lengths along x and y, metres."""
    radiance: float
    """Emitted radiance, in the unit of the pictures before tone mapping."""

    def points(self, uv: Array) -> Array:
        """Map unit-square coordinates (N, 2) to points on the panel, shape (N, 3), metres."""
        offset = uv * np.array(self.size, np.float32)
        corner = np.array(self.corner, np.float32)
        return corner + np.pad(offset, ((0, 0), (0, 1))).astype(np.float32)

    def irradiance(self, to_light: Array, normals: Array) -> Array:
        """
        Return the unshadowed irradiance, shape (N,), estimated from one point on the panel.

        `to_light` (N, 3) goes from the surface to that point, in metres; `normals` (N, 3) are
        the surface's. The panel's area times both cosines over the squared distance.
        """
        squared = np.maximum((to_light ** 2).sum(axis=1), 1e-4)
        distance = np.sqrt(squared)
        cosine = np.maximum((to_light * normals).sum(axis=1) / distance, 0)
        cosine_at_light = np.maximum(to_light[:, 2] / distance, 0)
        area = self.size[0] * self.size[1]
        return self.radiance * area * cosine * cosine_at_light / squared
