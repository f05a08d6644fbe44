# SPDX-License-Identifier: Apache-2.0
"""A ROS client of the renderer that sends stamped poses and notes when what came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import itertools
import math
import threading
import time

from builtin_interfaces.msg import Duration, Time
from examples.demo.process import RENDERER
from examples.demo.spinning import SpinningNode
from geometry_msgs.msg import PoseStamped
from nerfstudio_renderer_msgs.msg import FrameInfo
from nerfstudio_renderer_ros.orbit import Orbit
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

# Importing PyTorch and nerfstudio from a cold, slow disk takes minutes.
_START_LIMIT_S = 300.0
_PATIENCE_S = 120.0
_GREET_EVERY_S = 0.5
_STEP = math.radians(1.0)
_NS_PER_S = 10**9
# Deep: it is latencies that are measured here, not losses.
_ARRIVALS = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
_POSES = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


@dataclass(frozen=True)
class Level:
    """What frame_info says of a picture."""

    level: int
    """0 is the coarsest."""
    level_count: int
    """Levels of the series."""
    width: int
    """Columns, pixels."""
    height: int
    """Rows, pixels."""
    render_time_s: float
    """Seconds that the renderer spent on this level."""
    latency_s: float
    """Seconds in the renderer, from the pose's receipt to this frame."""


@dataclass(frozen=True)
class Arrival:
    """A picture that came, and the way to it."""

    sent_s: float
    """When its pose was published, seconds of the monotonic clock."""
    arrived_s: float
    """When the image was in the callback, seconds of the monotonic clock."""
    levels: tuple[Level, ...]
    """What is known of the pose's levels up to this picture, coarse to fine."""

    @property
    def is_complete(self) -> bool:
        """Whether all those levels are known: frame_info may lose one in quick succession."""
        return len(self.levels) == self.levels[-1].level + 1


class PoseClient:
    """Sends poses of an orbit, one degree apart, while the context lasts."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._steps = itertools.count()
        self._orbit = Orbit()
        self._sent: dict[int, float] = {}
        self._images: dict[tuple[int, int], float] = {}
        self._levels: dict[int, dict[int, Level]] = {}
        self._newest: Image | None = None

    def __enter__(self) -> PoseClient:
        self._spinning = SpinningNode('benchmark')
        node = self._spinning.node
        self._poses = node.create_publisher(PoseStamped, f'{RENDERER}/pose_stamped', _POSES)
        for kind, topic, callback in (
            (Image, 'image', self._on_image), (FrameInfo, 'frame_info', self._on_info),
        ):
            node.create_subscription(kind, f'{RENDERER}/{topic}', callback, _ARRIVALS)
        self._spinning.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._spinning.close()

    def _on_image(self, message: Image) -> None:
        arrived_s = time.monotonic()
        # Kept, as a viewer does: one that drops its images gets them later (docs/performance.md).
        self._newest = message
        with self._changed:
            self._images[_nanoseconds(message.header.stamp), message.width] = arrived_s
            self._changed.notify_all()

    def _on_info(self, message: FrameInfo) -> None:
        level = Level(
            message.level, message.level_count, message.width, message.height,
            _seconds(message.render_time), _seconds(message.latency),
        )
        with self._changed:
            levels = self._levels.setdefault(_nanoseconds(message.header.stamp), {})
            levels[level.level] = level
            self._changed.notify_all()

    def greet(self, check: Callable[[], None]) -> None:
        """
        Wait until the renderer answers, and has finished its finest picture.

        :param check: called now and then; may raise.
        :raises RuntimeError: if it does not answer.
        """
        deadline_s = time.monotonic() + _START_LIMIT_S
        answered = False
        while not answered:
            check()
            if time.monotonic() > deadline_s:
                raise RuntimeError(f'the renderer did not answer within {_START_LIMIT_S:g} s')
            stamp_ns = self.send()  # best effort: lost until both sides know each other
            with self._changed:
                answered = self._changed.wait_for(lambda: self._images, _GREET_EVERY_S)
        self.wait_for_finest(stamp_ns)

    def send(self) -> int:
        """Publish the next pose; return its stamp, nanoseconds."""
        message = PoseStamped(pose=self._orbit.pose(next(self._steps) * _STEP))
        stamp_ns = time.time_ns()
        message.header.stamp = Time(sec=stamp_ns // _NS_PER_S, nanosec=stamp_ns % _NS_PER_S)
        with self._changed:
            self._sent[stamp_ns] = time.monotonic()
        self._poses.publish(message)
        return stamp_ns

    def stream(self, count: int, rate_hz: float) -> list[int]:
        """Send poses at a steady rate; return their stamps."""
        began_s = time.monotonic()
        stamps = []
        for index in range(count):
            time.sleep(max(0.0, began_s + index / rate_hz - time.monotonic()))
            stamps.append(self.send())
        return stamps

    def wait_for_finest(self, stamp_ns: int) -> Arrival:
        """
        Return the finest picture of the last pose sent, once it is there.

        :raises RuntimeError: if it does not come.
        """
        with self._changed:
            arrival = self._changed.wait_for(lambda: self._finest(stamp_ns), _PATIENCE_S)
        if not arrival:
            raise RuntimeError(f'no finest picture came within {_PATIENCE_S:g} s')
        return arrival

    def _finest(self, stamp_ns: int) -> Arrival | None:
        levels = self._levels.get(stamp_ns)
        return self._arrival(stamp_ns, next(iter(levels.values())).level_count - 1) \
            if levels else None

    def first(self, stamp_ns: int) -> Arrival | None:
        """Return the first picture of a pose, if it came."""
        with self._changed:
            return self._arrival(stamp_ns, 0)

    def _arrival(self, stamp_ns: int, level: int) -> Arrival | None:
        """Return how a picture came, if all that tells of it has arrived."""
        known = self._levels.get(stamp_ns, {})
        if level not in known:
            return None
        arrived_s = self._images.get((stamp_ns, known[level].width))
        if arrived_s is None:
            return None
        levels = (known[each] for each in sorted(known) if each <= level)
        return Arrival(self._sent[stamp_ns], arrived_s, tuple(levels))


def _nanoseconds(stamp: Time) -> int:
    return stamp.sec * _NS_PER_S + stamp.nanosec


def _seconds(duration: Duration) -> float:
    return duration.sec + duration.nanosec / _NS_PER_S
