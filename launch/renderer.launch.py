# SPDX-License-Identifier: Apache-2.0
"""Starts the renderer; each of its parameters is an argument."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from nerfstudio_renderer_ros.state.parameters import PARAMETERS, ParameterSpec, Value
import yaml

# Beside launch/, in the source tree as where it is installed.
_CONFIG = Path(__file__).parent.parent / 'config'
_PARAMS_FILE = _CONFIG / 'renderer.yaml'
# What config/renderer.rviz shows. rviz2 takes each camera_info from beside its image.
_RVIZ_TOPICS = ('image', 'camera_info', 'depth/image', 'depth/camera_info')


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and what they start."""
    given: set[str] = set()
    # The group keeps the arguments of one renderer from the next one in the same launch.
    return LaunchDescription([GroupAction([
        # First, for after the declarations a default looks like a value that was given.
        OpaqueFunction(function=lambda context: given.update(context.launch_configurations)),
        *_parameter_arguments(),
        *_other_arguments(),
        OpaqueFunction(function=_start, args=[given]),
    ])])


def _parameter_arguments() -> list[DeclareLaunchArgument]:
    defaults = yaml.safe_load(_PARAMS_FILE.read_text())['/**']['ros__parameters']
    return [
        DeclareLaunchArgument(
            spec.name,
            default_value=str(defaults[spec.name]),
            description=_description(spec),
            choices=list(spec.choices) or None,
        )
        for spec in PARAMETERS
    ]


def _description(spec: ParameterSpec) -> str:
    if spec.limits is None:
        return spec.description
    least, greatest = spec.limits
    return f'{spec.description} ({least:g} to {greatest:g})'


def _other_arguments() -> list[DeclareLaunchArgument]:
    return [
        DeclareLaunchArgument(
            'params_file', default_value=str(_PARAMS_FILE),
            description='YAML file with parameters; an argument that is given overrides it',
        ),
        DeclareLaunchArgument(
            'namespace', default_value='', description='Namespace of the node',
        ),
        DeclareLaunchArgument(
            'name', default_value='nerfstudio_renderer',
            description='Name of the node, and so of its topics: <namespace>/<name>/image',
        ),
        _switch('use_sim_time', 'Stamp the pictures with the time on /clock'),
        DeclareLaunchArgument(
            'log_level', default_value='info', description='Least severity that the node logs',
            choices=['debug', 'info', 'warn', 'error', 'fatal'],
        ),
        _switch('respawn', 'Start the node again, after 2 s, when it ends by itself'),
        _switch('rviz', 'Show the pictures in rviz2'),
    ]


def _switch(name: str, description: str) -> DeclareLaunchArgument:
    return DeclareLaunchArgument(
        name, default_value='false', description=f'{description}: true or false',
    )


def _start(context: LaunchContext, given: set[str]) -> list[Node]:
    """Check every argument, then return the nodes: launch would leave a started one behind."""
    arguments = context.launch_configurations
    params_file = _params_file(arguments['params_file'])
    overrides = {name: _parameter(name, arguments[name]) for name in _TYPES if name in given}
    renderer = _renderer(
        [params_file, overrides], _typed('respawn', arguments['respawn'], bool)
    )
    if not _typed('rviz', arguments['rviz'], bool):
        return [renderer]
    clock = {name: value for name, value in overrides.items() if name == 'use_sim_time'}
    frame = ['--fixed-frame', arguments['world_frame']] if 'world_frame' in given else []
    return [_rviz([clock], frame), renderer]  # rviz2 first, for it may not be installed


def _renderer(parameters: list[Path | dict[str, ParameterValue]], respawn: bool) -> Node:
    return Node(
        package='nerfstudio_renderer_ros',
        executable='renderer',
        namespace=LaunchConfiguration('namespace'),
        name=LaunchConfiguration('name'),
        parameters=parameters,
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        respawn=respawn,
        respawn_delay=2.0,
        output='screen',
    )


def _rviz(parameters: list[dict[str, ParameterValue]], options: list[str]) -> Node:
    name = LaunchConfiguration('name')
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=LaunchConfiguration('namespace'),
        name=[name, '_rviz'],
        parameters=parameters,
        remappings=[
            (f'/nerfstudio_renderer/{topic}', [name, f'/{topic}']) for topic in _RVIZ_TOPICS
        ],
        arguments=['-d', str(_CONFIG / 'renderer.rviz'), *options],
    )


def _params_file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():  # launch would go on without it
        raise RuntimeError(f'argument params_file: there is no file {path}')
    return path


def _parameter(name: str, text: str) -> ParameterValue:
    kind = _TYPES[name]
    return ParameterValue(_typed(name, text, kind), value_type=kind)


def _typed(name: str, text: str, kind: type) -> Value:
    parse, noun = _PARSERS[kind]
    try:
        return parse(text)
    except ValueError:
        raise RuntimeError(f'argument {name}: {text!r} is not {noun}') from None


def _truth(text: str) -> bool:
    if text.lower() not in ('true', 'false'):
        raise ValueError
    return text.lower() == 'true'


def _whole_numbers(text: str) -> list[int]:
    return [int(number) for number in text.strip('[] ').split(',')]


_TYPES = {
    **{
        spec.name: list[int] if isinstance(spec.default, list) else type(spec.default)
        for spec in PARAMETERS
    },
    'use_sim_time': bool,
}
_PARSERS: dict[type, tuple[Callable[[str], Value], str]] = {
    bool: (_truth, 'true or false'),
    int: (int, 'a whole number'),
    float: (float, 'a number'),
    str: (str, 'a text'),
    list[int]: (_whole_numbers, 'a list of whole numbers such as [4, 2, 1]'),
}
