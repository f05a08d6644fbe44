# SPDX-License-Identifier: Apache-2.0
"""The parameters as checked, typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nerfstudio_renderer import (
    ConfigurationError,
    DEFAULTS,
    Intrinsics,
    PoseConvention,
    Projection,
    quoted,
    StrideLevels,
)
from nerfstudio_renderer_ros.state.parameters import PARAMETERS, Value


@dataclass(frozen=True)
class Settings:
    """Parameters for one update."""

    intrinsics: Intrinsics
    """Projection and size of an image of stride 1."""
    levels: StrideLevels
    """The levels of a series."""
    target_latency_s: float
    """Time within which the first image should come, seconds."""
    encoding: str
    """Of the images."""
    compressed_format: str
    """Of the compressed images: jpeg or png."""
    jpeg_quality: int
    """Of the compressed images, 1 to 100."""
    depth_encoding: str
    """Of the depth images: 32FC1 or 16UC1."""
    depth_min_accumulation: float
    """Opacity below which there is no depth, 0 to 1."""
    pixel_centre: float
    """Coordinate of the first pixel's centre in camera_info, pixels; the core's is 0.5."""
    frame_id: str
    """Frame of the camera, in the header of everything published."""
    world_frame: str
    """Frame of the poses that are rendered."""
    publish_tf: bool
    """Whether the camera's frame is broadcast."""
    convention: PoseConvention
    """Axes of the camera in pose messages."""
    units: str
    """Coordinates of the poses: world, scene or auto."""
    tolerance_m: float
    """Distance within which a pose counts as repeated, in the units of the poses."""
    tolerance_deg: float
    """Angle within which a pose counts as repeated, degrees."""
    renders_repeated: bool
    """Whether a repeated pose is rendered too."""

    @property
    def of_images(self) -> Settings:
        """Return a copy without the parameters that only filter poses."""
        return replace(self, tolerance_m=0.0, tolerance_deg=0.0, renders_repeated=False)

    @classmethod
    def from_values(cls, values: Mapping[str, Value]) -> Settings:
        """
        Check ``values``, one for each parameter, and return them as settings.

        :raises ConfigurationError: with the parameter, its value and what to do.
        """
        for spec in PARAMETERS:
            spec.check(values[spec.name])
        frame_id, world_frame = _frame('frame_id', values), _frame('world_frame', values)
        if world_frame == frame_id:
            raise ConfigurationError(
                f'parameter world_frame: {quoted(world_frame)} is the frame_id of the camera '
                'too; a camera has a frame of its own'
            )
        return cls(
            intrinsics=Intrinsics.from_fov_y(
                values['width'], values['height'], values['fov_y_deg'],
                Projection(values['projection']),
            ),
            levels=_levels(values),
            target_latency_s=values['target_latency_ms'] / 1e3,
            encoding=values['encoding'],
            compressed_format=values['compressed_format'],
            jpeg_quality=values['jpeg_quality'],
            depth_encoding=values['depth_encoding'],
            depth_min_accumulation=values['depth_min_accumulation'],
            pixel_centre=values['pixel_centre'],
            frame_id=frame_id,
            world_frame=world_frame,
            publish_tf=values['publish_tf'],
            convention=PoseConvention(values['pose_convention']),
            units=values['pose_units'],
            tolerance_m=values['pose_tolerance_m'],
            tolerance_deg=values['pose_tolerance_deg'],
            renders_repeated=values['render_repeated'],
        )


def _levels(values: Mapping[str, Value]) -> StrideLevels:
    """Return the levels. Default strides may exceed the image: such levels are left out later."""
    levels = StrideLevels(tuple(values['levels']))
    side = max(values['width'], values['height'])
    if levels.strides[0] > side and levels.strides != DEFAULTS.levels:
        raise ConfigurationError(
            f'parameter levels: a stride of {levels.strides[0]} is larger than a picture of '
            f'{values["width"]} x {values["height"]} pixels; give {side} at most'
        )
    return levels


def _frame(parameter: str, values: Mapping[str, Value]) -> str:
    """Return the name of a frame without the leading slash, as in tf2."""
    name = values[parameter].lstrip('/')
    if not name:
        raise ConfigurationError(
            f'parameter {parameter}: {quoted(values[parameter])} names no frame; give one such as '
            'map'
        )
    return name
