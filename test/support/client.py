# SPDX-License-Identifier: Apache-2.0
"""A ROS client of the renderer, which speaks to it over DDS alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import itertools
import threading
import time
from typing import Any, TypeVar

from geometry_msgs.msg import Point, Pose, PoseStamped, Quaternion
from lifecycle_msgs.srv import ChangeState, GetState
from nerfstudio_renderer_msgs.msg import FrameInfo
from nerfstudio_renderer_msgs.srv import GetFrame, LoadScene
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters
import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.task import Future
from sensor_msgs.msg import CameraInfo, Image

PATIENCE_S = 60.0
NAME = '/nerfstudio_renderer'
Result = TypeVar('Result')
# Positions of their own for the first poses of each client, so that none repeats another's.
_HANDSHAKES = itertools.count(500.0)
# Seconds, later than any clock's in these tests.
_STAMPS = itertools.count(2_000_000_000)


def pose(
    x: float = 0.0, orientation: Sequence[float] = (0.0, 0.0, 0.0, 1.0), y: float = 0.0,
    z: float = 0.0,
) -> Pose:
    """Return a pose; the orientation is x, y, z, w."""
    qx, qy, qz, qw = orientation
    return Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=qx, y=qy, z=qz, w=qw))


def stamped(pose: Pose, seconds: float, frame_id: str = '') -> PoseStamped:
    """Return a pose with a time and a frame."""
    message = PoseStamped(pose=pose)
    message.header.frame_id = frame_id
    message.header.stamp.sec = int(seconds)
    message.header.stamp.nanosec = round((seconds - int(seconds)) * 1e9)
    return message


def stamp_of(message: Any) -> int:
    """Return the header's stamp in nanoseconds."""
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def _full(topic: str) -> str:
    return topic if topic.startswith('/') else f'{NAME}/{topic}'


def _now_and_then(count: Callable[[], int]) -> Iterator[int]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        yield count()
        time.sleep(0.05)  # rclpy offers no event for a change of the graph


