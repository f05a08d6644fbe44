# SPDX-License-Identifier: Apache-2.0
"""A scene of 3D Gaussians as one value, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass

from nerfstudio_renderer.errors import SceneError
import numpy as np

SH_DEGREE_0 = 0.28209479177387814
"""The spherical harmonic of degree 0: half the square root of 1 / pi."""

_COEFFICIENTS = {1: 0, 4: 1, 9: 2, 16: 3}


@dataclass(frozen=True, eq=False)
class Gaussians:
    """
    Gaussians as they are trained, in scene coordinates; their order breaks ties of depth.

    :raises SceneError: if an array has another shape or type than it should.
    """

    means: np.ndarray
    """Centres, float32 of shape (n, 3)."""
    quaternions: np.ndarray
    """Orientations w, x, y, z of any length but 0, float32 of shape (n, 4)."""
    log_scales: np.ndarray
    """Natural logarithms of the standard deviations along the axes, float32 of shape (n, 3)."""
    opacities: np.ndarray
    """Logits of the opacities, float32 of shape (n,)."""
    sh: np.ndarray
    """
    Spherical harmonics of the colours, float32 or float16 of shape (n, (degree + 1)^2, 3), degree
    0 to 3: the colour is their sum in the direction of sight plus 0.5, and 0 at least.
    """
    antialiased: bool = False
    """Whether they were trained with opacities that make up for the blur of half a pixel."""
    background: tuple[float, float, float] | None = None
    """Red, green, blue (0..1) behind all; None for black."""

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong together."""
        count = len(self.means)
        _check('means', self.means, (count, 3))
        _check('quaternions', self.quaternions, (count, 4))
        _check('log_scales', self.log_scales, (count, 3))
        _check('opacities', self.opacities, (count,))
        coefficients = self.sh.shape[1] if self.sh.ndim == 3 else 0
        if coefficients not in _COEFFICIENTS:
            raise SceneError(
                f'sh has the shape {self.sh.shape} instead of ({count}, 1, 4, 9 or 16, 3)'
            )
        _check('sh', self.sh, (count, coefficients, 3), (np.float32, np.float16))
        if self.background is not None and len(self.background) != 3:
            raise SceneError(f'background {self.background} is not red, green and blue')

    @classmethod
    def from_sigmoid_colours(
        cls,
        means: np.ndarray,
        quaternions: np.ndarray,
        log_scales: np.ndarray,
        opacities: np.ndarray,
        features_dc: np.ndarray,
        *,
        antialiased: bool = False,
        background: tuple[float, float, float] | None = None,
    ) -> Gaussians:
        """
        Return Gaussians whose colours are a sigmoid, as nerfstudio has them with sh_degree 0.

        :param features_dc: logits of red, green and blue, float32 of shape (n, 3).
        """
        _check('features_dc', features_dc, (len(means), 3))
        # tanh does not overflow: sigmoid(x) - 0.5 = tanh(x / 2) / 2
        harmonics = np.tanh(features_dc.astype(np.float64) / 2.0) / (2.0 * SH_DEGREE_0)
        return cls(
            means, quaternions, log_scales, opacities, harmonics[:, None].astype(np.float32),
            antialiased, background,
        )

    @property
    def sh_degree(self) -> int:
        """Degree of the spherical harmonics, 0 to 3."""
        return _COEFFICIENTS[self.sh.shape[1]]

    def __len__(self) -> int:
        """Return the number of Gaussians."""
        return len(self.means)


def _check(
    name: str, array: np.ndarray, shape: tuple[int, ...], types: tuple[type, ...] = (np.float32,)
) -> None:
    if array.shape != shape:
        raise SceneError(f'{name} has the shape {array.shape} instead of {shape}')
    if array.dtype not in types:
        expected = ' or '.join(np.dtype(kind).name for kind in types)
        raise SceneError(f'{name} is of type {array.dtype} instead of {expected}')
