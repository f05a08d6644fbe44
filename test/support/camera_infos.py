# SPDX-License-Identifier: Apache-2.0
"""Calibrations as drivers publish them, and what OpenCV makes of them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from sensor_msgs.msg import CameraInfo, RegionOfInterest

IDENTITY = np.eye(3).ravel().tolist()
TURN = cv2.Rodrigues(np.array([0.02, -0.03, 0.01]))[0]
PLUMB_BOB = [-0.2, 0.05, 0.002, -0.001, -0.01]
RATIONAL = [0.3, -0.1, 0.001, 0.002, 0.01, 0.5, -0.05, 0.02]
EQUIDISTANT = [0.05, -0.02, 0.003, -0.001]
# fx = 500, fy = 400, the principal point at (330, 250) of 640 x 480 pixels.
K = [500.0, 0.0, 330.0, 0.0, 400.0, 250.0, 0.0, 0.0, 1.0]
P = [480.0, 0.0, 320.0, -57.6, 0.0, 390.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0]
ROI = {'x_offset': 100, 'y_offset': 50, 'width': 320, 'height': 240}


def camera_info(roi: dict[str, int] | None = None, **fields: Any) -> CameraInfo:
    """Return a calibrated camera of 640 x 480 pixels, but for ``fields``."""
    message = CameraInfo(width=640, height=480, distortion_model='plumb_bob', k=K)
    message.roi = RegionOfInterest(**(roi or {}))
    for name, value in fields.items():
        setattr(message, name, value)
    return message


def project(
    points: np.ndarray, message: CameraInfo, rotation: np.ndarray | None = None,
    translation: np.ndarray | None = None,
) -> np.ndarray:
    """
    Return where OpenCV sees points, in pixels of ``message`` without its roi or binning.

    :param points: shape (n, 3).
    :param rotation: from the frame of the points to the optical frame, 3 x 3.
    :param translation: the same.
    :returns: shape (n, 2).
    """
    k, d = message.k.reshape(3, 3), np.array(message.d)
    turn = np.zeros(3) if rotation is None else cv2.Rodrigues(rotation)[0]
    move = np.zeros(3) if translation is None else translation
    project = (
        cv2.fisheye.projectPoints if message.distortion_model == 'equidistant'
        else cv2.projectPoints
    )
    pixels, _ = project(points.reshape(-1, 1, 3), turn, move, k, d)
    return pixels.reshape(-1, 2)


def rectify(pixels: np.ndarray, message: CameraInfo) -> np.ndarray:
    """Return where OpenCV has pixels, shape (n, 2), after rectification."""
    k, d = message.k.reshape(3, 3), np.array(message.d)
    r, p = message.r.reshape(3, 3), message.p.reshape(3, 4)
    places = pixels.reshape(-1, 1, 2)
    if message.distortion_model == 'equidistant':
        found = cv2.fisheye.undistortPoints(places, k, d, R=r, P=p)
    else:
        until = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-12)
        found = cv2.undistortPointsIter(places, k, d, r, p, until)
    return found.reshape(-1, 2)
