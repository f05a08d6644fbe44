# SPDX-License-Identifier: Apache-2.0
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
