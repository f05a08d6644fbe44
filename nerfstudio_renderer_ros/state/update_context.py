# SPDX-License-Identifier: Apache-2.0
"""What the node keeps with an update, for the messages about its frames."""

from __future__ import annotations

from dataclasses import dataclass

from builtin_interfaces.msg import Time
from nerfstudio_renderer_ros.inputs.calibration import Calibration
from nerfstudio_renderer_ros.state.settings import Settings
import numpy as np


@dataclass(frozen=True, eq=False)
class UpdateContext:
    """Belongs to an update; the render queue passes it on unread."""

    stamp: Time
    """Of every message about the update's frames."""
    settings: Settings
    """Parameters when it was accepted."""
    calibration: Calibration
    """Of the camera."""
    c2w: np.ndarray
    """Requested pose, OpenGL axes, shape (3, 4), in the frame and unit of the poses."""
    units_per_metre: float
    """Scene units in one unit of the poses."""
