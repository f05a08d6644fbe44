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
"""The session: another scene in the place of the one that is shown, without a node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
import gc
import weakref

from nerfstudio_renderer import (
    ConfigurationError,
    Frame,
    ProgressiveRenderer,
    Projection,
    Quality,
    StrideLevels,
)
from nerfstudio_renderer_ros.inputs.calibration import Calibration
from nerfstudio_renderer_ros.state.render_session import PoseRequest, RenderSession
from nerfstudio_renderer_ros.state.scene_loading import LoadedScene
from nerfstudio_renderer_ros.state.settings import Settings
import numpy as np
import pytest
from rclpy.time import Time
from support.engines import PATIENCE_S, PatternEngine
from support.frames import settings_of

SMALL = settings_of(width=8, height=6, levels=[1])
FISHEYE = settings_of(width=8, height=6, levels=[1], projection=Projection.FISHEYE.value)


def _scene(renders_single_rays: bool = True, seconds_per_ray: float = 0.0) -> LoadedScene:
    engine = PatternEngine(
        renders_single_rays=renders_single_rays, seconds_per_ray=seconds_per_ray
    )
    return LoadedScene(ProgressiveRenderer(engine, Quality(StrideLevels((1,)))), None)


def _calibration(settings: Settings) -> Calibration:
    return Calibration.ideal(settings.intrinsics, settings.pixel_centre)


def _shot(settings: Settings = SMALL, seconds: int = 1) -> PoseRequest:
    return PoseRequest(np.eye(3, 4), Time(seconds=seconds), True, settings, _calibration(settings))


class Audience:
    """A session, and the frames that it has shown."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.stage = RenderSession(self.frames.append, lambda update, error: None)

    def change(self, old: LoadedScene, new: LoadedScene, settings: Settings = SMALL):
        """Change the scene."""
        return self.stage.change_scene(old, new, settings, _calibration(settings))

    def wait(self) -> Frame:
        """Wait until nothing is rendered any more; return the newest frame."""
        assert self.stage._queue.wait_until_idle(PATIENCE_S)
        return self.frames[-1]


@pytest.fixture
def audience() -> Iterator[Audience]:
    """Return a session that shows nothing yet."""
    audience = Audience()
    yield audience
    assert audience.stage.close()


def _start(audience: Audience, scene: LoadedScene) -> None:
    audience.stage.set_scene(scene)
    audience.stage.start()


def test_a_scene_that_cannot_be_seen_with_the_camera_changes_nothing(audience):
    session, rays = audience.stage, _scene()
    _start(audience, rays)
    first = session.show(_shot(FISHEYE))
    with pytest.raises(ConfigurationError, match='rasterises'):
        audience.change(rays, _scene(renders_single_rays=False), FISHEYE)
    assert session.scene is rays
    again = audience.change(rays, _scene(), FISHEYE)
    assert again.sequence == first.sequence + 1


def test_the_last_pose_is_shown_anew_as_the_parameters_are_now(audience):
    old = _scene()
    _start(audience, old)
    audience.stage.show(_shot(FISHEYE))
    wider = settings_of(width=10, height=6, levels=[1])
    audience.change(old, _scene(renders_single_rays=False), wider)
    assert audience.wait().intrinsics == wider.intrinsics


def test_a_scene_that_was_loaded_for_the_place_of_another_does_not_take_this_one_s(audience):
    first, second = _scene(), _scene()
    audience.stage.set_scene(first)
    audience.stage.clear()
    audience.stage.set_scene(second)
    with pytest.raises(ConfigurationError, match='given another one'):
        audience.change(first, _scene())
    assert audience.stage.scene is second


def test_a_resting_stage_takes_the_scene_and_renders_when_it_is_started(audience):
    first, second = _scene(), _scene()
    _start(audience, first)
    audience.stage.show(_shot(FISHEYE))
    assert audience.stage.stop()
    assert audience.change(first, second) is None
    audience.stage.start()
    assert audience.stage.show(_shot()).sequence == 2


def test_a_pose_from_before_a_jump_of_the_clock_is_shown_anew_with_the_time_that_is(audience):
    old = _scene()
    _start(audience, old)
    audience.stage.show(_shot(seconds=600))
    audience.wait()
    audience.stage.restart_stamps(600 * 10**9, Time(seconds=5))
    audience.change(old, _scene())
    assert audience.wait().update.context.stamp.sec == 5
    assert audience.stage.why_stale(Time(seconds=5), Time(seconds=5)) is None


@pytest.mark.parametrize(
    ('second', 'is_new'),
    [
        ({}, False),
        ({'encoding': 'bgr8'}, True),
        ({'levels': [2, 1]}, True),
        ({'pose_tolerance_m': 0.5, 'pose_tolerance_deg': 1.0}, False),
        ({'render_repeated': True}, False),
    ],
    ids=lambda value: ''.join(value) if isinstance(value, dict) else '',
)
def test_a_repeated_pose_is_an_update_if_it_is_to_look_otherwise(audience, second, is_new):
    _start(audience, _scene())
    first = audience.stage.show(_shot())
    again = audience.stage.show(_shot(settings_of(width=8, height=6, **{'levels': [1], **second})))
    assert (again is not first) == is_new


def test_a_repeated_pose_is_an_update_if_that_is_wanted(audience):
    _start(audience, _scene())
    audience.stage.show(_shot(seconds=1))
    audience.stage.show(replace(_shot(seconds=2), force=True))
    assert audience.wait().update.context.stamp.sec == 2


def test_a_repeated_pose_is_an_update_if_the_clock_has_jumped(audience):
    _start(audience, _scene())
    audience.stage.show(_shot(seconds=600))
    audience.stage.restart_stamps(600 * 10**9, Time(seconds=5))
    assert audience.stage.show(_shot(seconds=5)).sequence == 2
    assert audience.wait().update.context.stamp.sec == 5
    assert audience.stage.show(_shot(seconds=6)).sequence == 2


def test_the_old_scene_is_let_go_of_even_in_the_middle_of_its_picture(audience):
    old = _scene(seconds_per_ray=0.005)
    reference = weakref.ref(old.renderer)
    _start(audience, old)
    audience.stage.show(_shot())  # a quarter of a second
    audience.change(old, _scene())
    del old
    gc.collect()
    assert reference() is None
