# SPDX-License-Identifier: Apache-2.0
"""A scene of Gaussians, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass, fields
import math

import numpy as np

SH_DEGREE_0 = 0.28209479177387814
"""The spherical harmonic of degree 0: half the square root of 1 / pi."""

MOST_SH_DEGREE = 3
"""The greatest degree of spherical harmonics that is read and rendered."""


@dataclass(frozen=True, eq=False)
class Gaussians:
    """
    What is rendered: n Gaussians in the order of their file, which decides between equal depths.

    All arrays are float32, C-contiguous, finite and read-only; lengths are in scene units.

    :raises ValueError: if the arrays do not have the shapes named below.
    """

    means: np.ndarray
    """Centres, shape (n, 3)."""
    quaternions: np.ndarray
    """Rotations w, x, y, z, shape (n, 4); of any length but 0, normalised by who renders."""
    log_scales: np.ndarray
    """Natural logarithms of the standard deviations along the rotated axes, shape (n, 3)."""
    opacity_logits: np.ndarray
    """Opacities before the sigmoid, shape (n,)."""
    sh: np.ndarray
    """
    Coefficients of spherical harmonics, shape (n, (degree + 1)^2, 3): colour - 0.5.

    In the order of gsplat and of the first 3-D Gaussian splatting: the constant one; y, z, x; ...
    """
    antialiased: bool = False
    """Whether they were trained with opacities that make up for the blur of small ones."""
    background: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Red, green and blue (0..1) behind everything."""

    def __post_init__(self) -> None:
        """Check the shapes, and let nobody change the arrays."""
        count = len(self.means)
        shapes = {
            'means': (count, 3), 'quaternions': (count, 4), 'log_scales': (count, 3),
            'opacity_logits': (count,), 'sh': (count, (self.sh_degree + 1) ** 2, 3),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape or array.dtype != np.float32:
                raise ValueError(f'{name} is {array.dtype} of shape {array.shape} instead of '
                                 f'float32 of shape {shape}')
            own = np.ascontiguousarray(array).view()
            own.setflags(write=False)
            object.__setattr__(self, name, own)
        if not 0 <= self.sh_degree <= MOST_SH_DEGREE:
            raise ValueError(f'the spherical harmonics are of degree {self.sh_degree}, not 0 to '
                             f'{MOST_SH_DEGREE}')

    def __len__(self) -> int:
        """Return the number of Gaussians."""
        return len(self.means)

    @property
    def sh_degree(self) -> int:
        """Return the degree of the spherical harmonics, 0 to 3."""
        return math.isqrt(self.sh.shape[1]) - 1 if self.sh.ndim == 3 else -1

    @property
    def nbytes(self) -> int:
        """Return how many bytes the arrays take."""
        arrays = (getattr(self, field.name) for field in fields(self))
        return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))
