# SPDX-License-Identifier: Apache-2.0
"""Poses in other frames, and the camera's own frame, where tf2_ros is installed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
import time

from geometry_msgs.msg import TransformStamped
from nerfstudio_renderer import PoseError, quoted, shortened, transform_pose
import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from rclpy.time import Time

try:
    import tf2_ros
except ImportError as error:
    tf2_ros = None
    _MISSING = f'{error}; install ros-$ROS_DISTRO-tf2-ros'

# How long a pose waits for the transform of its stamp, which usually comes a little later.
_PATIENCE_S = 1.0
# Most poses that wait at the same time; more than a camera sends within _PATIENCE_S.
_MOST_WAITING = 100

Accept = Callable[[np.ndarray, Time], None]
Reject = Callable[[str, str], None]


@dataclass(frozen=True, eq=False)
class FramedPose:
    """A camera's pose in any frame."""

    c2w: np.ndarray
    """Camera to frame, OpenGL axes, shape (3, 4)."""
    frame: str
    """Name of the frame."""
    world: str
    """Name of the target frame."""
    moment: Time
    """Stamp; zero: latest transform."""


class WithoutTf2:
    """Rejects every pose: each is in another frame than world_frame."""

    def __init__(self, reject: Reject) -> None:
        self._reject = reject

    def transform(self, pose: FramedPose) -> None:
        """Reject ``pose``."""
        self._reject(
            'no transform',
            f'it is in frame {quoted(pose.frame)}, and without tf2_ros only world_frame '
            f'{quoted(pose.world)} is understood ({_MISSING})',
        )

    def restart(self) -> None:
        """Do nothing: no transform is kept."""


class PoseTransformer:
    """
    Transforms poses at their stamps, waiting up to 1 s; may accept out of order.

    :param accept: called with the transformed matrix and its stamp, on the node's executor.
    :param reject: called with kind and reason.
    :param cleanup: destroys what is made here.
    """

    def __init__(self, node: Node, accept: Accept, reject: Reject, cleanup: ExitStack) -> None:
        self._accept = accept
        self._reject = reject
        self._buffer = tf2_ros.Buffer()
        cleanup.callback(tf2_ros.TransformListener(self._buffer, node).unregister)
        self._waiting: dict[FramedPose, tuple[float, Future]] = {}
        self._expiry = node.create_timer(
            _PATIENCE_S / 4, self._expire, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._expiry.cancel()
        cleanup.callback(node.destroy_timer, self._expiry)
        cleanup.callback(self._forget_all)

    def transform(self, pose: FramedPose) -> None:
        """Accept ``pose`` now, or when its transform has come, or reject it."""
        if self._buffer.can_transform(pose.world, pose.frame, pose.moment):
            self._accept_transformed(pose)
            return
        if len(self._waiting) == _MOST_WAITING:
            self._give_up(next(iter(self._waiting)), f'with {_MOST_WAITING} later ones waiting')
        future = self._buffer.wait_for_transform_async(pose.world, pose.frame, pose.moment)
        self._waiting[pose] = time.monotonic() + _PATIENCE_S, future
        if self._expiry.is_canceled():  # resetting it with every pose would put it off for ever
            self._expiry.reset()
        future.add_done_callback(lambda _: self._arrived(pose))

    def restart(self) -> None:
        """Forget all poses and transforms: the clock has jumped back."""
        self._forget_all()
        self._buffer.clear()

    def _arrived(self, pose: FramedPose) -> None:
        if self._waiting.pop(pose, None) is not None:
            self._accept_transformed(pose)

    def _accept_transformed(self, pose: FramedPose) -> None:
        try:
            found = self._buffer.lookup_transform(pose.world, pose.frame, pose.moment).transform
            offset, rotation = found.translation, found.rotation
            c2w = transform_pose(
                pose.c2w,
                (offset.x, offset.y, offset.z),
                (rotation.x, rotation.y, rotation.z, rotation.w),
            )
        except (tf2_ros.TransformException, PoseError) as error:
            self._reject('no transform', str(error))
            return
        self._accept(c2w, pose.moment)

    def _expire(self) -> None:
        now = time.monotonic()
        for pose in [each for each, (end, _) in self._waiting.items() if end < now]:
            self._give_up(pose, f'within {_PATIENCE_S:g} s')
        if not self._waiting:
            self._expiry.cancel()

    def _give_up(self, pose: FramedPose, limit: str) -> None:
        self._forget(pose)
        _, why = self._buffer.can_transform(
            pose.world, pose.frame, pose.moment, return_debug_tuple=True
        )
        self._reject(
            'no transform',
            f'no transform from {quoted(pose.frame)} to world_frame {quoted(pose.world)} at its '
            f'stamp {limit}: {shortened(why) or "it came too late"}',
        )

    def _forget_all(self) -> None:
        for pose in list(self._waiting):
            self._forget(pose)

    def _forget(self, pose: FramedPose) -> None:
        _, future = self._waiting.pop(pose)
        future.cancel()  # else the buffer would look for its transform for ever


def pose_transformer(
    node: Node, accept: Accept, reject: Reject, cleanup: ExitStack
) -> PoseTransformer | WithoutTf2:
    """Return a transformer of poses; one that rejects them where tf2_ros is not installed."""
    return PoseTransformer(node, accept, reject, cleanup) if tf2_ros else WithoutTf2(reject)


class CameraBroadcaster:
    """
    Broadcasts the camera's frame, or says once why it cannot.

    :param cleanup: destroys its publisher.
    """

    def __init__(self, node: Node, cleanup: ExitStack) -> None:
        self._node = node
        self._broadcaster = None
        if tf2_ros:
            self._broadcaster = tf2_ros.TransformBroadcaster(node)
            cleanup.callback(node.destroy_publisher, self._broadcaster.pub_tf)

    def send(self, transform: TransformStamped) -> None:
        """Broadcast ``transform``."""
        if self._broadcaster is None:
            self._node.get_logger().warning(f'publish_tf has no effect: {_MISSING}', once=True)
        else:
            self._broadcaster.sendTransform(transform)
