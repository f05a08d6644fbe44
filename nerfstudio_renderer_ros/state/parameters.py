# SPDX-License-Identifier: Apache-2.0
"""The node's parameters as a table: the one place where they are named and described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nerfstudio_renderer import (
    ConfigurationError,
    DEFAULTS,
    ENGINE_NAMES,
    LARGEST_SIDE,
    quoted,
)
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

Value = bool | int | float | str | list[int]


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter of the node."""

    name: str
    """As in ``ros2 param``."""
    default: Value
    """Its value unless the user gives one; also fixes the type."""
    description: str
    """What it does, in which unit."""
    limits: tuple[float, float] | None = None
    """Least and greatest number, both allowed; of a list, each number."""
    choices: tuple[str, ...] = ()
    """The only allowed strings; empty for any."""
    read_only: bool = False
    """Whether it is fixed when the node starts."""
    at_configure: bool = False
    """Whether a change waits for the next configuration of the node."""

    @property
    def changes(self) -> str:
        """Return when a change takes effect, in words."""
        if self.read_only:
            return 'at start'
        return 'at configure' if self.at_configure else 'any time'

    @property
    def descriptor(self) -> ParameterDescriptor:
        """Return the same for ``ros2 param describe``."""
        descriptor = ParameterDescriptor(
            type=Parameter.Type.from_parameter_value(self.default).value,
            description=self.description,
            read_only=self.read_only,
            additional_constraints=f'one of {", ".join(self.choices)}' if self.choices else '',
        )
        if self.limits and not isinstance(self.default, float):
            least, greatest = (int(limit) for limit in self.limits)
            descriptor.integer_range = [IntegerRange(from_value=least, to_value=greatest, step=1)]
        elif self.limits:
            least, greatest = self.limits
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=least, to_value=greatest, step=0.0)
            ]
        return descriptor

    def check(self, value: Any) -> None:
        """Refuse what ROS itself does not, which checks types and the range of single numbers."""
        if self.choices and value not in self.choices:
            raise ConfigurationError(
                f'parameter {self.name}: {quoted(value)} is not one of {", ".join(self.choices)}'
            )
        if self.limits and isinstance(self.default, list):
            least, greatest = self.limits
            for each in value:
                if not least <= each <= greatest:
                    raise ConfigurationError(
                        f'parameter {self.name}: {each} in {quoted(list(value))} is not between '
                        f'{least} and {greatest}'
                    )

    def typed(self, value: Any) -> Any:
        """Return ``value`` in this parameter's type: whole numbers are floats too."""
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return float(value) if is_whole and isinstance(self.default, float) else value

    def refuse_other_types(self, value: Any) -> None:
        """
        Refuse a value that is none, or of another type.

        :raises ConfigurationError: with the value and one that can be used.
        """
        if value is None:
            raise ConfigurationError(
                f'parameter {self.name}: it has no value, as of []; give one such as '
                f'{self.default!r}'
            )
        wanted, found = (Parameter.Type.from_parameter_value(each) for each in (
            self.default, value
        ))
        if found != wanted:
            raise ConfigurationError(
                f'parameter {self.name}: {quoted(value)} is of type {_noun(found)}, not '
                f'{_noun(wanted)}; give one such as {self.default!r}'
            )


