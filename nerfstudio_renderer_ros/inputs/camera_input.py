# SPDX-License-Identifier: Apache-2.0
"""The calibration of a real camera, from the topic on which its driver publishes it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from nerfstudio_renderer import ConfigurationError
from nerfstudio_renderer_ros.inputs.calibration import Calibration
from nerfstudio_renderer_ros.monitoring.event_log import EventLog
from nerfstudio_renderer_ros.state.settings import Settings
from rclpy.node import Node, SubscriptionEventCallbacks  # whose module Humble calls otherwise
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

if TYPE_CHECKING:  # Humble has none
    from rclpy.event_handler import QoSSubscriptionMatchedInfo

_TOPIC = '~/camera_info_in'
# No single QoS matches volatile drivers and latched publishers, so subscribe twice; duplicates are
# harmless.
_PUBLISHED_NOW = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
_PUBLISHED_BEFORE = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


class CameraInput:
    """
    Holds the last usable calibration.

    :param cleanup: destroys the subscriptions.
    """

    def __init__(self, node: Node, event_log: EventLog, cleanup: ExitStack) -> None:
        self._node = node
        self._event_log = event_log
        self._message: CameraInfo | None = None
        self._read: tuple[CameraInfo, float, Calibration] | None = None
        self._logged = ''
        self._subscriptions: list[Subscription] = []
        event_log.judge_camera('')
        cleanup.callback(self._unsubscribe)
        try:
            events = SubscriptionEventCallbacks(matched=self._on_drivers)
        except TypeError:  # Humble has no such event
            self._subscribe(_PUBLISHED_NOW)
            self._subscribe(_PUBLISHED_BEFORE)
        else:
            self._subscribe(_PUBLISHED_NOW, events)

    def _on_drivers(self, event: QoSSubscriptionMatchedInfo) -> None:
        """Keep the transient-local subscription only while a publisher offers it."""
        first, *second = self._subscriptions
        drivers = self._node.get_publishers_info_by_topic(first.topic_name)
        some_unknown = len(drivers) < event.current_count  # the graph may be behind the event
        wanted = some_unknown or any(_keeps_messages(each.qos_profile) for each in drivers)
        if wanted and not second:
            self._subscribe(_PUBLISHED_BEFORE)
        elif second and not wanted:
            self._node.destroy_subscription(self._subscriptions.pop())

    def _subscribe(
        self, profile: QoSProfile, events: SubscriptionEventCallbacks | None = None
    ) -> None:
        # A publisher that does not match this subscription matches the other one: no warning.
        events = events or SubscriptionEventCallbacks()
        events.incompatible_qos = lambda _: None
        self._subscriptions.append(self._node.create_subscription(
            CameraInfo, _TOPIC, self._on_camera_info, profile, event_callbacks=events
        ))

    def _unsubscribe(self) -> None:
        while self._subscriptions:
            self._node.destroy_subscription(self._subscriptions.pop())

    def calibration(self, settings: Settings) -> Calibration:
        """Return the real camera's calibration, else that of the camera of the parameters."""
        message, centre = self._message, settings.pixel_centre
        if message is None:
            return Calibration.ideal(settings.intrinsics, centre)
        read = self._read  # read once: any thread may call this
        if read is None or read[0] is not message or read[1] != centre:
            self._read = read = message, centre, Calibration.from_message(message, centre)
        return read[2]

    def _on_camera_info(self, message: CameraInfo) -> None:
        if self._message is None or _content(message) != _content(self._message):
            try:
                intrinsics = Calibration.from_message(message, pixel_centre=0.5).intrinsics
            except ConfigurationError as error:
                self._event_log.judge_camera(str(error))
                return
            self._message = message
            self._log(
                f'the camera is that of {_TOPIC} from the next pose on: {intrinsics.width} x '
                f'{intrinsics.height}, {message.distortion_model or "no distortion_model"}'
            )
        self._event_log.judge_camera('')

    def _log(self, line: str) -> None:
        if line != self._logged:  # a zooming camera changes with every image
            self._logged = line
            self._node.get_logger().info(line)


def _keeps_messages(profile: QoSProfile) -> bool:
    """Tell whether a publisher sends its last messages to later subscriptions."""
    return (
        profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
        and profile.reliability == ReliabilityPolicy.RELIABLE
    )


def _content(message: CameraInfo) -> tuple[object, ...]:
    """
    Return all that describes the camera: everything but the header.

    Messages themselves do not compare: until 2025, two of them were equal unless all numbers of an
    array differed (https://github.com/ros2/rosidl_python/issues/223).
    """
    return (
        message.width, message.height, message.binning_x, message.binning_y, message.roi,
        message.distortion_model,
        *(numbers.tobytes() for numbers in (message.d, message.k, message.r, message.p)),
    )
