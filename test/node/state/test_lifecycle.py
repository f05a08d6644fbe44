# SPDX-License-Identifier: Apache-2.0
"""The managed node: what it does in which state, and how it gets from one to the next."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
import shutil
import signal
import threading
import time
import weakref

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nerfstudio_renderer_msgs.srv import LoadScene
from nerfstudio_renderer_ros.node import RendererNode
from nerfstudio_renderer_ros.state.scene_loading import LoadedScene
import pytest
import rclpy
from rclpy.context import Context
from support.client import Client, pose
from support.pattern_node import BROKEN, ENDS, open_pattern
from support.processes import NodeProcess, own_domain, PATTERN_NODE, REAL_NODE, ROOT

BUNDLED = ROOT / 'nerfstudio_renderer' / 'bundled_scenes' / 'robot_cell'
HAS_TORCH = find_spec('torch') is not None

DOMAIN = {'ROS_DOMAIN_ID': own_domain(1)}
SIZE = {'width': 32, 'height': 24, 'levels': '[2, 1]'}
CONFIGURE, ACTIVATE = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE
DEACTIVATE, CLEANUP = Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP


@pytest.fixture(autouse=True)
def domain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this module's nodes apart from the one that other modules share."""
    monkeypatch.setenv('ROS_DOMAIN_ID', DOMAIN['ROS_DOMAIN_ID'])


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[tuple[NodeProcess, Client]]:
    """Return a node that waits to be configured, and its client."""
    parameters = {**SIZE, 'autostart': 'false'}
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', parameters, DOMAIN) as node:
        node.wait_for_output('waiting for: ros2 lifecycle set /nerfstudio_renderer configure')
        with Client() as client:
            yield node, client


def _change(client: Client, *transitions: int) -> None:
    for transition in transitions:
        assert client.change_state(transition), transition


def test_a_node_that_is_not_to_start_by_itself_is_driven_through_its_states(waiting):
    node, client = waiting
    assert client.state() == 'unconfigured'
    _change(client, CONFIGURE)
    assert client.state() == 'inactive'
    node.wait_for_output('waiting for: ros2 lifecycle set /nerfstudio_renderer activate')
    _change(client, ACTIVATE)
    assert client.state() == 'active'
    client.wait_for_node()
    first = client.rest(pose(1.0))
    _change(client, DEACTIVATE)
    assert client.state() == 'inactive'
    _change(client, ACTIVATE)
    assert client.rest(pose(1.0)) == first + 1  # the same pose, and sequences go on


def test_the_topics_are_there_while_the_node_is_configured(waiting):
    _, client = waiting
    images = client.publisher_count('image')
    assert next(images) == 0
    _change(client, CONFIGURE)
    assert any(count == 1 for count in images)
    assert any(count == 1 for count in client.publisher_count('depth/image'))
    _change(client, CLEANUP)
    assert any(count == 0 for count in images)
    _change(client, CONFIGURE)
    assert any(count == 1 for count in images)


def test_an_inactive_node_renders_nothing_and_gives_no_frame_away(waiting):
    _, client = waiting
    _change(client, CONFIGURE, ACTIVATE)
    client.wait_for_node()
    client.rest(pose(1.0))
    _change(client, DEACTIVATE)
    assert not client.get_frame('late').available
    frames = len(client.infos)
    for x in range(2, 30):
        client.publish(pose(float(x)))
    assert not client.get_frame('late').available
    assert len(client.infos) == frames


def test_a_series_ends_where_the_node_is_deactivated(tmp_path: Path):
    slow = {**DOMAIN, 'SECONDS_PER_RAY': '0.0002'}
    parameters = {'width': 120, 'height': 90}  # 2 s
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', parameters, slow), Client() as client:
        client.wait_for_node()
        client.publish(pose(1.0))
        client.wait_for(lambda: client.infos)
        _change(client, DEACTIVATE, CLEANUP)
        assert client.state() == 'unconfigured'
        assert not any(info.level == info.level_count - 1 for info in client.infos)


def test_a_failing_load_leaves_the_node_unconfigured_until_it_is_corrected(tmp_path: Path):
    parameters = {**SIZE, 'config': BROKEN}
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', parameters, DOMAIN) as node:
        node.wait_for_output("cannot configure: config 'broken' is broken")
        with Client() as client:
            assert client.state() == 'unconfigured'
            assert not client.change_state(CONFIGURE)
            assert client.state() == 'unconfigured'
            assert client.set_parameter('config', '7').successful
            _change(client, CONFIGURE, ACTIVATE)
            client.wait_for_node()
            client.rest(pose(1.0))
            assert client.images[-1].data[2] == 7


