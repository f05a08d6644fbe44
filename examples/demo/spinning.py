# SPDX-License-Identifier: Apache-2.0
"""A node in the background of a program that does other things."""

from __future__ import annotations

from contextlib import suppress
import threading

import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node


class SpinningNode:
    """
    A node that runs its callbacks on a thread of its own, from ``start`` to ``close``.

    :param name: of the node; the process's ROS arguments do not concern it.
    """

    def __init__(self, name: str) -> None:
        self._context = Context()
        rclpy.init(args=[], context=self._context)
        self.node = Node(name, context=self._context, use_global_arguments=False)
        """To be given its publishers and subscriptions before ``start``."""
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, name=name, daemon=True)

    def start(self) -> None:
        """Begin to run callbacks."""
        self._thread.start()

    def close(self) -> None:
        """End the thread and leave the graph."""
        self._executor.shutdown()
        self._thread.join()
        self.node.destroy_node()
        self._context.try_shutdown()

    def _spin(self) -> None:
        with suppress(ExternalShutdownException):
            self._executor.spin()
