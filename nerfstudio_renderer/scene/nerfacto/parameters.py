# SPDX-License-Identifier: Apache-2.0
"""
What a model of the nerfacto family has learned, as plain arrays and numbers.

All that the engines know of a model, on any device, whatever file or version it was read from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DIRECTION_COEFFICIENTS = 16
"""Spherical harmonics of degrees 0 to 3: the first inputs of the colour network."""


@dataclass(frozen=True, eq=False)
class HashGrid:
    """A multiresolution hash encoding: trilinear interpolation between hashed grid corners."""

    tables: np.ndarray
    """Learned features, float32 of shape (levels, entries, features); entries is a power of 2."""
    scalings: np.ndarray
    """Cells along the unit cube's edge at each level, float32 of shape (levels,)."""


@dataclass(frozen=True, eq=False)
class Dense:
    """A layer ``weights @ x + biases``."""

    weights: np.ndarray
    """Float32 of shape (outputs, inputs)."""
    biases: np.ndarray
    """Float32 of shape (outputs,)."""


@dataclass(frozen=True, eq=False)
class DensityNetwork:
    """From a position in the unit cube to density, and features for the colour network."""

    grid: HashGrid
    """Encodes the position."""
    layers: tuple[Dense, ...]
    """With ReLU between them. Output 0 is the log density ``h``, the rest are features."""
    density_scale: float
    """Density is ``density_scale * exp(h)``, per scene unit."""


@dataclass(frozen=True, eq=False)
class ProposalPass:
    """One round of looking where along the ray something is."""

    network: DensityNetwork
    """Tells the density; may be that of another pass too."""
    samples: int
    """Samples along a ray."""


@dataclass(frozen=True, eq=False)
class NerfactoParameters:
    """Everything that decides a picture, besides the camera."""

    proposals: tuple[ProposalPass, ...]
    """At least one, in order."""
    field: DensityNetwork
    """The density that is rendered; its features go into ``head``."""
    field_samples: int
    """Samples along a ray that are rendered."""
    head: tuple[Dense, ...]
    """
    The colour network: ReLU between the layers, a sigmoid behind the last. Its inputs are
    DIRECTION_COEFFICIENTS spherical harmonics, then the field's features. The appearance
    embedding, the same for all rays, is part of the first layer's biases.
    """
    near: float
    """Where the first sample begins, scene units along the ray."""
    far: float
    """Where the last sample ends, scene units along the ray."""
    piecewise: bool
    """Spacing: even up to distance 1, then even in disparity; False: even all the way."""
    box: np.ndarray | None
    """Corners of the scene, float32 of shape (2, 3); None: unbounded space is contracted."""
    background: tuple[float, float, float] | None
    """Colour behind everything, 0..1; None: that of the ray's last sample."""
