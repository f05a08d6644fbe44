# SPDX-License-Identifier: Apache-2.0
"""Poses in, frames out: the topics and the service, between two processes."""

from __future__ import annotations

from itertools import pairwise
import time

from nerfstudio_renderer import Intrinsics, StrideLevels
import numpy as np
import pytest
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import CompressedImage
from support.client import pose, stamp_of, stamped
from support.engines import camera_at, pattern
from support.pattern_node import WORLD_SCALE

TURNED = (0.1, -0.2, 0.3, 0.9)


def test_image_camera_info_and_frame_info_belong_together(client):
    sequence = client.rest(pose(0.5, TURNED))
    full = Intrinsics.from_fov_y(64, 48, 50.0)
    levels = StrideLevels((4, 2, 1)).levels(full)
    frames = list(zip(client.images, client.camera_infos, client.infos, strict=True))
    assert [info.level for *_, info in frames] == [0, 1, 2]
    for (image, camera_info, info), level in zip(frames, levels, strict=True):
        assert image.header == camera_info.header == info.header
        assert image.header.frame_id == 'nerfstudio_camera'
        expected = level.intrinsics
        assert {(message.width, message.height) for message in (image, camera_info, info)} == {
            (expected.width, expected.height)
        }
        assert (image.encoding, image.step, image.is_bigendian) == ('rgb8', 3 * image.width, 0)
        assert len(image.data) == image.step * image.height
        fx, _, cx, _, fy, cy, *_ = camera_info.k
        assert (fx, fy, cx, cy) == (expected.fx, expected.fy, expected.cx, expected.cy)
        assert camera_info.p.tolist() == [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0]
        assert camera_info.r.tolist() == np.eye(3).ravel().tolist()
        assert (camera_info.distortion_model, list(camera_info.d)) == ('plumb_bob', [0.0] * 5)
        assert (info.sequence, info.level_count) == (sequence, 3)
        assert 0 < info.render_time.nanosec <= info.latency.nanosec


def test_the_picture_is_the_one_of_the_pose_in_world_coordinates(client):
    client.rest(pose(1.5))
    rgb = np.frombuffer(client.images[-1].data, np.uint8).reshape(48, 64, 3)
    camera = camera_at(WORLD_SCALE * 1.5, Intrinsics.from_fov_y(64, 48, 50.0))
    expected = pattern(camera, np.arange(64 * 48))[:, :3].reshape(48, 64, 3)
    np.testing.assert_array_equal(rgb, (expected * 255.0 + 0.5).astype(np.uint8))


def test_a_burst_of_poses_never_goes_back_never_starves_and_is_completed(client):
    for step in range(500):  # in world units: reds from 0 to 0.45
        client.publish(pose(10.0 + 0.9 * step / 500))
        time.sleep(0.002)
    client.publish(pose(11.8))  # red 0.9
    client.wait_for(lambda: client.images and _is_finest(client.images[-1]) and
                    client.images[-1].data[0] == round(0.9 * 255))
    client.wait_for_finest(client.infos[-1].sequence)
    orders = client.orders()
    assert all(before < after for before, after in pairwise(orders))
    assert len({sequence for sequence, _ in orders}) > 10  # pictures kept coming
    assert orders[-1][1] == 2
    stamps: dict[int, set[int]] = {}
    for info in client.infos:
        stamps.setdefault(info.sequence, set()).add(stamp_of(info))
    assert all(len(each) == 1 for each in stamps.values())
    in_order = [min(stamps[sequence]) for sequence in sorted(stamps)]
    assert all(before < after for before, after in pairwise(in_order))


def _is_finest(image) -> bool:
    return (image.width, image.height) == (64, 48)


def test_a_repeated_pose_and_its_reversed_quaternion_are_no_new_update(client):
    first = client.rest(pose(2.0, TURNED))
    frames = len(client.infos)
    client.publish(pose(2.0, TURNED))
    client.publish(pose(2.0, tuple(-value for value in TURNED)))
    assert client.rest(pose(3.0)) == first + 1
    assert client.orders()[frames:] == [(first + 1, 0), (first + 1, 1), (first + 1, 2)]


