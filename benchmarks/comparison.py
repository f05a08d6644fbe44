# SPDX-License-Identifier: Apache-2.0
"""How much pictures differ from reference pictures."""

from __future__ import annotations

from collections.abc import Sequence
import math

from nerfstudio_renderer.rendering.image import Image
import numpy as np

_DEPTH_TOLERANCE = 1e-3
# Of pictures that are the same to the last bit, so that the figure stays a number.
_LEAST_ERROR = 1e-20


def differences(
    pictures: Sequence[Image], references: Sequence[Image]
) -> dict[str, float | int]:
    """Return the figures that a quality row has, over ``pictures`` of several views."""
    pairs = list(zip(pictures, references, strict=True))
    squares = [(picture.rgb - reference.rgb) ** 2 for picture, reference in pairs]
    return {
        'views': len(pairs),
        'psnr_db': _psnr(np.concatenate([square.ravel() for square in squares])),
        'worst_view_psnr_db': min(map(_psnr, squares)),
        'same_depth_pct': _same_depth_pct(pairs),
        'accumulation_error': max(
            float(np.abs(picture.accumulation - reference.accumulation).max())
            for picture, reference in pairs
        ),
    }


def _psnr(squares: np.ndarray) -> float:
    error = max(float(squares.mean(dtype=np.float64)), _LEAST_ERROR)
    return round(-10.0 * math.log10(error), 2)


def _same_depth_pct(pairs: Sequence[tuple[Image, Image]]) -> float:
    same = [
        (np.abs(picture.depth - reference.depth) <= _DEPTH_TOLERANCE * reference.depth).ravel()
        for picture, reference in pairs
    ]
    return round(100.0 * float(np.concatenate(same).mean()), 3)
