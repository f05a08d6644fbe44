# SPDX-License-Identifier: Apache-2.0
"""The pixels of a frame, in the forms that consumers ask for."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Image(Protocol):
    """
    Pixels where an engine rendered them, brought to main memory as far as somebody asks for them.

    All arrays are read-only and made once; any thread may ask.
    """

    @property
    def rgb(self) -> np.ndarray:
        """Return colour, float32 of shape (height, width, 3) in 0..1."""
        ...

    @property
    def rgb8(self) -> np.ndarray:
        """Return colour, contiguous uint8 of shape (height, width, 3)."""
        ...

    @property
    def depth(self) -> np.ndarray:
        """Return distance along the ray, float32 of shape (height, width), scene units."""
        ...

    @property
    def accumulation(self) -> np.ndarray:
        """Return opacity along the ray, float32 of shape (height, width) in 0..1."""
        ...
