# SPDX-License-Identifier: Apache-2.0
"""Camera poses from topics: read, checked, and transformed into world_frame."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from builtin_interfaces.msg import Time as Stamp
from geometry_msgs.msg import Pose, PoseStamped
from nerfstudio_renderer import c2w_from_quaternion, PoseError, RendererError
from nerfstudio_renderer_ros.inputs.calibration import Calibration
from nerfstudio_renderer_ros.inputs.pose_transformer import FramedPose, pose_transformer
from nerfstudio_renderer_ros.monitoring.event_log import EventLog
from nerfstudio_renderer_ros.monitoring.logs import log_traceback
from nerfstudio_renderer_ros.monitoring.statistics import Statistics
from nerfstudio_renderer_ros.state.render_session import PoseRequest, RenderSession
from nerfstudio_renderer_ros.state.settings import Settings
from nerfstudio_renderer_ros.state.stamps import in_seconds, is_ahead
import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import ClockType, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.time import Time

# A pose without a stamp, as in tf2: it gets the time of its arrival.
_NO_STAMP = Time(clock_type=ClockType.ROS_TIME)
_JUMP_BACK = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1))


class PoseInput:
    """
    Subscribes to poses and passes valid ones to the session.

    :param settings: returns the current settings.
    :param calibration: returns the calibration of the camera, given the settings.
    :param has_newcomers: tells whether a new subscriber needs images, even of a repeated pose.
    :param cleanup: destroys what is made here.
    """

    def __init__(
        self,
        node: Node,
        session: RenderSession,
        settings: Callable[[], Settings],
        calibration: Callable[[Settings], Calibration],
        has_newcomers: Callable[[], bool],
        event_log: EventLog,
        statistics: Statistics,
        cleanup: ExitStack,
    ) -> None:
        self._clock = node.get_clock()
        self._logger = node.get_logger()
        self._session = session
        self._settings = settings
        self._calibration = calibration
        self._has_newcomers = has_newcomers
        self._event_log = event_log
        self._statistics = statistics
        self._transformer = pose_transformer(
            node, self._guarded(self._show_transformed), event_log.reject_pose, cleanup
        )
        jumps = self._clock.create_jump_callback(_JUMP_BACK, post_callback=self._on_jump)
        cleanup.callback(jumps.unregister)
        group = MutuallyExclusiveCallbackGroup()
        for kind, topic, callback in (
            (Pose, '~/pose', self._on_pose),
            (PoseStamped, '~/pose_stamped', self._on_pose_stamped),
        ):
            cleanup.callback(node.destroy_subscription, node.create_subscription(
                kind, topic, self._guarded(callback), _input(), callback_group=group,
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            ))

    def _guarded(self, take: Callable[..., None]) -> Callable[..., None]:
        """Return ``take``, with its errors reported: each costs the pose in question alone."""

        def guarded(*args: object) -> None:
            try:
                take(*args)
            except _StaleError as error:
                self._event_log.reject_pose('stale', str(error))
            except PoseError as error:
                self._event_log.reject_pose('not a pose', str(error))
            except RendererError as error:
                self._event_log.reject_pose('not a camera', str(error))
            except Exception as error:
                self._event_log.reject_pose('error', repr(error))
                log_traceback(self._logger, error)

        return guarded

    def _on_pose(self, message: Pose) -> None:
        if self._is_expected():
            settings = self._settings()
            self._show(_c2w(message, settings), _NO_STAMP, settings)

    def _on_pose_stamped(self, message: PoseStamped) -> None:
        if not self._is_expected():
            return
        settings = self._settings()
        c2w, moment = _c2w(message.pose, settings), _moment(message.header.stamp)
        self._refuse_stale(moment)
        frame, world = message.header.frame_id.lstrip('/'), settings.world_frame
        if frame in ('', world):
            self._show(c2w, moment, settings)
        else:
            self._transformer.transform(FramedPose(c2w, frame, world, moment))

    def _is_expected(self) -> bool:
        self._statistics.received()
        is_on = self._session.is_on
        if not is_on:
            self._statistics.rejected('not active')
        return is_on

    def _show_transformed(self, c2w: np.ndarray, moment: Time) -> None:
        self._refuse_stale(moment)
        self._show(c2w, moment, self._settings())

    def _refuse_stale(self, moment: Time) -> None:
        if moment == _NO_STAMP:
            return
        now = self._clock.now()
        if (reason := self._session.why_stale(moment, now)) is not None:
            raise _StaleError(reason)
        if now.nanoseconds and is_ahead(moment, now):
            self._event_log.doubt_pose(
                'future',
                f'the stamp of a pose, {in_seconds(moment)}, is ahead of the clock, '
                f'{in_seconds(now)}: earlier stamps will be stale',
            )

    def _show(self, c2w: np.ndarray, moment: Time, settings: Settings) -> None:
        is_of_sender = moment != _NO_STAMP
        update = self._session.show(PoseRequest(
            c2w, moment if is_of_sender else self._now(), is_of_sender,
            settings, self._calibration(settings),
            force=settings.renders_repeated or self._has_newcomers(),
        ))
        if update is not None:
            self._statistics.accepted(update)

    def _now(self) -> Time:
        now = self._clock.now()
        if not now.nanoseconds:
            self._logger.warning(
                'there is no time on /clock yet (use_sim_time): images are stamped 0', once=True
            )
        return now

    def _on_jump(self, jump: TimeJump) -> None:
        self._logger.info('the clock has jumped: earlier stamps are accepted again')
        now = self._clock.now()
        self._session.restart_stamps(now.nanoseconds - jump.delta.nanoseconds, now)
        self._transformer.restart()


class _StaleError(Exception):
    """A pose is older than an earlier one."""


def _input() -> QoSProfile:
    """Return a new profile: rclpy writes the user's overrides into it."""
    # Only the newest pose is rendered. Best effort matches publishers of either reliability.
    return QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


def _c2w(message: Pose, settings: Settings) -> np.ndarray:
    position, orientation = message.position, message.orientation
    return c2w_from_quaternion(
        (position.x, position.y, position.z),
        (orientation.x, orientation.y, orientation.z, orientation.w),
        settings.convention,
    )


def _moment(stamp: Stamp) -> Time:
    try:
        return Time.from_msg(stamp)
    except ValueError as error:
        raise PoseError(
            f'its stamp {stamp.sec} s {stamp.nanosec} ns is no time: {error}'
        ) from None
