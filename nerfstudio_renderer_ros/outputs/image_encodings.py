# SPDX-License-Identifier: Apache-2.0
"""Images in the encodings of ROS, as pixels or compressed."""

from __future__ import annotations

import cv2
from nerfstudio_renderer import Intrinsics
import numpy as np

try:
    from cv_bridge import CvBridge
except ImportError:
    CvBridge = None

_OPAQUE = 255
# ITU-R BT.601 luma in 15-bit fixed point, as in OpenCV's RGB2GRAY for 8-bit images:
# https://github.com/opencv/opencv/blob/4.x/modules/imgproc/src/color.simd_helpers.hpp
_LUMA = np.array([9798, 19235, 3735], dtype=np.uint32)
_LUMA_BITS = 15
_MILLIMETRES = 1000.0
_MOST_MILLIMETRES = np.iinfo(np.uint16).max


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


def encode_depth(metres: np.ndarray, encoding: str) -> np.ndarray:
    """
    Return a depth image in an encoding of REP 118.

    :param metres: float32 of shape (height, width), NaN where there is no depth.
    :param encoding: 32FC1, or 16UC1: whole millimetres, 0 for no depth and beyond 65.535 m.
    """
    if encoding == '32FC1':
        return np.ascontiguousarray(metres, dtype=np.float32)
    millimetres = np.floor(metres * _MILLIMETRES + 0.5)
    # Comparisons with NaN are false.
    return np.where(millimetres <= _MOST_MILLIMETRES, millimetres, 0.0).astype(np.uint16)


def compress(pixels: np.ndarray, file_format: str, jpeg_quality: int) -> bytes:
    """
    Return an image file.

    :param pixels: in the encoding bgr8 or mono8.
    :param file_format: jpeg or png.
    :param jpeg_quality: 1 to 100.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality] if file_format == 'jpeg' else []
    done, data = cv2.imencode(f'.{file_format}', pixels, options)
    if not done:
        raise ValueError(f'OpenCV cannot write {file_format}')
    return data.tobytes()


def resample(rgb: np.ndarray, level: Intrinsics, full: Intrinsics) -> np.ndarray:
    """
    Return a coarse image at the size of the full one, without shifting it.

    :param rgb: uint8 of shape (height, width, 3), the image of ``level``.
    :param level: its projection.
    :param full: the projection of the result.
    """
    if (level.width, level.height) == (full.width, full.height):
        return rgb
    # OpenCV's pixel centres are at whole numbers, those of the intrinsics at halves.
    x, y = level.fx / full.fx, level.fy / full.fy
    to_level = np.array([
        [x, 0.0, level.cx - 0.5 - x * (full.cx - 0.5)],
        [0.0, y, level.cy - 0.5 - y * (full.cy - 0.5)],
    ])
    return cv2.warpAffine(
        rgb, to_level, (full.width, full.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )


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
