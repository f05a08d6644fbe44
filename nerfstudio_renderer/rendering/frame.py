# SPDX-License-Identifier: Apache-2.0
"""The values that travel with a pose through the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from nerfstudio_renderer.cameras.camera import Camera, Intrinsics
from nerfstudio_renderer.rendering.image import Image
from nerfstudio_renderer.rendering.levels import Quality
import numpy as np

Context = TypeVar('Context')
"""What a sender attaches to its updates, such as a time stamp."""


@dataclass(frozen=True, eq=False)
class Update(Generic[Context]):
    """An accepted camera update."""

    sequence: int
    """1, 2, 3, ...: the place of this update among the accepted ones."""
    camera: Camera
    """The camera to render."""
    received_s: float
    """When the update was accepted, seconds of the queue's monotonic clock."""
    quality: Quality = Quality()
    """The levels of its series."""
    context: Context | None = None
    """What the sender wants to find on the update's frames."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A finished image: one level of the series of one update."""

    update: Update[Any]
    """The update that was rendered."""
    level: int
    """0 is the coarsest level of this update's series."""
    level_count: int
    """Levels in this update's series; ``level_count - 1`` is the finest."""
    intrinsics: Intrinsics
    """Projection and size of this image."""
    image: Image
    """Its pixels."""
    render_time_s: float
    """Seconds spent on this level."""
    latency_s: float
    """Seconds from accepting the update to finishing this frame."""

    @property
    def sequence(self) -> int:
        """Return which accepted update this is an image of: 1, 2, 3, ..."""
        return self.update.sequence

    @property
    def rgb(self) -> np.ndarray:
        """Return colour, float32 of shape (height, width, 3) in 0..1, read-only."""
        return self.image.rgb

    @property
    def depth(self) -> np.ndarray:
        """Return distance along the ray, float32 of shape (height, width), scene units."""
        return self.image.depth

    @property
    def accumulation(self) -> np.ndarray:
        """Return opacity along the ray, float32 of shape (height, width) in 0..1."""
        return self.image.accumulation

    @property
    def order(self) -> tuple[int, int]:
        """Sequence and level: frames are only ever given out in increasing order of this."""
        return self.update.sequence, self.level

    @property
    def is_finest(self) -> bool:
        """Whether no better image of this update will follow."""
        return self.level == self.level_count - 1
