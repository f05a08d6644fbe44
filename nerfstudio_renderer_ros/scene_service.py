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
"""The service that changes the scene while the node runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
import threading

from nerfstudio_renderer import free_unused_memory
from nerfstudio_renderer_msgs.srv import LoadScene
import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

Load = Callable[[str, str], str]

_PATIENCE_S = 2.0


class SceneService:
    """
    Answers ``~/load_scene`` when the scene is loaded, while the node does everything else.

    rclpy answers a service when its callback returns, and a callback that waits stops the others
    of its executor. So this one has a thread and an executor of its own, and with them, as rclpy
    has it, a node of its own, whose name is hidden.

    :param node: whose service it is.
    :param load: called with config and checkpoint; returns what was loaded, or raises the reason.
    """

    def __init__(self, node: Node, load: Load) -> None:
        self._load = load
        self._node = rclpy.create_node(
            f'_{node.get_name()}_scenes', namespace=node.get_namespace(), context=node.context,
            use_global_arguments=False, enable_rosout=False, start_parameter_services=False,
        )
        self._node.create_service(
            LoadScene, node.resolve_service_name('~/load_scene'), self._on_load_scene
        )
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name='load scenes', daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer no more; what is being loaded is given up."""
        self._executor.shutdown(timeout_sec=0.0)
        self._thread.join(_PATIENCE_S)
        self._node.destroy_node()

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            self._executor.spin()

    def _on_load_scene(
        self, request: LoadScene.Request, response: LoadScene.Response
    ) -> LoadScene.Response:
        try:
            response.message = self._load(request.config, request.checkpoint)
            response.success = True
        except Exception as error:  # whatever it is, the caller is to hear of it
            response.message = str(error)
        free_unused_memory()  # of the scene that is not shown: the old one, or one refused
        return response