class Client:
    """Publishes poses, keeps all that comes back, and asks."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.images: list[Image] = []
        self.camera_infos: list[CameraInfo] = []
        self.infos: list[FrameInfo] = []
        self._context = Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node('client', context=self._context)
        self._subscribe(Image, 'image', self.images)
        self._subscribe(CameraInfo, 'camera_info', self.camera_infos)
        self._subscribe(FrameInfo, 'frame_info', self.infos)
        self._poses = self.node.create_publisher(Pose, f'{NAME}/pose', 10)
        self._stamped = self.node.create_publisher(PoseStamped, f'{NAME}/pose_stamped', 10)
        self._services = {
            kind: self.node.create_client(kind, f'{NAME}/{name}')
            for kind, name in (
                (GetFrame, 'get_frame'),
                (LoadScene, 'load_scene'),
                (ChangeState, 'change_state'),
                (GetState, 'get_state'),
                (SetParameters, 'set_parameters'),
                (GetParameters, 'get_parameters'),
                (DescribeParameters, 'describe_parameters'),
            )
        }
        self._thread = threading.Thread(target=self._spin, name='client')
        self._thread.start()

    def listen(self, kind: type, topic: str) -> list:
        """Return the list to which every later message of a topic is added."""
        received: list = []
        self._subscribe(kind, topic, received)
        return received

    def listen_to_frames(self, kind: type, topic: str) -> list:
        """Listen to a topic that frames are published on; return when the node has noticed."""
        received = self.listen(kind, topic)
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while not received:
                assert time.monotonic() < deadline, f'nothing on {topic}'
                # On the topic of show(), so that none of these can arrive after a later one there.
                self.publish(stamped(pose(next(_HANDSHAKES)), next(_STAMPS)))
                self._changed.wait(0.1)
        return received

    def publisher_count(self, topic: str) -> Iterator[int]:
        """Yield how many publishers a topic has, now and then, for as long as is reasonable."""
        return _now_and_then(lambda: self.node.count_publishers(_full(topic)))

    def subscriber_count(self, topic: str) -> Iterator[int]:
        """Yield the same of its subscriptions."""
        return _now_and_then(lambda: self.node.count_subscribers(_full(topic)))

    def publisher(
        self, kind: type, topic: str, profile: QoSProfile | int = 10, **options: Any
    ) -> Publisher:
        """Return a publisher on a topic, of the node's own unless it begins with a slash."""
        return self.node.create_publisher(kind, _full(topic), profile, **options)

    def _subscribe(self, kind: type, topic: str, received: list) -> None:
        def keep(message: Any) -> None:
            with self._changed:
                received.append(message)
                self._changed.notify_all()

        # Deep, so that the tests see every frame and not only the newest.
        self.node.create_subscription(kind, _full(topic), keep, 1000)

    def _spin(self) -> None:
        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(self.node)
        try:
            executor.spin()
        except ExternalShutdownException:
            pass
        finally:
            executor.shutdown()

    def close(self) -> None:
        """Leave the graph."""
        rclpy.try_shutdown(context=self._context)
        self._thread.join(PATIENCE_S)
        self.node.destroy_node()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def wait_for_node(self) -> None:
        """
        Wait until the node listens, and this client is matched in every direction.

        The node's subscriptions are best effort, so what is sent before it has discovered the
        sender is lost, and no sender can tell. So a pose is repeated until it has come back as
        pictures; they are then forgotten. Repetitions that come late change nothing: they come
        before all later poses of their topic. Not so between two topics, so that of stamped poses
        is left to ``show`` and ``publish_until``, which repeat what seems lost.
        """
        for service in self._services.values():
            assert service.wait_for_service(PATIENCE_S), 'the node did not come'
        self._shake_hands(self._poses)

    def _shake_hands(self, publisher: Publisher) -> None:
        self._forget()
        deadline = time.monotonic() + PATIENCE_S
        while not self._is_answered(publisher, pose(next(_HANDSHAKES))):
            assert time.monotonic() < deadline, 'the node did not answer'
        self.wait_for_finest(self.infos[-1].sequence)
        self._forget()

    def _is_answered(self, publisher: Publisher, message: Pose) -> bool:
        """Repeat a pose for a second: what it was answered may be lost too, and comes once."""

        def answered() -> bool:
            return bool(self.images and self.camera_infos and self.infos)

        with self._changed:
            for _ in range(10):
                publisher.publish(message)
                if self._changed.wait_for(answered, 0.1):
                    return True
        return False

    def publish_until(
        self, message: Pose | PoseStamped, condition: Callable[[], Result]
    ) -> Result:
        """Send a pose until a condition is fulfilled, again if it seems lost; return that."""
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while time.monotonic() < deadline:
                self.publish(message)
                if value := self._changed.wait_for(condition, 0.5):
                    return value
        raise AssertionError(f'in vain; seen: {self.orders()}')

    def rest(self, message: Pose | PoseStamped) -> int:
        """Let the camera rest at a pose until its series has come; return the sequence."""
        before = len(self.infos)
        self.publish_until(message, lambda: len(self.infos) > before)
        sequence = self.infos[before].sequence
        self.wait_for_finest(sequence)
        return sequence

    def _forget(self) -> None:
        with self._changed:
            for received in (self.images, self.camera_infos, self.infos):
                received.clear()

    def publish(self, message: Pose | PoseStamped) -> None:
        """Send a pose."""
        (self._poses if isinstance(message, Pose) else self._stamped).publish(message)

    def show(self, message: Pose, *topics: list) -> list[tuple[Any, ...]]:
        """
        Send a pose with a stamp of its own, and wait for its series.

        :param topics: lists of ``listen_to_frames``.
        :returns: for each frame its FrameInfo, and its messages on ``topics``.
        """
        stamp = next(_STAMPS)
        return self.publish_until(
            stamped(message, stamp), lambda: self._series(stamp * 10**9, topics)
        )

    def _series(self, stamp: int, topics: Sequence[list]) -> list[tuple[Any, ...]]:
        infos, *others = (
            [message for message in messages if stamp_of(message) == stamp]
            for messages in (self.infos, *topics)
        )
        complete = infos and infos[-1].level == infos[-1].level_count - 1
        if not complete or any(len(messages) < len(infos) for messages in others):
            return []
        return list(zip(infos, *others, strict=True))

    def shake_hands_with(self, reliability: ReliabilityPolicy) -> None:
        """Send poses from a publisher of a given reliability, until one is answered."""
        profile = QoSProfile(depth=1, reliability=reliability)
        self._shake_hands(self.node.create_publisher(Pose, f'{NAME}/pose', profile))

    def wait_for(self, condition: Callable[[], Result]) -> Result:
        """Wait until what was received fulfils a condition; return the condition's value."""
        with self._changed:
            value = self._changed.wait_for(condition, PATIENCE_S)
        assert value, f'in vain; seen: {self.orders()}'
        return value

    def wait_for_finest(self, sequence: int) -> None:
        """Wait until the finest frame of an update has come, on all three topics."""

        def complete() -> bool:
            finest = [
                info for info in self.infos
                if info.sequence == sequence and info.level == info.level_count - 1
            ]
            if not finest:
                return False
            kept = [stamp_of(info) for info in self.infos if info.sequence == sequence]
            return all(
                sum(stamp_of(message) == stamp_of(finest[0]) for message in messages) >= len(kept)
                for messages in (self.images, self.camera_infos)
            )

        self.wait_for(complete)

    def orders(self) -> list[tuple[int, int]]:
        """Return sequence and level of every frame, as they came."""
        return [(info.sequence, info.level) for info in self.infos]

    def ask(self, request: Any) -> Future:
        """Call the service that a request belongs to; return what will have its response."""
        kind = next(kind for kind in self._services if isinstance(request, kind.Request))
        assert self._services[kind].wait_for_service(PATIENCE_S), f'there is no {kind.__name__}'
        return self._services[kind].call_async(request)

    def call(self, request: Any) -> Any:
        """Call the service that a request belongs to; return its response."""
        done = threading.Event()
        future = self.ask(request)
        future.add_done_callback(lambda _: done.set())
        assert done.wait(PATIENCE_S), f'{type(request).__name__} was not answered'
        return future.result()

    def get_frame(self, client_id: str = '') -> GetFrame.Response:
        """Ask for the newest unseen frame."""
        return self.call(GetFrame.Request(client_id=client_id))

    def change_state(self, transition: int) -> bool:
        """Ask for a transition (of lifecycle_msgs/Transition); return whether it succeeded."""
        request = ChangeState.Request()
        request.transition.id = transition
        return self.call(request).success

    def state(self) -> str:
        """Return the node's lifecycle state."""
        return self.call(GetState.Request()).current_state.label

    def set_parameter(self, name: str, value: Any) -> Any:
        """Set a parameter of the node; return the result."""
        message: ParameterMessage = Parameter(name, value=value).to_parameter_msg()
        return self.call(SetParameters.Request(parameters=[message])).results[0]
