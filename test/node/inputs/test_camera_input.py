# SPDX-License-Identifier: Apache-2.0
"""The camera that the node takes over, without a node."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from nerfstudio_renderer_ros.inputs.camera_input import CameraInput
import pytest
from sensor_msgs.msg import CameraInfo
from support.camera_infos import camera_info, K
from support.frames import settings_of


class _Node:
    """Hands messages to all subscriptions, and keeps what is logged."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[CameraInfo], None]] = []
        self.lines: list[str] = []
        self.refusal = ''

    def create_subscription(
        self, kind: type, topic: str, callback: Callable, *_: Any, **__: Any
    ) -> None:
        self.callbacks.append(callback)

    def get_logger(self) -> _Node:
        return self

    def info(self, line: str) -> None:
        self.lines.append(line)

    def judge_camera(self, refusal: str) -> None:
        """Take the place of an EventLog."""
        self.refusal = refusal

    def destroy_subscription(self, subscription: None) -> None:
        """Do nothing."""

    def receive(self, message: CameraInfo) -> None:
        """Deliver a message to every subscription, as a latched one comes to both."""
        for callback in self.callbacks:
            callback(message)


@pytest.fixture
def node() -> _Node:
    """Return a node that is none."""
    return _Node()


def _stamped(seconds: int, **fields: Any) -> CameraInfo:
    message = camera_info(**fields)
    message.header.stamp.sec = seconds
    return message


def test_without_a_message_the_camera_is_that_of_the_parameters(node):
    settings = settings_of(width=64, height=48, projection='fisheye')
    camera = CameraInput(node, node, ExitStack())
    assert camera.calibration(settings).intrinsics == settings.intrinsics


def test_the_same_camera_at_another_time_is_taken_over_once(node):
    camera = CameraInput(node, node, ExitStack())
    node.receive(_stamped(1))
    first = camera.calibration(settings_of())
    node.receive(_stamped(2))
    assert len(node.lines) == 1
    assert camera.calibration(settings_of()) is first


@pytest.mark.parametrize(
    'fields',
    [
        {'k': [510.0, *K[1:]]}, {'d': [0.1, 0.0, 0.0, 0.0]}, {'width': 642}, {'height': 482},
        {'binning_x': 2}, {'r': [1.0] * 9}, {'p': [1.0] * 12}, {'distortion_model': 'equidistant'},
        {'roi': {'x_offset': 1, 'width': 8, 'height': 8}},
    ],
    ids=lambda fields: ''.join(fields),
)
def test_a_camera_that_differs_in_anything_is_another(node, fields, monkeypatch):
    # As in ROS 2 before 2025, where messages compare as equal if any number of an array is.
    monkeypatch.setattr(CameraInfo, '__eq__', lambda self, other: True)
    camera = CameraInput(node, node, ExitStack())
    node.receive(_stamped(1))
    first = camera.calibration(settings_of())
    node.receive(_stamped(2, **fields))
    assert camera.calibration(settings_of()) is not first


def test_a_camera_that_cannot_be_used_changes_nothing(node):
    camera = CameraInput(node, node, ExitStack())
    node.receive(_stamped(1))
    first = camera.calibration(settings_of())
    node.receive(_stamped(2, k=[0.0] * 9))
    assert 'has no focal lengths' in node.refusal
    assert camera.calibration(settings_of()) is first
    node.receive(_stamped(3))
    assert node.refusal == ''


def test_where_pixels_have_their_centres_is_asked_each_time(node):
    camera = CameraInput(node, node, ExitStack())
    node.receive(_stamped(1))
    principal_points = [
        camera.calibration(settings_of(pixel_centre=centre)).intrinsics.cx
        for centre in (0.5, 0.0, 0.5)
    ]
    assert principal_points == [330.0, 330.5, 330.0]


def test_a_camera_that_zooms_is_logged_once(node):
    CameraInput(node, node, ExitStack())
    for focal in range(500, 510):
        node.receive(_stamped(1, k=[focal, *K[1:]]))
    assert len(node.lines) == 1
    node.receive(_stamped(1, width=642))
    assert len(node.lines) == 2
