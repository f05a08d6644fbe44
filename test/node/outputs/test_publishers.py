# SPDX-License-Identifier: Apache-2.0
"""What is made of a frame for whom; without a node."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from nerfstudio_renderer.engines.host_pixels import HostImage
from nerfstudio_renderer_ros.outputs import publishers
from nerfstudio_renderer_ros.outputs.publishers import FramePublishers
import numpy as np
import pytest
from rclpy.qos import QoSProfile
from support.frames import frame_with


class _Publisher:
    """Has as many subscribers as a test says, and keeps what it publishes."""

    def __init__(self) -> None:
        self.subscribers = 0
        self.published: list[Any] = []

    def get_subscription_count(self) -> int:
        return self.subscribers

    def publish(self, message: Any) -> None:
        self.published.append(message)


class _Node:
    """Makes publishers, and knows each by its topic."""

    def __init__(self) -> None:
        self.publishers: dict[str, _Publisher] = {}
        self.profiles: list[QoSProfile] = []

    def create_lifecycle_publisher(
        self, kind: type, topic: str, profile: QoSProfile, **_: Any
    ) -> _Publisher:
        self.profiles.append(profile)
        return self.publishers.setdefault(topic, _Publisher())

    def destroy_lifecycle_publisher(self, publisher: _Publisher) -> None:
        self.publishers = {
            topic: each for topic, each in self.publishers.items() if each is not publisher
        }


class _AskedImage(HostImage):
    """An image that keeps which of its forms were asked for."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.asked: set[str] = set()
        super().__init__(pixels)

    def __getattribute__(self, name: str) -> Any:
        if name in ('rgb', 'rgb8', 'depth', 'accumulation'):
            self.asked.add(name)
        return super().__getattribute__(name)


FORMS = {
    '~/frame_info': set(),
    '~/camera_info': set(),
    '~/image': {'rgb8'},
    '~/image/compressed': {'rgb8'},
    '~/image_full': {'rgb8'},
    '~/depth/camera_info': set(),
    '~/depth/image': {'depth', 'accumulation'},
}


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> _Node:
    """Return a node that is none, whose costly messages are counted."""
    monkeypatch.setattr(publishers, 'CameraBroadcaster', lambda *_: None)
    return _Node()


def _publish(node: _Node, *subscribed: str) -> set[str]:
    """Publish a frame with subscribers to some topics; return what its picture was asked for."""
    sender = FramePublishers(node, ExitStack())
    for topic in subscribed:
        node.publishers[topic].subscribers = 1
    frame = frame_with(np.zeros((6, 8, 5), np.float32), frame_id='eye')
    image = _AskedImage(np.zeros((6, 8, 5), np.float32))
    sender.publish(replace(frame, image=image))
    return image.asked


def test_every_topic_is_known_to_these_tests_and_ends_with_the_others(node):
    with ExitStack() as cleanup:
        FramePublishers(node, cleanup)
        assert set(node.publishers) == set(FORMS)
    assert not node.publishers


def test_without_subscribers_no_pixel_is_touched_and_nothing_published(node):
    assert _publish(node) == set()
    assert not any(publisher.published for publisher in node.publishers.values())


@pytest.mark.parametrize('topic', FORMS)
def test_only_what_a_topic_shows_is_made_for_its_subscribers(node, topic):
    assert _publish(node, topic) == FORMS[topic]
    for name, publisher in node.publishers.items():
        assert len(publisher.published) == (name == topic)


def test_who_subscribes_after_a_complete_series_is_noticed_until_the_next_one(node):
    sender = FramePublishers(node, ExitStack())
    image, depth = node.publishers['~/image'], node.publishers['~/depth/image']
    finest = frame_with(np.zeros((6, 8, 5), np.float32))
    coarse = replace(finest, level_count=2)
    assert not sender.has_newcomers()
    image.subscribers = 1
    sender.publish(coarse)
    depth.subscribers = 1
    assert not sender.has_newcomers()  # the finest picture is still to come
    sender.publish(replace(coarse, level=1))
    assert not sender.has_newcomers()
    image.subscribers, depth.subscribers = 0, 2
    assert sender.has_newcomers()
    sender.publish(finest)
    assert not sender.has_newcomers()
    depth.subscribers = 1
    assert not sender.has_newcomers()
    depth.subscribers = 2  # not the one who has left
    assert sender.has_newcomers()


def test_each_publisher_has_a_profile_of_its_own_for_rclpy_writes_into_it(node):
    FramePublishers(node, ExitStack())
    assert len({id(profile) for profile in node.profiles}) == len(FORMS)


def test_all_messages_of_a_frame_have_one_header(node):
    _publish(node, *FORMS)
    headers = [each.published[0].header for each in node.publishers.values()]
    assert all(header == headers[0] for header in headers)
    assert (headers[0].frame_id, headers[0].stamp.sec) == ('eye', 1)
