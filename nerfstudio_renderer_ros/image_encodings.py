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
"""Pictures as the bytes of ROS image encodings."""

from __future__ import annotations

import numpy as np

try:
    import cv2  # noqa: F401 - cv_bridge imports it when first used, and fails without
    from cv_bridge import CvBridge
except ImportError:
    CvBridge = None

_OPAQUE = 255
# ITU-R BT.601 luma in 15-bit fixed point, as OpenCV's RGB2GRAY has it for 8-bit pictures:
# https://github.com/opencv/opencv/blob/4.x/modules/imgproc/src/color.simd_helpers.hpp
_LUMA = np.array([9798, 19235, 3735], dtype=np.uint32)
_LUMA_BITS = 15


def encode(rgb: np.ndarray, encoding: str) -> np.ndarray:
    """
    Return ``rgb`` in a ROS image encoding.

    :param rgb: uint8 of shape (height, width, 3).
    :param encoding: rgb8, bgr8, rgba8, bgra8 or mono8.
    :returns: contiguous uint8 of shape (height, width, channels), or (height, width) for mono8.
    """
    if encoding == 'rgb8':
        return np.ascontiguousarray(rgb)
    if CvBridge is not None:
        return _encode_with_cv_bridge(rgb, encoding)
    return _encode_with_numpy(rgb, encoding)


def _encode_with_cv_bridge(rgb: np.ndarray, encoding: str) -> np.ndarray:
    from cv_bridge.boost.cv_bridge_boost import cvtColor2

    return np.ascontiguousarray(cvtColor2(np.ascontiguousarray(rgb), 'rgb8', encoding))


def _encode_with_numpy(rgb: np.ndarray, encoding: str) -> np.ndarray:
    if encoding == 'mono8':
        half = 1 << (_LUMA_BITS - 1)
        return ((rgb.astype(np.uint32) @ _LUMA + half) >> _LUMA_BITS).astype(np.uint8)
    colours = rgb[..., ::-1] if encoding.startswith('bgr') else rgb
    if encoding.endswith('a8'):
        opaque = np.full((*rgb.shape[:2], 1), _OPAQUE, dtype=np.uint8)
        return np.concatenate([colours, opaque], axis=-1)
    return np.ascontiguousarray(colours)
