# SPDX-License-Identifier: Apache-2.0
"""From the integers of the smaller formats to numbers."""

from __future__ import annotations

from nerfstudio_renderer.scene.gaussians.gaussians import SH_DEGREE_0
import numpy as np

# Opacities of 0 and 1 have no logit. With these one is never drawn (less than 1/255), as with 0,
# and the other drawn as with 1 (rasterisers stop at 0.999 or 0.99).
_LEAST_ALPHA = 1e-6
_ALPHAS = np.clip(np.arange(256) / 255.0, _LEAST_ALPHA, 1.0 - _LEAST_ALPHA)
_LOGITS = np.log(_ALPHAS / (1.0 - _ALPHAS)).astype(np.float32)

_SQRT_HALF = np.sqrt(np.float32(0.5))
_OTHERS = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])


def opacity_logits(alphas: np.ndarray) -> np.ndarray:
    """Return the logits of opacities 0..255; sigmoid(logit) is within 1e-6 of alpha / 255."""
    return _LOGITS[alphas]


def dc_of(colours: np.ndarray) -> np.ndarray:
    """Return the coefficients of the constant harmonic that give the colours 0..1."""
    with np.errstate(over='ignore', invalid='ignore'):  # what is not finite is left out
        return ((colours - np.float32(0.5)) / np.float32(SH_DEGREE_0)).astype(np.float32)


def smallest_three(largest: np.ndarray, others: np.ndarray) -> np.ndarray:
    """
    Return quaternions whose largest component was left out because it follows from the others.

    :param largest: which one, 0 to 3, shape (n,).
    :param others: the other three in their order, float32 of shape (n, 3), each -1..1 times
        sqrt(1/2).
    :returns: float32 of shape (n, 4), in the order of the file; of length 1 or more.
    """
    others = others * _SQRT_HALF
    rows = np.arange(len(largest))
    quaternions = np.empty((len(largest), 4), np.float32)
    quaternions[rows[:, None], _OTHERS[largest]] = others
    rest = 1.0 - np.einsum('ni,ni->n', others, others)
    quaternions[rows, largest] = np.sqrt(np.maximum(rest, 0.0))
    return quaternions


def bits(words: np.ndarray, shift: int, count: int) -> np.ndarray:
    """Return ``count`` bits of unsigned words as fractions 0..1 of the greatest value."""
    most = (1 << count) - 1
    return ((words >> np.uint32(shift)) & np.uint32(most)).astype(np.float32) / np.float32(most)
