# SPDX-License-Identifier: Apache-2.0
"""Launches a file as ``ros2 launch`` does: ``python start.py FILE [NAME:=VALUE ...]``."""

from __future__ import annotations

import signal
import sys

from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

if __name__ == '__main__':
    file, *arguments = sys.argv[1:]
    # Whoever starts this in the background may have it ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    service = LaunchService(argv=arguments, noninteractive=True)
    service.include_launch_description(LaunchDescription([
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(file),
            launch_arguments=[argument.split(':=', 1) for argument in arguments],
        ),
    ]))
    sys.exit(service.run())
