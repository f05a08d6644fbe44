# SPDX-License-Identifier: Apache-2.0
"""Between 8-bit sRGB and the linear RGB that light adds up in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

KNEE = 0.7
"""Linear value above which highlights are compressed, so that nothing clips."""


def linear(code: str) -> Array:
    """Convert an sRGB colour as `'rrggbb'` to linear RGB, shape (3,)."""
    srgb = np.array([int(code[i:i + 2], 16) for i in (0, 2, 4)], np.float32) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype('f4')


def to_srgb(radiance: np.ndarray) -> np.ndarray:
    """Compress highlights, then encode linear RGB as 8-bit sRGB (IEC 61966-2-1)."""
    over = np.maximum(radiance - KNEE, 0)
    linear = np.where(radiance > KNEE, KNEE + (1 - KNEE) * (1 - np.exp(-over / (1 - KNEE))),
                      radiance)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (srgb * 255 + 0.5).clip(0, 255).astype(np.uint8)
