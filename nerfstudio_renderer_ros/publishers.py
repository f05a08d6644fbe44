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
"""What the node publishes about each frame."""

from __future__ import annotations

from nerfstudio_renderer import Frame
from nerfstudio_renderer_msgs.msg import FrameInfo
from nerfstudio_renderer_ros import messages
from nerfstudio_renderer_ros.tag import Tag
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, Image

# Reliable, because rviz subscribes so by default; one deep, because only the newest is of use.
_OUTPUT = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class FramePublishers:
    """Publishes frames as image, camera_info and frame_info."""

    def __init__(self, node: Node, frame_id: str) -> None:
        self._context = node.context
        self._frame_id = frame_id
        self._image = _publisher(node, Image, '~/image')
        self._camera_info = _publisher(node, CameraInfo, '~/camera_info')
        self._frame_info = _publisher(node, FrameInfo, '~/frame_info')

    def publish(self, frame: Frame) -> None:
        """Publish what somebody has subscribed to; on the render thread."""
        try:
            self._publish(frame)
        except Exception:
            if self._context.ok():
                raise  # else ROS has been shut down under it, and the thread is about to end

    def _publish(self, frame: Frame) -> None:
        tag: Tag = frame.update.tag
        header = messages.header(tag.stamp, self._frame_id)
        # The image last: whoever pairs them by stamp then has the small ones already.
        if self._frame_info.get_subscription_count():
            self._frame_info.publish(messages.frame_info(frame, header))
        if self._camera_info.get_subscription_count():
            self._camera_info.publish(messages.camera_info(frame.intrinsics, header))
        if self._image.get_subscription_count():
            self._image.publish(messages.image(frame, tag.encoding, header))


def _publisher(node: Node, message_type: type, topic: str) -> Publisher:
    overriding = QoSOverridingOptions.with_default_policies()
    return node.create_publisher(
        message_type, topic, _OUTPUT, qos_overriding_options=overriding
    )
