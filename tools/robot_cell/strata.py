# SPDX-License-Identifier: Apache-2.0
"""Stratified random numbers for the rays of a pixel."""

from __future__ import annotations

import numpy as np

from .colour import Array


class Strata:
    """
    Points of the unit square, for several purposes per ray.

    For each pixel and purpose the square is divided into samples x samples cells, and each cell
    is used by just one of the pixel's rays, in an order of its own.
    """

    def __init__(
        self, purposes: int, pixels: int, samples: int, rng: np.random.Generator
    ) -> None:
        self._samples = samples
        self._rng = rng
        shape = (purposes, pixels, samples ** 2)
        self._order = rng.random(shape, np.float32).argsort(axis=2)

    def draw(self, ray: int) -> Array:
        """Return the points for the `ray`-th ray of every pixel: (purposes, pixels, 2)."""
        cells = np.stack(np.divmod(self._order[:, :, ray], self._samples), axis=-1)
        jitter = self._rng.random(cells.shape, np.float32)
        return ((cells + jitter) / self._samples).astype(np.float32)
