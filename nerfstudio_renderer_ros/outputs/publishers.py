# SPDX-License-Identifier: Apache-2.0
"""Publishes each frame as messages."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
import threading

from nerfstudio_renderer import Frame
from nerfstudio_renderer_msgs.msg import FrameInfo
from nerfstudio_renderer_ros.inputs.pose_transformer import CameraBroadcaster
from nerfstudio_renderer_ros.outputs import messages
from nerfstudio_renderer_ros.state.update_context import UpdateContext
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

# Small messages first: subscribers that pair them with an image by stamp then have them already.
_TOPICS = (
    (FrameInfo, '~/frame_info', messages.frame_info),
    (CameraInfo, '~/camera_info', messages.camera_info),
    (Image, '~/image', messages.image),
    (CompressedImage, '~/image/compressed', messages.compressed_image),
    (Image, '~/image_full', messages.full_image),
    (CameraInfo, '~/depth/camera_info', messages.camera_info),
    (Image, '~/depth/image', messages.depth_image),
)


def _output() -> QoSProfile:
    """Return a new profile: rclpy writes the user's overrides into it."""
    # Reliable, as rviz subscribes by default; depth 1, as only the newest image is of use.
    return QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class FramePublishers:
    """
    Publishes frames on all topics that have subscriptions; makes no message for the others.

    :param cleanup: destroys the publishers.
    """

    def __init__(self, node: LifecycleNode, cleanup: ExitStack) -> None:
        self._node = node
        self._broadcaster = CameraBroadcaster(node, cleanup)
        self._publishers: list[tuple[LifecyclePublisher, Callable]] = []
        self._lock = threading.Lock()
        self._served: tuple[int, ...] | None = None
        for kind, topic, make in _TOPICS:
            publisher = node.create_lifecycle_publisher(
                kind, topic, _output(),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
            cleanup.callback(node.destroy_lifecycle_publisher, publisher)
            self._publishers.append((publisher, make))

    def has_newcomers(self) -> bool:
        """Tell whether there is a subscription newer than the last complete series of images."""
        with self._lock:
            if self._served is None:
                return False
            counts = self._counts()
            newcomers = any(now > then for now, then in zip(counts, self._served, strict=True))
            self._served = tuple(map(min, counts, self._served))  # subscriptions may have ended
            return newcomers

    def publish(self, frame: Frame) -> None:
        """Publish ``frame``; on the render thread."""
        try:
            self._publish(frame)
        except Exception:
            if self._node.context.ok():
                raise  # else ROS was shut down meanwhile, and this thread is about to end

    def _publish(self, frame: Frame) -> None:
        context: UpdateContext = frame.update.context
        header = messages.header(frame)
        if context.settings.publish_tf and frame.level == 0:
            self._broadcaster.send(messages.camera_transform(frame, header))
        counts = self._counts()
        for (publisher, make), count in zip(self._publishers, counts, strict=True):
            if count:
                publisher.publish(make(frame, header))
        with self._lock:
            self._served = counts if frame.is_finest else None

    def _counts(self) -> tuple[int, ...]:
        return tuple(publisher.get_subscription_count() for publisher, _ in self._publishers)
