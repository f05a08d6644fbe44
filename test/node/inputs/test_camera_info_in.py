# SPDX-License-Identifier: Apache-2.0
"""A real camera's CameraInfo, taken over from its driver's topic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import gc
import itertools
import time

from lifecycle_msgs.msg import Transition
import pytest
from rclpy.publisher import Publisher, PublisherEventCallbacks  # Humble has no event_handler
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo
from support.camera_infos import camera_info, EQUIDISTANT, P, PLUMB_BOB, RATIONAL, TURN
from support.client import Client, PATIENCE_S, pose
from support.processes import NodeProcess

FRESH = itertools.count(1.1)  # a position for each update, so that none is a repetition
WIDTHS = itertools.count(100, 4)  # of each camera, so that the log tells them apart
LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
PROFILES = [
    QoSProfile(depth=1, reliability=reliability, durability=durability)
    for reliability in (ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT)
    for durability in (DurabilityPolicy.TRANSIENT_LOCAL, DurabilityPolicy.VOLATILE)
]


@pytest.fixture(scope='module')
def client(lasting_client: Client) -> Client:
    """Return the client of all these tests."""
    return lasting_client


@contextmanager
def _driver(
    client: Client, profile: QoSProfile = LATCHED, **options: object
) -> Iterator[Publisher]:
    """Yield a publisher of cameras that is gone afterwards, and with it what it has latched."""
    publisher = client.publisher(CameraInfo, 'camera_info_in', profile, **options)
    yield publisher
    client.node.destroy_publisher(publisher)


def _taken_over(width: int) -> str:
    return f'the camera is that of ~/camera_info_in from the next pose on: {width} x '


def _send(publisher: Publisher, message: CameraInfo, node: NodeProcess, line: str) -> None:
    """Publish as a driver does, again and again, until the node has noticed."""
    deadline = time.monotonic() + PATIENCE_S
    while line not in node.output:
        assert time.monotonic() < deadline, f'no {line!r}'
        publisher.publish(message)
        time.sleep(0.05)


def _take_over(client: Client, node: NodeProcess, message: CameraInfo) -> None:
    with _driver(client) as driver:
        _send(driver, message, node, _taken_over(message.width))


@pytest.mark.parametrize('centre', [0.5, 0.0])
@pytest.mark.parametrize(
    ('name', 'd'),
    [('plumb_bob', PLUMB_BOB), ('rational_polynomial', RATIONAL), ('equidistant', EQUIDISTANT)],
)
def test_pictures_have_the_size_and_camera_info_of_the_real_camera(
    client, pattern_node, name, d, centre
):
    message = camera_info(
        distortion_model=name, d=d, width=next(WIDTHS), p=P, r=TURN.ravel(),
        k=[500.1, 0.0, 330.7, 0.0, 400.3, 250.9, 0.0, 0.0, 1.0],
    )
    _take_over(client, pattern_node, message)
    assert client.set_parameter('pixel_centre', centre).successful
    frames = client.show(pose(next(FRESH)), client.images, client.camera_infos)
    assert client.set_parameter('pixel_centre', 0.5).successful
    assert [info.width for info, *_ in frames] == [message.width // 4, message.width // 2,
                                                   message.width]
    for _, image, published in frames:
        assert published.header == image.header
        assert (published.width, published.height) == (image.width, image.height)
        assert (published.distortion_model, list(published.d)) == (name, d)
        assert published.r.tolist() == message.r.tolist()
    assert (published.width, published.height) == (message.width, message.height)
    assert published.k.tolist() == message.k.tolist()
    assert published.p.tolist() == message.p.tolist()


def test_pictures_of_a_cropped_and_binned_camera_have_its_size(client, pattern_node):
    message = camera_info(
        {'x_offset': 20, 'y_offset': 10, 'width': 2 * (width := next(WIDTHS)), 'height': 60},
        binning_x=2, binning_y=3,
    )
    with _driver(client) as driver:
        _send(driver, message, pattern_node, _taken_over(width))
    info, published = client.show(pose(next(FRESH)), client.camera_infos)[-1]
    assert (info.width, info.height) == (width, 20)
    # (330 - 20) / 2 = 155, (250 - 10) / 3 = 80
    assert published.k.tolist() == pytest.approx(
        [250.0, 0.0, 155.0, 0.0, 400.0 / 3.0, 80.0, 0.0, 0.0, 1.0]
    )


@pytest.mark.parametrize(
    'profile', PROFILES,
    ids=lambda profile: f'{profile.reliability.name}-{profile.durability.name}',
)
def test_drivers_of_every_reliability_and_durability_are_heard(client, pattern_node, profile):
    # Until the node has noticed that the driver of the test before is gone. A publisher with
    # callbacks for events refers to itself: it leaves the graph only when Python collects it, and
    # what spins for it lets go of it with the next message.
    gc.collect()
    client.show(pose(next(FRESH)))
    gc.collect()
    assert any(count == 1 for count in client.subscriber_count('camera_info_in'))
    message = camera_info(width=next(WIDTHS))
    mismatches: list = []
    events = PublisherEventCallbacks(incompatible_qos=mismatches.append)
    with _driver(client, profile, event_callbacks=events) as driver:
        _send(driver, message, pattern_node, _taken_over(message.width))
        assert client.show(pose(next(FRESH)))[-1][0].width == message.width
    assert mismatches == []  # rclpy would warn of them in the driver
    assert 'incompatible' not in pattern_node.output


def test_a_camera_takes_effect_with_the_next_pose_even_if_that_is_the_same(client, pattern_node):
    position = next(FRESH)
    before = camera_info(width=next(WIDTHS))
    _take_over(client, pattern_node, before)
    assert client.show(pose(position))[-1][0].width == before.width
    seen = len(client.infos)
    after = camera_info(width=next(WIDTHS))
    _take_over(client, pattern_node, after)
    frames = client.show(pose(position))
    assert [info.width for info in client.infos[seen:]] == [info.width for info, in frames]
    assert frames[-1][0].width == after.width


def test_a_camera_that_cannot_be_used_is_refused_with_the_reason_and_changes_nothing(
    client, pattern_node
):
    before = camera_info(width=next(WIDTHS))
    _take_over(client, pattern_node, before)
    broken = camera_info(width=next(WIDTHS), k=[0.0] * 9)
    with _driver(client) as driver:
        _send(driver, broken, pattern_node,
              'camera_info_in: k [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0] has no focal '
              'lengths; calibrate the camera')
    assert client.show(pose(next(FRESH)))[-1][0].width == before.width


def test_a_camera_published_before_the_node_was_configured_is_known(client, pattern_node):
    for transition in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP):
        assert client.change_state(transition)
    message = camera_info(width=next(WIDTHS))
    with _driver(client) as driver:
        driver.publish(message)
        assert _taken_over(message.width) not in pattern_node.output
        for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
            assert client.change_state(transition)
        pattern_node.wait_for_output(_taken_over(message.width))
    client.wait_for_node()
    assert client.show(pose(next(FRESH)))[-1][0].width == message.width
