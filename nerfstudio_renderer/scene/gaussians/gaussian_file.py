# SPDX-License-Identifier: Apache-2.0
"""What was read, and what is known of the file."""

from __future__ import annotations

from dataclasses import dataclass

from nerfstudio_renderer.scene.gaussians.gaussians import Gaussians
from nerfstudio_renderer.scene.world import WorldTransform


@dataclass(frozen=True, eq=False)
class GaussianFile:
    """The Gaussians of a file."""

    gaussians: Gaussians
    """Those that can be rendered."""
    form: str
    """'ply', 'compressed ply', 'splat', 'spz', 'SOG' or 'splatfacto'."""
    version: str
    """Of the form, '' where it has none."""
    left_out: int
    """How many broken Gaussians were left out: not finite, or without a rotation."""
    knows_antialiased: bool
    """Whether the file says if they are antialiased; where it does not, they count as not."""
    world: WorldTransform | None = None
    """From ``dataparser_transforms.json`` beside the file; None for the file's own coordinates."""
