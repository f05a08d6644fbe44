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
"""The values that travel with a pose through the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nerfstudio_renderer.camera import Camera, Intrinsics
from nerfstudio_renderer.picture import Picture


@dataclass(frozen=True, eq=False)
class Update:
    """An accepted camera update."""

    sequence: int
    """1, 2, 3, ...: the place of this update among the accepted ones."""
    camera: Camera
    """The camera to render."""
    received_s: float
    """When the update was accepted, seconds of the queue's monotonic clock."""
    tag: Any = None
    """Whatever the sender wants to find on the update's frames, such as a time stamp."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A finished picture: one level of the series of one update."""

    update: Update
    """The update that was rendered."""
    level: int
    """0 is the coarsest level of this update's series."""
    level_count: int
    """Levels in this update's series; ``level_count - 1`` is the finest."""
    intrinsics: Intrinsics
    """Projection and size of this picture."""
    picture: Picture
    """Its pixels."""
    render_time_s: float
    """Seconds spent on this level."""
    latency_s: float
    """Seconds from accepting the update to finishing this frame."""

    @property
    def order(self) -> tuple[int, int]:
        """Sequence and level: frames are only ever given out in increasing order of this."""
        return self.update.sequence, self.level

    @property
    def is_finest(self) -> bool:
        """Whether no better picture of this update will follow."""
        return self.level == self.level_count - 1
