# SPDX-License-Identifier: Apache-2.0
"""Flies a camera around the bundled scene; takes the arguments of renderer.launch.py too."""

from __future__ import annotations

from pathlib import Path

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    RegisterEventHandler,
    Shutdown,
)
from launch.event_handlers import OnProcessExit
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

_RENDERER = Path(__file__).with_name('renderer.launch.py')


def generate_launch_description() -> LaunchDescription:
    """Return a small renderer, which a CPU can drive, and the camera that circles for it."""
    return LaunchDescription([
        _argument('width', '320', 'Columns of a picture of stride 1, pixels'),
        _argument('height', '180', 'Rows of a picture of stride 1, pixels'),
        _argument('namespace', '', 'Namespace of all nodes'),
        # Before any process starts: whatever ends, by itself or by its user, ends the demo.
        RegisterEventHandler(OnProcessExit(on_exit=[Shutdown()])),
        IncludeLaunchDescription(PythonLaunchDescriptionSource(str(_RENDERER))),
        _orbit(),
    ])


def _argument(name: str, default: str, description: str) -> DeclareLaunchArgument:
    return DeclareLaunchArgument(name, default_value=default, description=description)


def _orbit() -> Node:
    # The group in renderer.launch.py keeps its arguments, so that name may have no value here.
    name = LaunchConfiguration('name', default='nerfstudio_renderer')
    return Node(
        package='nerfstudio_renderer_ros',
        executable='orbit',
        namespace=LaunchConfiguration('namespace'),
        remappings=[('~/pose', [name, '/pose'])],
        output='screen',
    )