def test_who_subscribes_while_the_camera_rests_gets_pictures_with_the_next_pose(client):
    message = pose(3.5)
    first = client.rest(message)
    compressed = client.listen(CompressedImage, 'image/compressed')
    client.publish_until(message, lambda: len(compressed) >= 3)
    assert {info.sequence for info in client.infos} == {first, first + 1}
    assert client.rest(pose(3.75)) == first + 2


def test_repeated_poses_have_pictures_of_their_own_where_that_is_asked_for(client):
    assert client.set_parameter('render_repeated', True).successful
    message = pose(3.125)
    first = client.rest(message)
    assert client.rest(message) > first
    assert client.set_parameter('render_repeated', False).successful


def test_a_very_long_quaternion_turns_as_its_direction_says(client):
    before = client.rest(pose(3.25, TURNED))
    long = tuple(1e200 * value for value in TURNED)
    assert client.rest(pose(3.0, long)) > before


@pytest.mark.parametrize(
    ('message', 'reason'),
    [
        (pose(float('nan')), 'position [nan, 0.0, 0.0] is not finite'),
        (pose(0.0, (0.0, 0.0, float('inf'), 1.0)), 'is not finite'),
        (pose(0.0, (0.0, 0.0, 0.0, 0.0)), 'has norm 0'),
    ],
    ids=['nan', 'infinite', 'zero'],
)
def test_a_pose_that_is_none_is_dropped_and_the_next_one_served(client, message, reason):
    before = client.rest(pose(4.0))
    client.publish(message)
    assert client.rest(pose(5.0)) == before + 1


def test_dropped_poses_are_logged_with_the_reason_but_not_each_one(client, pattern_node):
    before = pattern_node.output.count('dropped a pose')
    reason = 'dropped a pose: position [1234.0, nan, 0.0] is not finite'
    # Long enough for the throttle to have forgotten what other tests have logged.
    for _ in range(400):
        client.publish(pose(1234.0, y=float('nan')))
        time.sleep(0.02)
        if reason in pattern_node.output:
            break
    pattern_node.wait_for_output(reason)
    for _ in range(50):
        client.publish(pose(1234.0, y=float('nan')))
    client.rest(pose(6.0))
    assert pattern_node.output.count('dropped a pose') - before <= 3


def test_a_failing_render_is_logged_and_the_next_update_served(client, pattern_node):
    before = client.rest(pose(7.0))
    client.publish(pose(-1.0))
    pattern_node.wait_for_output(f'update {before + 1} failed: out of memory at -0.5')
    assert client.rest(pose(8.0)) == before + 2


def test_every_client_gets_a_frame_once_and_the_same_as_was_published(client):
    client.rest(pose(9.0))
    first = client.get_frame('a')
    assert first.available
    assert first.info == client.infos[-1]
    assert first.image == client.images[-1]
    again = client.get_frame('a')
    assert not again.available
    assert (again.info.sequence, again.image.width, len(again.image.data)) == (0, 0, 0)
    assert client.get_frame('b').available
    assert client.get_frame().available
    assert not client.get_frame().available


def test_a_stamped_pose_keeps_its_stamp_and_an_unstamped_one_follows_it(client):
    future = int(time.time()) + 10_000
    client.rest(stamped(pose(11.0), future))
    assert {stamp_of(info) for info in client.infos} == {future * 10**9}
    client.rest(stamped(pose(12.0), future))
    assert stamp_of(client.infos[-1]) == future * 10**9 + 1
    client.rest(pose(13.0))
    assert stamp_of(client.infos[-1]) == future * 10**9 + 2


@pytest.mark.parametrize(
    'reliability', [ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT], ids=str
)
def test_publishers_of_either_reliability_are_heard(client, reliability):
    client.shake_hands_with(reliability)  # waits for the answer
