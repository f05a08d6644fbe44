# SPDX-License-Identifier: Apache-2.0
"""Frames with the real tf2: between processes, at the moment of each pose."""

from __future__ import annotations

from collections.abc import Iterator
import math
from pathlib import Path
import time

from geometry_msgs.msg import TransformStamped
import pytest
from rosgraph_msgs.msg import Clock
from support.client import Client, pose, stamp_of, stamped
from support.pattern_node import WORLD_SCALE
from support.processes import NodeProcess, own_domain, PATTERN_NODE

REASON = 'tf2_ros comes with ROS 2, PyPI does not have it'
tf2_ros = pytest.importorskip('tf2_ros', reason=REASON)
TFMessage = pytest.importorskip('tf2_msgs.msg', reason=REASON).TFMessage

DOMAIN = {'ROS_DOMAIN_ID': own_domain(2)}
SIZE = {'width': 32, 'height': 24, 'levels': '[1]', 'target_latency_ms': 0.0}
# Later than all that comes without a stamp.
T0 = int(time.time()) + 10_000


@pytest.fixture(autouse=True)
def domain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this module's nodes apart from the one that other modules share."""
    monkeypatch.setenv('ROS_DOMAIN_ID', DOMAIN['ROS_DOMAIN_ID'])


class Robot:
    """Broadcasts where a robot is, to a node that renders, and sees its pictures."""

    def __init__(self, node: NodeProcess, client: Client) -> None:
        self.node = node
        self.client = client
        self._broadcaster = tf2_ros.TransformBroadcaster(client.node)
        client.wait_for(lambda: True)

    def is_at(self, x: float, seconds: float, child: str = 'robot') -> None:
        """Broadcast a transform: the robot looks back, where it came from."""
        message = TransformStamped()
        message.header = stamped(pose(), seconds, 'map').header
        message.child_frame_id = child
        message.transform.translation.x = x
        message.transform.rotation.z = 1.0  # half a turn
        message.transform.rotation.w = 0.0
        self._broadcaster.sendTransform(message)

    def look(self, x: float, seconds: float, frame: str = 'robot') -> None:
        """Send a pose."""
        self.client.publish(stamped(pose(x), seconds, frame))

    def sees(self, x: float, seconds: float) -> bool:
        """Wait for the picture of a position in the world at a time; tell whether it came."""
        stamp = stamp_of(stamped(pose(), seconds))
        red = WORLD_SCALE * x % 1.0 * 255.0

        def is_there() -> bool:
            return any(
                stamp_of(image) == stamp and abs(image.data[0] - red) <= 1.0
                for image in self.client.images
            )

        return bool(self.client.wait_for(is_there))

    def wait_until_heard(self, seconds: float = T0) -> None:
        """Repeat a transform of a time until the node knows it."""
        deadline = time.monotonic() + 60.0
        while not self.client.images:
            assert time.monotonic() < deadline, self.node.output
            self.is_at(1.0, seconds)
            self.look(0.0, seconds)
            time.sleep(0.1)
        self.client.images.clear()


@pytest.fixture
def robot(tmp_path: Path) -> Iterator[Robot]:
    """Return a robot that the node has seen."""
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', SIZE, DOMAIN) as node, Client() as client:
        client.wait_for_node()
        robot = Robot(node, client)
        robot.wait_until_heard()
        yield robot


def test_a_pose_is_where_its_frame_was_at_its_time(robot):
    robot.is_at(0.2, T0 + 100.0)
    robot.is_at(0.6, T0 + 101.0)
    robot.look(0.1, T0 + 100.5)
    assert robot.sees(0.4 - 0.1, T0 + 100.5)


def test_a_pose_waits_for_the_transform_of_its_time(robot):
    robot.is_at(0.2, T0 + 100.0)
    robot.look(0.0, T0 + 100.5)
    time.sleep(0.3)
    assert not robot.client.images
    robot.is_at(0.6, T0 + 101.0)
    assert robot.sees(0.4, T0 + 100.5)


def test_a_pose_without_a_transform_is_dropped_with_the_reason_of_tf2(robot):
    robot.look(0.0, T0 + 100.0, 'nowhere')
    robot.node.wait_for_output(
        "dropped a pose: no transform from 'nowhere' to world_frame 'map' at its stamp within 1 s"
    )
    assert 'nowhere' in robot.node.output.split('within 1 s: ')[1]
    robot.is_at(0.2, T0 + 101.0)
    robot.look(0.0, T0 + 101.0)
    assert robot.sees(0.2, T0 + 101.0)


def test_a_pose_that_is_older_than_all_transforms_is_dropped_with_the_reason_of_tf2(robot):
    robot.is_at(0.2, T0 + 200.0, 'new')
    robot.is_at(0.2, T0 + 201.0, 'new')
    robot.look(0.0, T0 + 150.0, 'new')
    robot.node.wait_for_output('extrapolation into the past')


def test_poses_in_the_world_and_in_frames_may_be_mixed(robot):
    robot.is_at(0.2, T0 + 100.0)
    robot.look(0.0, T0 + 100.0)
    assert robot.sees(0.2, T0 + 100.0)
    robot.look(0.7, T0 + 101.0, 'map')
    assert robot.sees(0.7, T0 + 101.0)


def test_after_a_jump_of_the_clock_the_transforms_of_the_first_time_are_forgotten(tmp_path):
    parameters = {**SIZE, 'use_sim_time': 'true'}
    with (
        NodeProcess(PATTERN_NODE, tmp_path / 'log', parameters, DOMAIN) as node,
        Client() as client,
    ):
        client.wait_for_node()
        clock = client.publisher(Clock, '/clock')
        robot = Robot(node, client)

        def set_clock(seconds: int) -> None:
            message = Clock()
            message.clock.sec = seconds
            clock.publish(message)

        # Begins where the time without a clock is: a node of simulated time starts at 0.
        set_clock(100)
        robot.wait_until_heard(100)
        set_clock(10)
        node.wait_for_output('the clock has jumped')
        robot.is_at(0.4, 10.0)
        robot.look(0.0, 10.0)
        assert robot.sees(0.4, 10.0)


@pytest.mark.parametrize('convention', ['optical', 'body'])
def test_the_camera_s_frame_is_broadcast_at_the_pose_that_is_rendered(robot, convention):
    client = robot.client
    broadcast = client.listen(TFMessage, '/tf')
    assert client.set_parameter('pose_convention', convention).successful
    assert client.set_parameter('publish_tf', True).successful
    half = math.sqrt(0.5)
    client.publish(stamped(pose(0.3, (0.0, 0.0, half, half), 0.5, -0.2), T0 + 100.0, 'map'))

    def of_the_camera() -> list[TransformStamped]:
        return [
            each for message in broadcast for each in message.transforms
            if each.child_frame_id == 'nerfstudio_camera'
        ]

    client.wait_for(of_the_camera)
    transform, = of_the_camera()
    assert transform.header.frame_id == 'map'
    assert stamp_of(transform) == (T0 + 100) * 10**9
    where, turn = transform.transform.translation, transform.transform.rotation
    assert (where.x, where.y, where.z) == (0.3, 0.5, -0.2)
    # A body that was turned to the left looks along y; its optical frame has z there, and x to
    # its right, along the world's x.
    expected = {'optical': (0.0, 0.0, half, half), 'body': (-half, 0.0, 0.0, half)}[convention]
    cosine = sum(a * b for a, b in zip(expected, (turn.x, turn.y, turn.z, turn.w), strict=True))
    assert abs(cosine) == pytest.approx(1.0, abs=1e-9)
