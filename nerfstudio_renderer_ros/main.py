# SPDX-License-Identifier: Apache-2.0
"""Starts, spins and stops the renderer node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
import os
import signal
import threading

from nerfstudio_renderer import contained, exit_quickly, reason, RendererError
from nerfstudio_renderer_ros import transport
from nerfstudio_renderer_ros.node import RendererNode
from nerfstudio_renderer_ros.state.parameters import Value
from nerfstudio_renderer_ros.state.scene_loading import LoadedScene, open_scene, SceneOpener
import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException
from rclpy.logging import get_logger
from rclpy.signals import (
    install_signal_handlers,
    SignalHandlerOptions,
    uninstall_signal_handlers,
)

_NAME = 'nerfstudio_renderer'


def main(args: list[str] | None = None, opener: SceneOpener = open_scene) -> int:
    """
    Run the node until Ctrl-C or SIGTERM.

    :param args: command line; None for the process's own.
    :param opener: loads the scene.
    :returns: the exit status of the process.
    """
    exit_quickly()
    _end_at_once()
    try:
        transports = transport.prepare(os.environ)
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
        get_logger(_NAME).debug(transports)
        with RendererNode(partial(_open, opener)) as node:
            node.autostart()
            _end_in_order()
            rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except (RendererError, ParameterException) as error:
        get_logger(_NAME).fatal(f'cannot start: {reason(error)}')
        return 1
    finally:
        # A second Ctrl-C must not interrupt the clean-up.
        _on_signal(signal.SIG_IGN)
        rclpy.try_shutdown()
    return 0


def _open(opener: SceneOpener, values: Mapping[str, Value]) -> LoadedScene:
    """Load a scene; signals terminate immediately meanwhile."""
    get_logger(_NAME).info('loading the scene')
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        return opener(values)
    uninstall_signal_handlers()
    _end_at_once()
    try:
        with contained('loading the scene'):  # here no signal raises KeyboardInterrupt
            return opener(values)
    finally:
        _end_in_order()


def _end_at_once() -> None:
    """
    Make SIGINT and SIGTERM terminate the process immediately.

    Libraries imported while a scene is loaded (PyTorch, nerfstudio) do not survive a
    KeyboardInterrupt at any line, and there is nothing to clean up yet.
    """
    _on_signal(signal.SIG_DFL)


def _end_in_order() -> None:
    """Make SIGINT and SIGTERM stop spinning cleanly: rclpy calls this handler after its own."""
    _on_signal(signal.default_int_handler)
    install_signal_handlers(SignalHandlerOptions.ALL)


def _on_signal(handler: Callable | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
