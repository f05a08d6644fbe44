# SPDX-License-Identifier: Apache-2.0
"""The executable ``orbit``: moves a camera around a point, to try a scene without a robot."""

from __future__ import annotations

from dataclasses import dataclass
import math
import signal
import sys

from geometry_msgs.msg import Point, Pose, Quaternion
from nerfstudio_renderer import PoseConvention, quaternion_from_c2w
import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node


@dataclass(frozen=True)
class Orbit:
    """A level circle on which a camera looks at its target; the defaults fit the bundled scene."""

    target: tuple[float, float, float] = (4.2, -1.5, 0.9)
    """Point that the camera looks at, metres, world frame."""
    radius: float = 1.9
    """Distance from the vertical axis through the target, metres."""
    height: float = 1.6
    """Height of the camera above the world's x-y plane, metres."""

    def pose(self, angle: float) -> Pose:
        """Return the pose of the camera's optical frame at ``angle`` (radians, from x to y)."""
        target = np.array(self.target)
        position = np.array([
            target[0] + self.radius * math.cos(angle),
            target[1] + self.radius * math.sin(angle),
            self.height,
        ])
        c2w = _looking_at(position, target)
        x, y, z, w = quaternion_from_c2w(c2w, PoseConvention.OPTICAL)
        return Pose(
            position=Point(x=position[0], y=position[1], z=position[2]),
            orientation=Quaternion(x=x, y=y, z=z, w=w),
        )


def _looking_at(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return an upright camera-to-world matrix, OpenGL axes, shape (3, 4)."""
    back = (position - target) / np.linalg.norm(position - target)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    return np.column_stack([right, np.cross(back, right), back, position])


class OrbitNode(Node):
    """Publishes the poses of an orbit on ``~/pose``, with pauses."""

    def __init__(self) -> None:
        super().__init__('orbit')
        default = Orbit()
        self._orbit = Orbit(
            tuple(self.declare_parameter('target', list(default.target)).value),
            self.declare_parameter('radius', default.radius).value,
            self.declare_parameter('height', default.height).value,
        )
        self._period_s = self.declare_parameter('period_s', 30.0).value
        self._fly_s = self.declare_parameter('fly_s', 4.0).value
        self._rest_s = self.declare_parameter('rest_s', 2.0).value
        rate_hz = self.declare_parameter('rate_hz', 30.0).value
        self._publisher = self.create_publisher(Pose, '~/pose', 1)
        self._start = self.get_clock().now()
        self.create_timer(1.0 / rate_hz, self._publish)

    def _publish(self) -> None:
        elapsed_s = (self.get_clock().now() - self._start).nanoseconds * 1e-9
        flown_s = flown(elapsed_s, self._fly_s, self._rest_s)
        self._publisher.publish(self._orbit.pose(math.tau * flown_s / self._period_s))


def flown(elapsed_s: float, fly_s: float, rest_s: float) -> float:
    """Return the part of a time without the pauses, in which the finest levels are rendered."""
    rounds, since = divmod(elapsed_s, fly_s + rest_s)
    return rounds * fly_s + min(since, fly_s)


def main(args: list[str] | None = None) -> int:
    """Publish until Ctrl-C or SIGTERM; return the exit status of the process."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        rclpy.init(args=args)
        rclpy.spin(OrbitNode())
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):  # sent again, while it ends
            signal.signal(number, signal.SIG_IGN)
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
