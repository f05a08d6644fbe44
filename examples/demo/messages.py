# SPDX-License-Identifier: Apache-2.0
"""ROS messages as records."""

from __future__ import annotations

import math
import zlib

from builtin_interfaces.msg import Duration
from examples.demo.records import Answer, Calibration, Header, Info, Order, Picture
from nerfstudio_renderer_msgs.msg import FrameInfo
from nerfstudio_renderer_msgs.srv import GetFrame
import numpy as np
from sensor_msgs.msg import CameraInfo, Image
import std_msgs.msg

_NS_PER_S = 1_000_000_000


def info_of(message: FrameInfo, arrived_s: float) -> Info:
    """Return what a FrameInfo message says."""
    return Info(
        arrived_s=arrived_s,
        header=_header(message.header),
        order=Order(message.sequence, message.level),
        level_count=message.level_count,
        width=message.width,
        height=message.height,
        render_time_s=_seconds(message.render_time),
        latency_s=_seconds(message.latency),
    )


def picture_of(message: Image, arrived_s: float) -> Picture:
    """Return what an Image message says besides its pixels."""
    return Picture(
        arrived_s=arrived_s,
        header=_header(message.header),
        width=message.width,
        height=message.height,
        encoding=message.encoding,
        step=message.step,
        byte_count=len(message.data),
        checksum=zlib.crc32(message.data),
    )


def calibration_of(message: CameraInfo, arrived_s: float) -> Calibration:
    """Return what a CameraInfo message says."""
    return Calibration(
        arrived_s=arrived_s,
        header=_header(message.header),
        width=message.width,
        height=message.height,
        k=tuple(map(float, message.k)),
        p=tuple(map(float, message.p)),
    )


def answer_of(
    asked_s: float, arrived_s: float, client: str, response: GetFrame.Response
) -> Answer:
    """Return what ``get_frame`` answered to ``client``."""
    return Answer(
        asked_s=asked_s,
        arrived_s=arrived_s,
        client=client,
        available=response.available,
        info=info_of(response.info, arrived_s),
        picture=picture_of(response.image, arrived_s),
    )


def pixels_of(message: Image) -> np.ndarray | None:
    """Return a view of the pixels, uint8 of shape (height, width, 3); None if they are not so."""
    shape = (message.height, message.width, 3)
    if message.encoding != 'rgb8' or len(message.data) != math.prod(shape):
        return None
    return np.frombuffer(message.data, dtype=np.uint8).reshape(shape)


def _header(message: std_msgs.msg.Header) -> Header:
    return Header(message.stamp.sec * _NS_PER_S + message.stamp.nanosec, message.frame_id)


def _seconds(duration: Duration) -> float:
    return duration.sec + duration.nanosec / _NS_PER_S
