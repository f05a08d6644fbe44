# SPDX-License-Identifier: Apache-2.0
"""The service that changes the scene while the node runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
import threading

from nerfstudio_renderer import free_unused_memory, reason
from nerfstudio_renderer_msgs.srv import LoadScene
from nerfstudio_renderer_ros.monitoring.logs import log_traceback
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

Load = Callable[[str, str], str]

_PATIENCE_S = 2.0
# Requests wait while a scene is loaded, and the default profile of services keeps only ten.
# Bounded, so that answers do not wait for a suspended client.
_DEEP = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)


class SceneService:
    """
    Answers ``~/load_scene`` once the scene is loaded, without blocking the node.

    rclpy answers a service when its callback returns, and a callback that waits blocks the others
    of its executor. So the service has its own thread and executor; a node belongs to one executor
    alone, so it has its own node too, with a hidden name.

    :param node: in whose name the service is offered.
    :param load: called with config and checkpoint; returns the title of what it loaded.
    """

    def __init__(self, node: Node, load: Load) -> None:
        self._load = load
        self._logger = node.get_logger()
        self._is_closed = False
        self._node = rclpy.create_node(
            f'_{node.get_name()}_scenes', namespace=node.get_namespace(), context=node.context,
            use_global_arguments=False, enable_rosout=False, start_parameter_services=False,
        )
        self._node.create_service(
            LoadScene, node.resolve_service_name('~/load_scene'), self._on_load_scene,
            qos_profile=_DEEP,
        )
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name='load scenes', daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering; a scene that is being loaded is given up."""
        self._is_closed = True
        self._executor.shutdown(timeout_sec=0.0)
        self._thread.join(_PATIENCE_S)
        self._node.destroy_node()

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            while self._node.context.ok() and not self._is_closed:
                self._spin_until_something_is_raised()

    def _spin_until_something_is_raised(self) -> None:
        """Answer until closed, or until an answer cannot be sent: only that one is lost."""
        try:
            self._executor.spin()
        except ExternalShutdownException:
            raise
        except BaseException as error:
            self._logger.error(f'a caller of load_scene got no answer: {reason(error)}')
            log_traceback(self._logger, error)

    def _on_load_scene(
        self, request: LoadScene.Request, response: LoadScene.Response
    ) -> LoadScene.Response:
        try:
            response.message = self._load(request.config, request.checkpoint)
            response.success = True
        except BaseException as error:  # of any kind: the caller gets the reason
            response.message = reason(error)
        free_unused_memory()  # of the old scene, or of one that was refused
        return response
