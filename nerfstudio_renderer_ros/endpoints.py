# SPDX-License-Identifier: Apache-2.0
"""The topics and the service that the node has while it is configured."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from nerfstudio_renderer import Frame
from nerfstudio_renderer_msgs.srv import GetFrame
from nerfstudio_renderer_ros.inputs.calibration import Calibration
from nerfstudio_renderer_ros.inputs.camera_input import CameraInput
from nerfstudio_renderer_ros.inputs.pose_input import PoseInput
from nerfstudio_renderer_ros.monitoring.event_log import EventLog
from nerfstudio_renderer_ros.monitoring.statistics import Statistics
from nerfstudio_renderer_ros.outputs import messages
from nerfstudio_renderer_ros.outputs.publishers import FramePublishers
from nerfstudio_renderer_ros.state.render_session import RenderSession
from nerfstudio_renderer_ros.state.settings import Settings
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleNode


class Endpoints:
    """
    Poses and cameras in, frames out.

    :param settings: returns the current settings.
    """

    def __init__(
        self,
        node: LifecycleNode,
        session: RenderSession,
        statistics: Statistics,
        event_log: EventLog,
        settings: Callable[[], Settings],
    ) -> None:
        self._session = session
        with ExitStack() as cleanup:  # of what exists already, if a later part cannot be made
            self._publishers = FramePublishers(node, cleanup)
            self._camera = CameraInput(node, event_log, cleanup)
            self._poses = PoseInput(
                node, session, settings, self._camera.calibration,
                self._publishers.has_newcomers, event_log, statistics, cleanup,
            )
            cleanup.callback(node.destroy_service, node.create_service(
                GetFrame, '~/get_frame', self._on_get_frame,
                callback_group=MutuallyExclusiveCallbackGroup(),
            ))
            self._cleanup = cleanup.pop_all()

    def calibration(self, settings: Settings) -> Calibration:
        """Return the calibration of the camera that is rendered."""
        return self._camera.calibration(settings)

    def publish(self, frame: Frame) -> None:
        """Publish ``frame``; on the render thread."""
        self._publishers.publish(frame)

    def close(self) -> None:
        """Destroy the topics and the service."""
        self._cleanup.close()

    def _on_get_frame(
        self, request: GetFrame.Request, response: GetFrame.Response
    ) -> GetFrame.Response:
        frame = self._session.take(request.client_id)
        if frame is not None:
            header = messages.header(frame)
            response.available = True
            response.info = messages.frame_info(frame, header)
            response.image = messages.image(frame, header)
        return response