@pytest.mark.parametrize(('config', 'end'), ENDS.items())
def test_a_scene_that_asks_the_process_to_end_leaves_the_node_unconfigured(tmp_path, config, end):
    failure = f'cannot configure: loading the scene asked the process to end: {end!r}'
    with NodeProcess(
        PATTERN_NODE, tmp_path / 'log', {**SIZE, 'config': config}, DOMAIN
    ) as node:
        node.wait_for_output(failure)
        with Client() as client:
            assert not client.change_state(CONFIGURE)
            assert node.output.count(failure) == 2
            assert client.set_parameter('config', '7').successful
            _change(client, CONFIGURE, ACTIVATE)


@pytest.mark.parametrize(
    ('name', 'value', 'reason'),
    [
        ('config', '/nowhere/config.yml', "config '/nowhere/config.yml' does not exist"),
        ('checkpoint', '/nowhere.ckpt', "checkpoint '/nowhere.ckpt' does not exist"),
        ('device', 'cuda:99', f"device 'cuda:99': PyTorch{' finds' if HAS_TORCH else ', which'}"),
        ('device', 'tpu', "device 'tpu' is not auto, cpu, cuda or cuda:N"),
        ('pose_units', 'world', 'world needs dataparser_transforms.json beside the config'),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_line(tmp_path: Path, name, value, reason):
    scene = tmp_path / 'scene'
    shutil.copytree(BUNDLED, scene, ignore=shutil.ignore_patterns('dataparser_transforms.json'))
    parameters = {'config': scene / 'config.yml', name: value}
    with NodeProcess(REAL_NODE, tmp_path / 'log', parameters, DOMAIN) as node:
        node.wait_for_output('cannot configure: ')
        lines = [line for line in node.output.splitlines() if '[ERROR]' in line]
        assert len(lines) == 1
        assert reason in lines[0]
        assert 'Traceback' not in node.output
        with Client() as client:
            assert client.state() == 'unconfigured'


def test_a_node_that_is_shut_down_by_its_lifecycle_renders_no_more_and_ends_in_order(waiting):
    node, client = waiting
    _change(client, CONFIGURE, ACTIVATE)
    client.wait_for_node()
    _change(client, Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert client.state() == 'finalized'
    assert node.stop() == 0
    assert 'Traceback' not in node.output


def test_what_was_made_before_something_could_not_be_is_gone_again(tmp_path: Path):
    # Read when the publisher is made, the last of several.
    policy = 'qos_overrides./nerfstudio_renderer/depth/image.publisher.reliability'
    parameters = {**SIZE, policy: 'perhaps'}
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', parameters, DOMAIN) as node:
        node.wait_for_output('cannot configure: ')
        assert 'Traceback' not in node.output
        with Client() as client:
            assert client.state() == 'unconfigured'
            assert next(client.publisher_count('image')) == 0
            assert not client.call(LoadScene.Request(config='1')).success


def test_cleaning_up_lets_go_of_everything_that_the_scene_holds():
    context = Context()
    rclpy.init(context=context)
    renderers: list[weakref.ref] = []

    def opener(values: dict) -> LoadedScene:
        scene = open_pattern(values)
        renderers.append(weakref.ref(scene.renderer))
        return scene

    with RendererNode(opener, context=context) as node:
        node.autostart()
        shown = threading.Event()
        node._session._queue.subscribe(lambda frame: shown.set())
        node._endpoints._poses._on_pose(pose(1.0))
        assert shown.wait(20.0)
        assert renderers[0]() is not None
        node.trigger_deactivate()
        node.trigger_cleanup()
        assert renderers[0]() is None
        node.trigger_configure()
        assert renderers[1]() is not None
    rclpy.shutdown(context=context)


@pytest.mark.parametrize('delay_s', [0.3, 1.0, 60.0])
def test_a_signal_ends_a_node_that_is_being_configured(tmp_path: Path, delay_s: float):
    parameters = {**SIZE, 'autostart': 'false'}
    with NodeProcess(REAL_NODE, tmp_path / 'log', parameters, DOMAIN) as node, Client() as client:
        future = client.ask(ChangeState.Request(transition=Transition(id=CONFIGURE)))
        configured = threading.Event()
        future.add_done_callback(lambda _: configured.set())
        configured.wait(delay_s)
        started = time.monotonic()
        # At once while it loads, as the signal does; in order when it has loaded.
        assert node.stop(signal.SIGINT) == (0 if configured.is_set() else -signal.SIGINT)
        assert time.monotonic() - started < 2.0
        assert 'Traceback' not in node.output


def test_a_signal_while_another_scene_is_loaded_ends_the_node_at_once(tmp_path: Path):
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', SIZE, DOMAIN) as node, Client() as client:
        client.wait_for_node()
        client.ask(LoadScene.Request(config='1:30'))
        client.publish(pose(1.0))
        client.wait_for(lambda: client.infos)
        started = time.monotonic()
        assert node.stop() == 0
        assert time.monotonic() - started < 4.0
        assert 'Traceback' not in node.output
