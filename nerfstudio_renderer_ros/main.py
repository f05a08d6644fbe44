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
"""Starts, spins and stops the renderer node."""

from __future__ import annotations

import signal

from nerfstudio_renderer import exit_quickly, RendererError
from nerfstudio_renderer_ros.opening import open_scene, SceneOpener
import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException
from rclpy.logging import get_logger


def main(args: list[str] | None = None, opener: SceneOpener = open_scene) -> int:
    """
    Run the node until Ctrl-C or SIGTERM.

    :param args: command line; None for the process's own.
    :param opener: loads the scene.
    :returns: the exit status of the process.
    """
    exit_quickly()
    # SIGTERM ends loading and spinning as Ctrl-C does: rclpy calls this handler after its own.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        rclpy.init(args=args)
        # Imports PyTorch, which takes seconds; from here on, Ctrl-C is handled.
        from nerfstudio_renderer_ros.node import RendererNode

        with RendererNode(opener) as node:
            rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except (RendererError, ParameterException) as error:
        get_logger('nerfstudio_renderer').fatal(f'cannot start: {error}')
        return 1
    finally:
        # The end has begun: an impatient second Ctrl-C must not tear it apart.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        rclpy.try_shutdown()
    return 0
