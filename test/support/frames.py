# SPDX-License-Identifier: Apache-2.0
"""Frames as the node publishes them, without a node that renders them."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from nerfstudio_renderer import Camera, Frame, Intrinsics, Update
from nerfstudio_renderer.engines.host_pixels import HostImage
from nerfstudio_renderer_ros.inputs.calibration import Calibration
from nerfstudio_renderer_ros.state.parameters import PARAMETERS, Value
from nerfstudio_renderer_ros.state.settings import Settings
from nerfstudio_renderer_ros.state.update_context import UpdateContext
import numpy as np


def settings_of(**values: Value) -> Settings:
    """Return what the parameters say by default, but for ``values``."""
    return Settings.from_values({**{spec.name: spec.default for spec in PARAMETERS}, **values})


def frame_with(
    pixels: np.ndarray,
    full: Intrinsics | None = None,
    level: Intrinsics | None = None,
    *,
    units_per_metre: float = 1.0,
    **values: Value,
) -> Frame:
    """
    Return a frame of update 1.

    :param pixels: shape (height, width, CHANNELS).
    :param full: the camera's projection; None for one of the size of ``pixels``.
    :param level: that of this picture; None for the full one.
    :param values: parameters that are not as by default.
    """
    height, width, _ = pixels.shape
    full = full or Intrinsics.from_fov_y(width, height, 50.0)
    settings, c2w = settings_of(**values), np.eye(3, 4)
    calibration = Calibration.ideal(full, settings.pixel_centre)
    context = UpdateContext(Time(sec=1), settings, calibration, c2w, units_per_metre)
    return Frame(
        update=Update(1, Camera(c2w, full), 0.0, context=context),
        level=0,
        level_count=1,
        intrinsics=level or full,
        image=HostImage(np.array(pixels, np.float32)),
        render_time_s=0.0,
        latency_s=0.0,
    )
