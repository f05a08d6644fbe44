# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""The renderer node: camera poses in, pictures out."""

from __future__ import annotations

from geometry_msgs.msg import Pose, PoseStamped
from nerfstudio_renderer import (
    c2w_from_quaternion,
    Camera,
    ConfigurationError,
    PoseError,
    PoseTolerance,
    Quality,
    RenderQueue,
    WorldTransform,
)
from nerfstudio_renderer_msgs.srv import GetFrame
from nerfstudio_renderer_ros import messages, parameters
from nerfstudio_renderer_ros.logs import forward_core_logs, stop_forwarding
from nerfstudio_renderer_ros.opening import SceneOpener
from nerfstudio_renderer_ros.publishers import FramePublishers
from nerfstudio_renderer_ros.settings import Settings
from nerfstudio_renderer_ros.stamps import IncreasingStamps
from nerfstudio_renderer_ros.tag import Tag
from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.time import Time

_WARN_EVERY_S = 5.0
# Only the newest pose counts. Best effort matches publishers of either reliability.
_INPUT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


class RendererNode(Node):
    """
    Translates between ROS messages and the render queue; renders nothing itself.

    :param opener: loads the scene that the parameters name.
    :raises RendererError: if a parameter has a value that cannot be used, or loading fails.
    """

    def __init__(self, opener: SceneOpener, **node_options: object) -> None:
        super().__init__('nerfstudio_renderer', **node_options)
        self._log_handler = forward_core_logs(self.get_logger())
        self._queue: RenderQueue | None = None
        try:
            parameters.declare(self)
            self._start(opener)
        except BaseException:
            self.close()
            raise

    def _start(self, opener: SceneOpener) -> None:
        values = parameters.values(self)
        Settings.from_values(values, has_world=True)  # refuse what is wrong before loading
        scene = opener(values)
        self._renderer = scene.renderer
        self._world = scene.world
        self._stamps = IncreasingStamps()
        settings = self._settings()
        self._frames = FramePublishers(self, values['frame_id'])
        self._queue = RenderQueue(self._renderer)
        self._queue.subscribe(self._frames.publish)
        self.add_on_set_parameters_callback(self._check_parameters)
        self._listen()
        self.get_logger().info(
            f'ready: {settings.intrinsics.width} x {settings.intrinsics.height}, poses in '
            f'{"world" if settings.in_world else "scene"} coordinates'
        )

    def _listen(self) -> None:
        # One group, so that a stamp and the update it belongs to are never interleaved.
        poses = MutuallyExclusiveCallbackGroup()
        for kind, topic, callback in (
            (Pose, '~/pose', self._on_pose),
            (PoseStamped, '~/pose_stamped', self._on_pose_stamped),
        ):
            self.create_subscription(
                kind, topic, callback, _INPUT, callback_group=poses,
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
        self.create_service(
            GetFrame, '~/get_frame', self._on_get_frame,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )

    def close(self) -> None:
        """Stop rendering and leave the graph; the render thread has ended when this returns."""
        if self._queue is not None and not self._queue.close():
            self.get_logger().error('the render thread did not end in time')
        stop_forwarding(self._log_handler)
        self.destroy_node()

    def __enter__(self) -> RendererNode:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _on_pose(self, message: Pose) -> None:
        self._update(message, self.get_clock().now())

    def _on_pose_stamped(self, message: PoseStamped) -> None:
        stamp = Time.from_msg(message.header.stamp)
        self._update(message.pose, stamp if stamp.nanoseconds else self.get_clock().now())

    def _update(self, pose: Pose, stamp: Time) -> None:
        settings = self._settings()
        try:
            camera = self._camera(pose, settings)
        except PoseError as error:
            self.get_logger().warning(
                f'dropped a pose: {error}', throttle_duration_sec=_WARN_EVERY_S
            )
            return
        self._renderer.quality = Quality(settings.ladder, settings.target_latency_s)
        self._queue.tolerance = PoseTolerance(
            settings.tolerance_m * self._units(settings).scale, settings.tolerance_deg
        )
        stamp_message = self._stamps.take(stamp).to_msg()
        self._queue.update(camera, Tag(stamp_message, settings.encoding))

    def _camera(self, pose: Pose, settings: Settings) -> Camera:
        position, orientation = pose.position, pose.orientation
        c2w = c2w_from_quaternion(
            (position.x, position.y, position.z),
            (orientation.x, orientation.y, orientation.z, orientation.w),
            settings.convention,
        )
        return Camera(self._units(settings).to_scene(c2w), settings.intrinsics)

    def _units(self, settings: Settings) -> WorldTransform:
        in_world = settings.in_world and self._world is not None
        return self._world if in_world else WorldTransform.identity()

    def _on_get_frame(
        self, request: GetFrame.Request, response: GetFrame.Response
    ) -> GetFrame.Response:
        frame = self._queue.take(request.client_id)
        if frame is not None:
            tag: Tag = frame.update.tag
            header = messages.header(tag.stamp, self.get_parameter('frame_id').value)
            response.available = True
            response.info = messages.frame_info(frame, header)
            response.image = messages.image(frame, tag.encoding, header)
        return response

    def _settings(self) -> Settings:
        return Settings.from_values(parameters.values(self), self._world is not None)

    def _check_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        # Only checked here: every update reads the parameters anew, so a change takes effect
        # with the next one.
        changed = {parameter.name: parameter.value for parameter in changes}
        try:
            Settings.from_values(
                {**parameters.values(self), **changed}, self._world is not None
            )
        except ConfigurationError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)