PARAMETERS = (
    ParameterSpec(
        'autostart', True,
        'Whether the node configures and activates itself; false: it waits for ros2 lifecycle set',
        read_only=True,
    ),
    ParameterSpec(
        'config', '',
        'Path of the config.yml that ns-train wrote, of its folder, or of a file of Gaussians; '
        'empty: the bundled scene',
        at_configure=True,
    ),
    ParameterSpec(
        'checkpoint', '',
        'Path of a step-*.ckpt; empty: the newest step beside the config',
        at_configure=True,
    ),
    ParameterSpec(
        'device', 'auto',
        'Where to render: auto (CUDA where there is one), cpu, cuda or cuda:N',
        at_configure=True,
    ),
    ParameterSpec(
        'engine', 'auto',
        'What renders: auto takes the fastest one that supports the scene on the device',
        choices=ENGINE_NAMES, at_configure=True,
    ),
    ParameterSpec(
        'width', DEFAULTS.width, 'Columns of a picture of stride 1, pixels',
        limits=(1, LARGEST_SIDE),
    ),
    ParameterSpec(
        'height', DEFAULTS.height, 'Rows of a picture of stride 1, pixels',
        limits=(1, LARGEST_SIDE),
    ),
    ParameterSpec(
        'projection', 'perspective',
        'How directions become pixels: perspective (a pinhole), fisheye (equidistant) or '
        'equirectangular (the whole sphere)',
        choices=('perspective', 'fisheye', 'equirectangular'),
    ),
    ParameterSpec(
        'fov_y_deg', DEFAULTS.fov_y_deg,
        'Vertical field of view, degrees; below 180 for perspective, of no effect for '
        'equirectangular',
        limits=(1.0, 360.0),
    ),
    ParameterSpec(
        'levels', list(DEFAULTS.levels),
        'Strides of the pictures of a series, coarse to fine, each a multiple of the next; 1: '
        'every pixel',
        limits=(1, LARGEST_SIDE),
    ),
    ParameterSpec(
        'target_latency_ms', DEFAULTS.target_latency_ms,
        'Coarse levels are left out while the first picture still comes within this time, '
        'milliseconds; 0: render them all',
        limits=(0.0, 60000.0),
    ),
    ParameterSpec(
        'encoding', 'rgb8', 'Encoding of the published and served images',
        choices=('rgb8', 'bgr8', 'rgba8', 'bgra8', 'mono8'),
    ),
    ParameterSpec(
        'compressed_format', 'jpeg', 'Format of ~/image/compressed', choices=('jpeg', 'png'),
    ),
    ParameterSpec(
        'jpeg_quality', 95, 'Quality of ~/image/compressed as jpeg', limits=(1, 100),
    ),
    ParameterSpec(
        'depth_encoding', '32FC1',
        'Encoding of ~/depth/image: 32FC1 (metres, NaN for nothing) or 16UC1 (millimetres, 0 for '
        'nothing)',
        choices=('32FC1', '16UC1'),
    ),
    ParameterSpec(
        'depth_min_accumulation', 0.5,
        'There is no depth where less than this share of the light along a ray is taken up',
        limits=(0.0, 1.0),
    ),
    ParameterSpec(
        'pixel_centre', 0.5,
        'Where camera_info, in and out, has the centre of the first pixel: 0.5 (nerfstudio, '
        'COLMAP) or 0.0 (OpenCV, image_geometry)',
        limits=(0.0, 0.5),
    ),
    ParameterSpec(
        'frame_id', 'nerfstudio_camera', 'header.frame_id of everything published',
        read_only=True,
    ),
    ParameterSpec(
        'world_frame', 'map', 'Frame in which poses without a frame_id are, and others are turned '
        'into',
    ),
    ParameterSpec(
        'publish_tf', False,
        'Whether frame_id is broadcast in world_frame, at the pose that is rendered (needs '
        'tf2_ros)',
    ),
    ParameterSpec(
        'pose_convention', 'optical',
        'Axes of the camera in pose messages: optical (z forward, y down), body (x forward, '
        'z up) or opengl (-z forward, y up)',
        choices=('optical', 'body', 'opengl'),
    ),
    ParameterSpec(
        'pose_units', 'auto',
        'Coordinates of pose messages: world (of the training poses), scene (of the model), or '
        'auto: world where dataparser_transforms.json exists',
        choices=('auto', 'world', 'scene'),
    ),
    ParameterSpec(
        'pose_tolerance_m', 0.0,
        'A pose this near to the last accepted one does not restart the refinement, in the '
        'units of the poses (metres); 0: only an equal one',
        limits=(0.0, 1000.0),
    ),
    ParameterSpec(
        'pose_tolerance_deg', 0.0,
        'The same for its orientation, degrees; 0: only an equal one',
        limits=(0.0, 180.0),
    ),
    ParameterSpec(
        'render_repeated', False,
        'Whether such a pose is rendered all the same, as an update with a stamp of its own',
    ),
)
"""Every parameter of the node, in the order of the documentation."""


_SPECS = {spec.name: spec for spec in PARAMETERS}


def declare(node: Node) -> None:
    """
    Declare all parameters on ``node``, with the values that the user gave.

    :raises ConfigurationError: if one of them is of another type.
    """
    for spec in PARAMETERS:
        _declare(node, spec)
    if hasattr(node, 'add_pre_set_parameters_callback'):  # Humble has none
        node.add_pre_set_parameters_callback(_typed)


def _declare(node: Node, spec: ParameterSpec) -> None:
    # Of any type at first: the user's value is known only once it is declared.
    any_type = ParameterDescriptor(dynamic_typing=True)
    value = spec.typed(node.declare_parameter(spec.name, spec.default, any_type).value)
    spec.refuse_other_types(value)
    node.set_parameters([Parameter(spec.name, value=value)])
    node.set_descriptor(spec.name, spec.descriptor)


def _typed(changes: list[Parameter]) -> list[Parameter]:
    """Return what users want to set, whole numbers as floats where these are meant."""
    return [
        Parameter(each.name, value=_SPECS[each.name].typed(each.value))
        if each.name in _SPECS and each.type_ == Parameter.Type.INTEGER else each
        for each in changes
    ]


def _noun(kind: Parameter.Type) -> str:
    return kind.name.lower().replace('_', ' ')


def values(node: Node) -> dict[str, Value]:
    """Return the current value of every parameter."""
    return {spec.name: node.get_parameter(spec.name).value for spec in PARAMETERS}
