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
"""Frames as ROS messages."""

from __future__ import annotations

from builtin_interfaces.msg import Duration, Time
from nerfstudio_renderer import Frame, Intrinsics
from nerfstudio_renderer_msgs.msg import FrameInfo
from nerfstudio_renderer_ros.image_encodings import encode
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

_NS_PER_S = 1_000_000_000
# nerfstudio's pictures are those of an ideal pinhole: no coefficient of any model is needed.
_NO_DISTORTION = [0.0] * 5


def header(stamp: Time, frame_id: str) -> Header:
    """Return the header that all messages about one frame share."""
    return Header(stamp=stamp, frame_id=frame_id)


def image(frame: Frame, encoding: str, header: Header) -> Image:
    """Return the picture of ``frame``."""
    pixels = encode(frame.picture.rgb8, encoding)
    message = Image(
        header=header,
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        step=pixels.strides[0],
    )
    # One copy. Assigning to message.data would check it byte by byte (rclpy issue 763).
    message.data.frombytes(memoryview(pixels).cast('B'))
    return message


def camera_info(intrinsics: Intrinsics, header: Header) -> CameraInfo:
    """Return the calibration of an ideal pinhole; its pixel centres are at half integers."""
    fx, fy, cx, cy = intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy
    return CameraInfo(
        header=header,
        height=intrinsics.height,
        width=intrinsics.width,
        distortion_model='plumb_bob',
        d=_NO_DISTORTION,
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def frame_info(frame: Frame, header: Header) -> FrameInfo:
    """Return what is known about ``frame`` besides its picture."""
    return FrameInfo(
        header=header,
        sequence=frame.update.sequence,
        level=frame.level,
        level_count=frame.level_count,
        width=frame.intrinsics.width,
        height=frame.intrinsics.height,
        render_time=duration(frame.render_time_s),
        latency=duration(frame.latency_s),
    )


def duration(seconds: float) -> Duration:
    """Return a time span as a message."""
    whole, nanoseconds = divmod(round(seconds * _NS_PER_S), _NS_PER_S)
    return Duration(sec=whole, nanosec=nanoseconds)
