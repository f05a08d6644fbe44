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
"""Camera poses from topics: read, checked, and turned into the frame that is rendered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from builtin_interfaces.msg import Time as Stamp
from geometry_msgs.msg import Pose, PoseStamped
from nerfstudio_renderer import c2w_from_quaternion, PoseError, RendererError
from nerfstudio_renderer_ros.calibration import Calibration
from nerfstudio_renderer_ros.rejections import Rejections
from nerfstudio_renderer_ros.settings import Settings
from nerfstudio_renderer_ros.stage import Shot, Stage
from nerfstudio_renderer_ros.statistics import Statistics
from nerfstudio_renderer_ros.transforms import FramedPose, transforms
import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import ClockType, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.time import Time

# Only the newest pose counts. Best effort matches publishers of either reliability.
_INPUT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
# As tf2 has it: a pose without a stamp, which is of the moment of its arrival.
_WHENEVER = Time(clock_type=ClockType.ROS_TIME)
_JUMP_BACK = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1))


class PoseInput:
    """
    Listens for poses and has those shown that can be.

    :param settings: tells what the parameters say now.
    :param calibration: tells whose picture it is to be, given the settings.
    :param leave: ends what is made here.
    """

    def __init__(
        self,
        node: Node,
        stage: Stage,
        settings: Callable[[], Settings],
        calibration: Callable[[Settings], Calibration],
        rejections: Rejections,
        statistics: Statistics,
        leave: ExitStack,
    ) -> None:
        self._clock = node.get_clock()
        self._logger = node.get_logger()
        self._stage = stage
        self._settings = settings
        self._calibration = calibration
        self._rejections = rejections
        self._statistics = statistics
        self._transforms = transforms(node, self._show_turned, rejections.reject_pose, leave)
        jumps = self._clock.create_jump_callback(_JUMP_BACK, post_callback=self._on_jump)
        leave.callback(jumps.unregister)
        group = MutuallyExclusiveCallbackGroup()
        for kind, topic, callback in (
            (Pose, '~/pose', self._on_pose),
            (PoseStamped, '~/pose_stamped', self._on_pose_stamped),
        ):
            leave.callback(node.destroy_subscription, node.create_subscription(
                kind, topic, callback, _INPUT, callback_group=group,
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            ))

    def _on_pose(self, message: Pose) -> None:
        settings = self._settings()
        if (c2w := self._read(message, settings)) is not None:
            self._show(c2w, _WHENEVER, settings)

    def _on_pose_stamped(self, message: PoseStamped) -> None:
        settings = self._settings()
        c2w = self._read(message.pose, settings)
        if c2w is None or (moment := self._moment(message.header.stamp)) is None:
            return
        frame, world = message.header.frame_id.lstrip('/'), settings.world_frame
        if frame in ('', world):
            self._show_turned(c2w, moment)
        elif not self._reject_stale(moment):
            self._transforms.turn(FramedPose(c2w, frame, world, moment))

    def _read(self, message: Pose, settings: Settings) -> np.ndarray | None:
        self._statistics.received()
        if not self._stage.is_on:
            self._statistics.rejected('not active')
            return None
        position, orientation = message.position, message.orientation
        try:
            return c2w_from_quaternion(
                (position.x, position.y, position.z),
                (orientation.x, orientation.y, orientation.z, orientation.w),
                settings.convention,
            )
        except PoseError as error:
            self._rejections.reject_pose('not a pose', str(error))
            return None

    def _moment(self, stamp: Stamp) -> Time | None:
        try:
            return Time.from_msg(stamp)
        except ValueError as error:
            self._rejections.reject_pose(
                'not a time', f'its stamp {stamp.sec} s {stamp.nanosec} ns is no time: {error}'
            )
            return None

    def _show_turned(self, c2w: np.ndarray, moment: Time) -> None:
        if not self._reject_stale(moment):
            self._show(c2w, moment, self._settings())

    def _show(self, c2w: np.ndarray, moment: Time, settings: Settings) -> None:
        is_of_sender = moment != _WHENEVER
        stamp = moment if is_of_sender else self._now()
        shot = Shot(c2w, stamp, is_of_sender, settings, self._calibration(settings))
        try:
            update = self._stage.show(shot)
        except RendererError as error:
            self._rejections.reject_pose('not a camera', str(error))
            return
        if update is not None:
            self._statistics.accepted(update)

    def _reject_stale(self, moment: Time) -> bool:
        if moment == _WHENEVER:
            return False
        reason = self._stage.why_stale(moment, self._clock.now())
        if reason is None:
            return False
        self._rejections.reject_pose('stale', reason)
        return True

    def _now(self) -> Time:
        now = self._clock.now()
        if not now.nanoseconds:
            self._logger.warning(
                'there is no time on /clock yet (use_sim_time): pictures are stamped 0', once=True
            )
        return now

    def _on_jump(self, jump: TimeJump) -> None:
        self._logger.info('the clock has jumped: earlier stamps are accepted again')
        now = self._clock.now()
        self._stage.restart_stamps(now.nanoseconds - jump.delta.nanoseconds, now)
        self._transforms.restart()
