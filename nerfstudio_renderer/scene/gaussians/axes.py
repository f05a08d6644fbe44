# SPDX-License-Identifier: Apache-2.0
"""Gaussians in other axes: some of x, y and z point the other way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Which of x, y, z are odd in each spherical harmonic, in the order of ``Gaussians.sh``.
_ODD = np.array([
    (0, 0, 0),
    (0, 1, 0), (0, 0, 1), (1, 0, 0),
    (1, 1, 0), (0, 1, 1), (0, 0, 0), (1, 0, 1), (0, 0, 0),
    (0, 1, 0), (1, 1, 1), (0, 1, 0), (0, 0, 1), (1, 0, 0), (0, 0, 1), (1, 0, 0),
], bool)


@dataclass(frozen=True)
class Flips:
    """
    Which axes point the other way.

    A mirror image of a Gaussian is one too, so an odd number of flips is no exception.
    """

    x: bool
    y: bool
    z: bool

    @property
    def of_means(self) -> np.ndarray:
        """Return the factors of x, y and z."""
        return _signs(np.array([self.x, self.y, self.z]))

    @property
    def of_quaternions(self) -> np.ndarray:
        """Return the factors of w, x, y and z: those of a rotation's axis, mirrored."""
        return _signs(np.array([False, self.y ^ self.z, self.x ^ self.z, self.x ^ self.y]))

    @property
    def of_sh(self) -> np.ndarray:
        """Return the factors of the 16 harmonics up to degree 3, shape (16, 1)."""
        return _signs((_ODD & [self.x, self.y, self.z]).sum(1, keepdims=True) % 2 == 1)


def _signs(flipped: np.ndarray) -> np.ndarray:
    return np.where(flipped, -1.0, 1.0).astype(np.float32)
