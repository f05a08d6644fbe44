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
"""The parameters as checked, typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nerfstudio_renderer import ConfigurationError, Intrinsics, PoseConvention, StrideLadder
from nerfstudio_renderer_ros.parameters import PARAMETERS, Value


@dataclass(frozen=True)
class Settings:
    """What the parameters say, for one update."""

    intrinsics: Intrinsics
    """Projection and size of the finest picture."""
    ladder: StrideLadder
    """The levels of a series."""
    target_latency_s: float
    """Time within which the first picture should come, seconds."""
    encoding: str
    """Of the images."""
    convention: PoseConvention
    """Axes of the camera in pose messages."""
    in_world: bool
    """Whether poses are in world coordinates rather than the scene's."""
    tolerance_m: float
    """Distance within which a pose counts as repeated, in the units of the poses."""
    tolerance_deg: float
    """Angle within which a pose counts as repeated, degrees."""

    @classmethod
    def from_values(cls, values: Mapping[str, Value], has_world: bool) -> Settings:
        """
        Check ``values``, one for each parameter, and return what they say.

        :param has_world: whether the scene says where it stands in the world.
        :raises ConfigurationError: with the parameter, its value and what to do.
        """
        for spec in PARAMETERS:
            spec.check(values[spec.name])
        units = values['pose_units']
        if units == 'world' and not has_world:
            raise ConfigurationError(
                'parameter pose_units: world needs dataparser_transforms.json beside the '
                'config; copy it there, or send poses in scene units with pose_units:=scene'
            )
        return cls(
            intrinsics=Intrinsics.from_fov_y(
                values['width'], values['height'], values['fov_y_deg']
            ),
            ladder=StrideLadder(tuple(values['levels'])),
            target_latency_s=values['target_latency_ms'] / 1e3,
            encoding=values['encoding'],
            convention=PoseConvention(values['pose_convention']),
            in_world=units == 'world' or (units == 'auto' and has_world),
            tolerance_m=values['pose_tolerance_m'],
            tolerance_deg=values['pose_tolerance_deg'],
        )
