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
"""The defaults that the node, the scripts and the documentation share."""

from __future__ import annotations

from dataclasses import dataclass

from nerfstudio_renderer.cameras.camera import Intrinsics


@dataclass(frozen=True)
class Defaults:
    """What a user gets who asks for nothing in particular."""

    width: int = 1280
    """Pixels in a row of a picture of stride 1."""
    height: int = 720
    """Pixels in a column of a picture of stride 1."""
    fov_y_deg: float = 50.0
    """Vertical field of view, degrees."""
    levels: tuple[int, ...] = (16, 8, 4, 2, 1)
    """Strides, coarse to fine."""
    target_latency_ms: float = 33.0
    """Time within which the first picture should come, milliseconds."""

    @property
    def intrinsics(self) -> Intrinsics:
        """Return the pinhole of a picture of stride 1."""
        return Intrinsics.from_fov_y(self.width, self.height, self.fov_y_deg)


DEFAULTS = Defaults()
