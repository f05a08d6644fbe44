# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
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
