# SPDX-License-Identifier: Apache-2.0
"""Poses that wait for their transform, on a stand-in for tf2 whose transforms the test gives."""

from __future__ import annotations

from contextlib import ExitStack
from types import SimpleNamespace

from geometry_msgs.msg import TransformStamped
from nerfstudio_renderer_ros.inputs import pose_transformer
from nerfstudio_renderer_ros.inputs.pose_transformer import FramedPose, PoseTransformer
import numpy as np
import pytest
from rclpy.task import Future
from rclpy.time import Time


class TransformException(Exception):
    """What tf2 raises."""


class Buffer:
    """Knows the offset of a frame along x, at the moments that were given."""

    def __init__(self) -> None:
        self._offsets: dict[int, float] = {}
        self.waiting: list[tuple[int, Future]] = []

    def give(self, nanoseconds: int, offset: float) -> None:
        """Let a transform arrive."""
        self._offsets[nanoseconds] = offset
        arrived = [each for each in self.waiting if each[0] in self._offsets]
        for each in arrived:
            self.waiting.remove(each)
            each[1].set_result(True)

    def can_transform(self, target, source, time: Time, return_debug_tuple: bool = False):
        """Tell whether a moment is known."""
        known = time.nanoseconds in self._offsets
        return (known, '' if known else f'no {source}') if return_debug_tuple else known

    def lookup_transform(self, target, source, time: Time) -> TransformStamped:
        """Return the transform of a moment; one of offset NaN cannot be had after all."""
        offset = self._offsets[time.nanoseconds]
        if offset != offset:
            raise TransformException('it was lost')
        transform = TransformStamped()
        transform.transform.translation.x = offset
        return transform

    def wait_for_transform_async(self, target, source, time: Time) -> Future:
        """Return what will be done when a moment is known."""
        future = Future()
        self.waiting.append((time.nanoseconds, future))
        future.add_done_callback(lambda _: self._forget(future))
        return future

    def _forget(self, future: Future) -> None:
        self.waiting = [each for each in self.waiting if each[1] is not future]

    def clear(self) -> None:
        """Forget all transforms."""
        self._offsets.clear()


class Listener:
    """Listens to nothing."""

    def __init__(self, buffer: Buffer, node: Scene) -> None:
        self._node = node
        node.listeners = 1

    def unregister(self) -> None:
        """Listen no more."""
        self._node.listeners = 0


class Timer:
    """A timer that the test lets expire."""

    def __init__(self, callback) -> None:
        self.expire = callback
        self.is_running = True
        self.starts = 0

    def is_canceled(self) -> bool:
        """Tell whether it is stopped."""
        return not self.is_running

    def reset(self) -> None:
        """Start again."""
        self.is_running = True
        self.starts += 1

    def cancel(self) -> None:
        """Stop."""
        self.is_running = False


class Scene:
    """A PoseTransformer on stand-ins, and what came of the poses that were given to it."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self.accepted: list[tuple[float, int]] = []
        self.rejected: list[tuple[str, str]] = []
        self.cleanup = ExitStack()
        self.under_test = PoseTransformer(
            self,
            lambda c2w, stamp: self.accepted.append((float(c2w[0, 3]), stamp.nanoseconds)),
            lambda kind, reason: self.rejected.append((kind, reason)),
            self.cleanup,
        )
        self.buffer = self.under_test._buffer

    def create_timer(self, period, callback, clock) -> Timer:
        """Make a timer, as a node does."""
        self.timers.append(Timer(callback))
        return self.timers[-1]

    def destroy_timer(self, timer: Timer) -> None:
        """End a timer, as a node does."""
        self.timers.remove(timer)

    def transform(self, moment: int, x: float = 0.0) -> None:
        """Give a pose at x of the frame 'base'."""
        c2w = np.eye(3, 4)
        c2w[0, 3] = x
        time = Time(nanoseconds=moment)
        self.under_test.transform(FramedPose(c2w, 'base', 'map', time))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Return a fresh scene."""
    standin = SimpleNamespace(
        Buffer=Buffer, TransformListener=Listener, TransformException=TransformException,
    )
    monkeypatch.setattr(pose_transformer, 'tf2_ros', standin)
    return Scene()


def test_a_known_transform_is_applied_at_once(scene):
    scene.buffer.give(7, 100.0)
    scene.transform(7, 2.0)
    assert scene.accepted == [(102.0, 7)]
    assert not scene.timers[0].is_running


def test_a_pose_waits_for_its_transform_without_holding_up_the_next(scene):
    scene.transform(1)
    scene.transform(2)
    assert scene.accepted == []
    assert scene.timers[0].is_running
    scene.buffer.give(2, 20.0)
    scene.buffer.give(1, 10.0)
    assert scene.accepted == [(20.0, 2), (10.0, 1)]
    scene.timers[0].expire()
    assert not scene.timers[0].is_running
    assert scene.rejected == []


def test_a_pose_whose_transform_does_not_come_is_given_up_with_tf2_s_reason(scene, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(pose_transformer.time, 'monotonic', lambda: now)
    scene.transform(1)
    now = 1000.9
    scene.timers[0].expire()
    assert scene.rejected == []
    now = 1001.1
    scene.timers[0].expire()
    (kind, reason), = scene.rejected
    assert kind == 'no transform'
    assert reason == (
        "no transform from 'base' to world_frame 'map' at its stamp within 1 s: no base"
    )
    assert scene.buffer.waiting == []  # nobody asks for it any more
    scene.buffer.give(1, 10.0)
    assert scene.accepted == []


def test_a_stream_of_poses_does_not_put_off_the_report(scene):
    for moment in range(1, 20):
        scene.transform(moment)
    assert scene.timers[0].starts == 1


def test_poses_that_never_find_a_transform_do_not_pile_up(scene):
    for moment in range(1, 151):
        scene.transform(moment)
    assert len(scene.buffer.waiting) == 100
    assert scene.rejected == [(
        'no transform',
        "no transform from 'base' to world_frame 'map' at its stamp with 100 later ones waiting: "
        'no base',
    )] * 50
    scene.buffer.give(150, 1.0)
    assert scene.accepted == [(1.0, 150)]


def test_a_transform_that_is_lost_on_the_way_is_reported(scene):
    scene.buffer.give(3, float('nan'))
    scene.transform(3)
    assert scene.rejected == [('no transform', 'it was lost')]


def test_after_a_jump_of_the_clock_nothing_from_before_is_used(scene):
    scene.buffer.give(1, 10.0)
    scene.transform(2)
    scene.under_test.restart()
    scene.transform(1)
    scene.buffer.give(2, 20.0)
    assert scene.accepted == []
    scene.buffer.give(1, 11.0)
    assert scene.accepted == [(11.0, 1)]


def test_it_leaves_nothing_behind(scene):
    scene.transform(1)
    assert scene.listeners == 1
    scene.cleanup.close()
    assert scene.listeners == 0
    assert scene.timers == []
    assert scene.buffer.waiting == []
