# SPDX-License-Identifier: Apache-2.0
"""Frames as ROS messages."""

from __future__ import annotations

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from nerfstudio_renderer import Frame, optical_depth, PoseConvention, quaternion_from_c2w
from nerfstudio_renderer_msgs.msg import FrameInfo
from nerfstudio_renderer_ros.outputs.image_encodings import (
    compress,
    encode,
    encode_depth,
    resample,
)
from nerfstudio_renderer_ros.state.update_context import UpdateContext
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

_NS_PER_S = 1_000_000_000


def header(frame: Frame) -> Header:
    """Return the header of all messages about ``frame``."""
    context = _context(frame)
    return Header(stamp=context.stamp, frame_id=context.settings.frame_id)


def image(frame: Frame, header: Header) -> Image:
    """Return the image of ``frame``."""
    encoding = _context(frame).settings.encoding
    return _image(encode(frame.image.rgb8, encoding), encoding, header)


def full_image(frame: Frame, header: Header) -> Image:
    """Return the image of ``frame``, enlarged to the size of stride 1."""
    encoding = _context(frame).settings.encoding
    rgb = resample(frame.image.rgb8, frame.intrinsics, frame.update.camera.intrinsics)
    return _image(encode(rgb, encoding), encoding, header)


def compressed_image(frame: Frame, header: Header) -> CompressedImage:
    """
    Return the image of ``frame`` in the format of image_transport's compressed transport.

    Decompressing it gives the encoding of ``image``. Formats:
    https://github.com/ros-perception/image_transport_plugins, compressed_publisher.cpp
    """
    settings = _context(frame).settings
    file_format = settings.compressed_format
    stored = 'mono8' if settings.encoding == 'mono8' else 'bgr8'
    named = '' if (file_format, stored) == ('png', 'mono8') else stored
    message = CompressedImage(
        header=header, format=f'{settings.encoding}; {file_format} compressed {named}'
    )
    pixels = encode(frame.image.rgb8, stored)
    message.data.frombytes(compress(pixels, file_format, settings.jpeg_quality))
    return message


def depth_image(frame: Frame, header: Header) -> Image:
    """Return the distance along the optical axis (REP 118), in the unit of the poses."""
    context = _context(frame)
    settings = context.settings
    depth = optical_depth(frame, settings.depth_min_accumulation) / context.units_per_metre
    return _image(encode_depth(depth, settings.depth_encoding), settings.depth_encoding, header)


def camera_info(frame: Frame, header: Header) -> CameraInfo:
    """Return the calibration of the image of ``frame``."""
    return _context(frame).calibration.to_message(frame.intrinsics, header)


def frame_info(frame: Frame, header: Header) -> FrameInfo:
    """Return the sequence, level, size and timing of ``frame``."""
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


def camera_transform(frame: Frame, header: Header) -> TransformStamped:
    """Return the transform from the optical frame of the camera to world_frame."""
    context = _context(frame)
    x, y, z, w = quaternion_from_c2w(context.c2w, PoseConvention.OPTICAL)
    position = dict(zip('xyz', context.c2w[:, 3], strict=True))
    return TransformStamped(
        header=Header(stamp=header.stamp, frame_id=context.settings.world_frame),
        child_frame_id=header.frame_id,
        transform=Transform(
            translation=Vector3(**position), rotation=Quaternion(x=x, y=y, z=z, w=w)
        ),
    )


def duration(seconds: float) -> Duration:
    """Return a time span as a message."""
    whole, nanoseconds = divmod(round(seconds * _NS_PER_S), _NS_PER_S)
    return Duration(sec=whole, nanosec=nanoseconds)


def _context(frame: Frame) -> UpdateContext:
    return frame.update.context


def _image(pixels: np.ndarray, encoding: str, header: Header) -> Image:
    message = Image(
        header=header,
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        step=pixels.strides[0],
    )
    # Copies once. Assigning to message.data checks it byte by byte (rclpy issue 763).
    message.data.frombytes(memoryview(pixels).cast('B'))
    return message
