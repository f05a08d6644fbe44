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
"""The stage: a scene that cannot take the place of another leaves it there."""

from __future__ import annotations

from nerfstudio_renderer import (
    ConfigurationError,
    ProgressiveRenderer,
    Projection,
    Quality,
    StrideLadder,
)
from nerfstudio_renderer_ros.calibration import Calibration
from nerfstudio_renderer_ros.opening import OpenedScene
from nerfstudio_renderer_ros.stage import Shot, Stage
import numpy as np
import pytest
from rclpy.time import Time
from support.engines import PatternEngine
from support.frames import settings_of


def _scene(renders_single_rays: bool) -> OpenedScene:
    engine = PatternEngine(renders_single_rays=renders_single_rays)
    return OpenedScene(ProgressiveRenderer(engine, Quality(StrideLadder((1,)))), None)


def test_a_scene_that_cannot_be_seen_with_the_last_camera_changes_nothing():
    stage = Stage(lambda frame: None, lambda update, error: None)
    rays, raster = _scene(True), _scene(False)
    stage.set_scene(rays)
    stage.start()
    settings = settings_of(width=8, height=6, projection=Projection.FISHEYE.value)
    calibration = Calibration.ideal(settings.intrinsics, settings.pixel_centre)
    first = stage.show(Shot(np.eye(3, 4), Time(seconds=1), True, settings, calibration))
    with pytest.raises(ConfigurationError, match='rasterises'):
        stage.change_scene(raster)
    assert stage.scene is rays
    again = stage.change_scene(_scene(True))
    assert again.sequence == first.sequence + 1
    assert stage.close()
