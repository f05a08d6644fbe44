# SPDX-License-Identifier: Apache-2.0
"""The client: knows the renderer by its topics and its service alone."""

from __future__ import annotations

from collections.abc import Callable
import threading
import time

from examples.demo.film import Film
from examples.demo.messages import answer_of, calibration_of, info_of, picture_of, pixels_of
from examples.demo.process import RENDERER
from examples.demo.recorder import Recorder
from examples.demo.records import PoseKind, SentPose
from examples.demo.spinning import SpinningNode
from geometry_msgs.msg import Pose
from nerfstudio_renderer_msgs.msg import FrameInfo
from nerfstudio_renderer_msgs.srv import GetFrame
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo, Image

_LOOK_EVERY_S = 0.1
_ANSWER_WITHIN_S = 10.0
# Deep, so that nothing is lost here: the checks are about what the renderer sends.
_ARRIVALS = QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE)
_POSES = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


class RendererSilent(Exception):
    """The renderer is not there, or does not answer."""


class DemoClient:
    """
    Sends poses and collects what comes back, on a thread of its own, while the context lasts.

    :param recorder: is told of everything.
    :param film: gets the pixels.
    """

    def __init__(self, recorder: Recorder, film: Film) -> None:
        self._recorder = recorder
        self._film = film
        self._pending: Future | None = None

    def __enter__(self) -> DemoClient:
        self._spinning = SpinningNode('demo')
        self._node = self._spinning.node
        self._poses = self._node.create_publisher(Pose, f'{RENDERER}/pose', _POSES)
        for kind, topic, callback in (
            (FrameInfo, 'frame_info', self._on_info),
            (CameraInfo, 'camera_info', self._on_calibration),
            (Image, 'image', self._on_image),
        ):
            self._node.create_subscription(kind, f'{RENDERER}/{topic}', callback, _ARRIVALS)
        self._get_frame = self._node.create_client(GetFrame, f'{RENDERER}/get_frame')
        self._spinning.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._spinning.close()

    def _on_image(self, message: Image) -> None:
        picture = picture_of(message, time.monotonic())
        if (pixels := pixels_of(message)) is not None:  # else: the checks will tell
            self._film.expose(picture.arrived_s, picture.key, pixels)
        self._recorder.add_picture(picture)  # last: whoever waits for it wants it on the film

    def _on_info(self, message: FrameInfo) -> None:
        self._recorder.add_info(info_of(message, time.monotonic()))

    def _on_calibration(self, message: CameraInfo) -> None:
        self._recorder.add_calibration(calibration_of(message, time.monotonic()))

    def wait_for_renderer(self, check: Callable[[], None], timeout_s: float) -> None:
        """
        Wait until the renderer listens and answers.

        :param check: called now and then; may raise.
        :raises RendererSilent: if it is not ready in time.
        """
        deadline_s = time.monotonic() + timeout_s
        while not self._is_ready():
            check()
            if time.monotonic() > deadline_s:
                raise RendererSilent(f'the renderer was not ready within {timeout_s:.0f} s')
            time.sleep(_LOOK_EVERY_S)  # rclpy offers no event for a change of the graph

    def _is_ready(self) -> bool:
        arrivals = ('frame_info', 'camera_info', 'image')
        return (
            self._poses.get_subscription_count() > 0
            and all(self._node.count_publishers(f'{RENDERER}/{topic}') for topic in arrivals)
            and self._get_frame.service_is_ready()
        )

    def send(self, pose: Pose, kind: PoseKind) -> SentPose:
        """Publish ``pose``."""
        sent = self._recorder.add_pose(self._node.get_clock().now().nanoseconds, kind)
        self._poses.publish(pose)
        return sent

    def ask(self, client: str) -> None:
        """
        Call ``get_frame`` for ``client`` and wait for the answer.

        :raises RendererSilent: if none comes.
        """
        self._wait_for(self._pending)
        self._wait_for(self._call(client))

    def ask_in_passing(self, client: str) -> None:
        """Call ``get_frame`` for ``client`` unless an answer is still awaited; do not wait."""
        # One question at a time, so that the answers have an order.
        if self._pending is None or self._pending.done():
            self._pending = self._call(client)

    def _call(self, client: str) -> Future:
        asked_s = time.monotonic()
        future = self._get_frame.call_async(GetFrame.Request(client_id=client))
        future.add_done_callback(
            lambda done: self._recorder.add_answer(
                answer_of(asked_s, time.monotonic(), client, done.result())
            )
        )
        return future

    def _wait_for(self, future: Future | None) -> None:
        if future is None:
            return
        answered = threading.Event()
        future.add_done_callback(lambda _: answered.set())
        if not answered.wait(_ANSWER_WITHIN_S):
            raise RendererSilent(f'get_frame did not answer within {_ANSWER_WITHIN_S:.0f} s')
