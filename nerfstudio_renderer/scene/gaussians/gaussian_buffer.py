# SPDX-License-Identifier: Apache-2.0
"""Where readers put Gaussians block by block; broken ones are left out."""

from __future__ import annotations

from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.gaussians.gaussian_file import GaussianFile
from nerfstudio_renderer.scene.gaussians.gaussians import Gaussians, MOST_SH_DEGREE
import numpy as np

BLOCK = 1 << 12
"""Gaussians that are converted at a time: a few megabytes, which stay in a processor's cache."""

_GREATEST_LOG_SCALE = 44.0  # its exponential still has a square in float32


class GaussianBuffer:
    """
    Memory for the Gaussians of a file.

    :param count: how many the file has; the memory is used only as they come.
    :param sh_degree: of their spherical harmonics.
    :raises SceneError: if that is none, or of a degree that cannot be rendered.
    """

    def __init__(self, count: int, sh_degree: int) -> None:
        if count == 0:
            raise SceneError('it holds no Gaussians')
        if sh_degree > MOST_SH_DEGREE:
            raise SceneError(f'its spherical harmonics are of degree {sh_degree}; '
                             f'0 to {MOST_SH_DEGREE} can be rendered')
        self._count = count
        self._kept = 0
        self._seen = 0
        shapes = ((3,), (4,), (3,), (), ((sh_degree + 1) ** 2, 3))
        self._arrays = tuple(np.empty((count, *shape), np.float32) for shape in shapes)

    def append(
        self,
        means: np.ndarray,
        quaternions: np.ndarray,
        log_scales: np.ndarray,
        opacity_logits: np.ndarray,
        sh: np.ndarray,
    ) -> None:
        """Add the next Gaussians, of the shapes that ``Gaussians`` has, but for broken ones."""
        block = (means, quaternions, log_scales, opacity_logits, sh)
        usable = _usable(*block)
        start, self._kept = self._kept, self._kept + int(np.count_nonzero(usable))
        self._seen += len(means)
        whole = self._kept - start == len(means)
        for target, values in zip(self._arrays, block, strict=True):
            target[start:self._kept] = values if whole else values[usable]

    def finished(
        self, form: str, version: str = '', antialiased: bool | None = None
    ) -> GaussianFile:
        """
        Return what has come.

        :param antialiased: None where the file does not say.
        :raises SceneError: if all are broken.
        """
        assert self._seen == self._count, (self._seen, self._count)
        if self._kept == 0:
            raise SceneError(f'all of its {self._count} Gaussians are broken: not finite, or '
                             'without a rotation')
        return GaussianFile(
            Gaussians(*(array[:self._kept] for array in self._arrays), bool(antialiased)),
            form, version, self._count - self._kept, antialiased is not None,
        )


def _usable(
    means: np.ndarray,
    quaternions: np.ndarray,
    log_scales: np.ndarray,
    opacity_logits: np.ndarray,
    sh: np.ndarray,
) -> np.ndarray:
    """Return which Gaussians are finite, with a rotation and an extent that have squares."""
    with np.errstate(all='ignore'):  # float32's, of what may be anything
        length = np.einsum('ni,ni->n', quaternions, quaternions)
        return (
            np.isfinite(means).all(1)
            & np.isfinite(length) & (length >= np.finfo(np.float32).tiny)
            & np.isfinite(log_scales).all(1) & (log_scales <= _GREATEST_LOG_SCALE).all(1)
            & np.isfinite(opacity_logits)
            & np.isfinite(sh).all((1, 2))
        )
