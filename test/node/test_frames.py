# SPDX-License-Identifier: Apache-2.0
"""Stamped poses: their frame, their time, and the clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import time

from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.msg import Transition
import pytest
from rosgraph_msgs.msg import Clock
from support import tested_copy
from support.client import Client, pose, stamp_of, stamped
from support.processes import NodeProcess, own_domain, PATTERN_NODE

DOMAIN = {'ROS_DOMAIN_ID': own_domain(3)}
SIZE = {'width': 32, 'height': 24, 'levels': '[1]', 'target_latency_ms': 0.0}


@pytest.fixture(autouse=True)
def domain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this module's nodes apart from the one that other modules share."""
    monkeypatch.setenv('ROS_DOMAIN_ID', DOMAIN['ROS_DOMAIN_ID'])


@pytest.fixture
def without_tf2(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which tf2_ros cannot be imported."""
    hidden = tmp_path / 'tf2_ros'
    hidden.mkdir()
    (hidden / '__init__.py').write_text("raise ImportError('No module named tf2_ros')\n")
    return {**DOMAIN, 'PYTHONPATH': f'{tmp_path}:{tested_copy.python_path()}'}


@pytest.fixture
def node(tmp_path: Path, without_tf2: dict[str, str]) -> Iterator[NodeProcess]:
    """Return a node without tf2_ros."""
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', SIZE, without_tf2) as node:
        yield node


@pytest.fixture
def client(node: NodeProcess) -> Iterator[Client]:
    """Return a client of the node."""
    with Client() as client:
        client.wait_for_node()
        yield client


def _show(client: Client, message: PoseStamped) -> None:
    """Send a pose and wait for a picture of its time."""
    client.publish_until(
        message, lambda: any(stamp_of(info) == stamp_of(message) for info in client.images)
    )


def test_a_pose_in_the_world_frame_or_in_none_is_rendered(client):
    now = time.time()
    for step, frame in enumerate(('', 'map', '/map')):
        _show(client, stamped(pose(1.0 + step), now + 1.0 + step, frame))


@pytest.mark.parametrize('name', ['earth', '/earth'])
def test_the_world_frame_can_have_another_name(client, name):
    assert client.set_parameter('world_frame', name).successful
    _show(client, stamped(pose(1.0), time.time() + 1.0, 'earth'))


def test_without_tf2_another_frame_is_refused_with_the_reason(client, node):
    reason = (
        "dropped a pose: it is in frame 'base_link', and without tf2_ros only world_frame 'map' "
        'is understood'
    )
    client.publish_until(
        stamped(pose(1.0), time.time(), 'base_link'), lambda: reason in node.output
    )
    _show(client, stamped(pose(0.5), time.time() + 1.0, 'map'))
    assert {image.data[0] for image in client.images} == {64}  # of 0.5, and not of 1.0


def test_without_tf2_the_camera_is_not_broadcast_and_the_log_says_why(client, node):
    assert client.set_parameter('publish_tf', True).successful
    _show(client, stamped(pose(1.0), time.time() + 1.0))
    _show(client, stamped(pose(2.0), time.time() + 2.0))
    assert node.output.count('publish_tf has no effect: No module named tf2_ros') == 1


def test_a_stale_pose_is_dropped_and_the_next_one_is_not(client, node):
    now = int(time.time()) + 10
    _show(client, stamped(pose(1.0), now))
    reason = f'dropped a pose: its stamp {now - 5}.000 s is older than the last one'
    client.publish_until(stamped(pose(1.5), now - 5), lambda: reason in node.output)
    _show(client, stamped(pose(2.0), now + 1))
    assert 191 not in {image.data[0] for image in client.images}  # of 1.5


def test_a_stamp_that_is_no_time_costs_its_pose_alone(client, node):
    message = stamped(pose(1.0), 0)
    message.header.stamp.sec = -1
    reason = 'dropped a pose: its stamp -1 s 0 ns is no time'
    client.publish_until(message, lambda: reason in node.output)
    _show(client, stamped(pose(2.0), time.time() + 1.0))


def test_cleaning_up_forgets_a_stamp_from_another_clock(client):
    now = int(time.time())
    _show(client, stamped(pose(1.0), now + 10_000))
    for transition in (
        Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP,
        Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE,
    ):
        assert client.change_state(transition)
    client.wait_for_node()
    _show(client, stamped(pose(2.0), now + 100))


def test_a_clock_that_jumps_back_lets_earlier_stamps_follow(tmp_path, without_tf2):
    parameters = {**SIZE, 'use_sim_time': 'true'}
    with (
        NodeProcess(PATTERN_NODE, tmp_path / 'log', parameters, without_tf2) as node,
        Client() as client,
    ):
        clock = client.publisher(Clock, '/clock')
        client.wait_for_node()

        def set_clock(seconds: int) -> None:
            message = Clock()
            message.clock.sec = seconds
            clock.publish(message)

        def show_at(seconds: int, x: float) -> None:
            set_clock(seconds)
            _show(client, stamped(pose(x), seconds))

        show_at(1000, 1.0)
        show_at(1001, 2.0)
        set_clock(10)  # the bag starts over
        node.wait_for_output('the clock has jumped')
        late = stamped(pose(1.5), 1001.5)  # it was on its way
        stale = 'its stamp 1001.500 s is from before the clock jumped back'
        client.publish_until(late, lambda: stale in node.output)
        show_at(11, 1.0)
        before = client.infos[-1].sequence
        # Without a stamp, a picture has the time of the clock.
        set_clock(20)
        for step in range(100):  # another pose each time: the clock may come after the first
            client.publish(pose(3.0 + step / 128))
            time.sleep(0.1)
            if stamp_of(client.infos[-1]) // 10**9 == 20:
                break
        assert stamp_of(client.infos[-1]) // 10**9 == 20
        assert client.infos[-1].sequence > before
