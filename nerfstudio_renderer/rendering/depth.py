# SPDX-License-Identifier: Apache-2.0
"""Depth as robots have it: along the camera's optical axis (REP 118)."""

from __future__ import annotations

from nerfstudio_renderer.cameras.directions import axis_cosines
from nerfstudio_renderer.rendering.frame import Frame
import numpy as np


def optical_depth(frame: Frame, least_accumulation: float) -> np.ndarray:
    """
    Return distances along the optical axis, where they mean something.

    :param least_accumulation: opacity along the ray, 0..1, from which on there is a surface.
    :returns: float32 of shape (height, width), scene units, the caller's own; NaN where there is
        less opacity, where the camera sees nothing, and for rays that do not point forward.
    """
    image = frame.image
    cosines = axis_cosines(frame.intrinsics)
    # Comparisons with NaN, where there is no ray, are false. Distance 0: a method without depth.
    seen = (
        (image.accumulation >= least_accumulation) & (cosines > 0.0) & (image.depth > 0.0)
    )
    return np.where(seen, image.depth * cosines, np.float32(np.nan))
