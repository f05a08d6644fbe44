# SPDX-License-Identifier: Apache-2.0
"""The render session without a node: poses, and scenes that replace each other."""

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
)
from nerfstudio_renderer.engines.protocol import Engine
from nerfstudio_renderer_ros.inputs.calibration import Calibration
from nerfstudio_renderer_ros.state.render_session import PoseRequest, RenderSession
from nerfstudio_renderer_ros.state.scene_loading import LoadedScene
from nerfstudio_renderer_ros.state.settings import Settings
import numpy as np
import pytest
from rclpy.time import Time
from support.engines import PATIENCE_S, PatternEngine, RasterPatternEngine
from support.frames import settings_of

SMALL = settings_of(width=8, height=6, levels=[1])
FISHEYE = settings_of(width=8, height=6, levels=[1], projection=Projection.FISHEYE.value)


def _scene(engine: Engine | None = None) -> LoadedScene:
    return LoadedScene(ProgressiveRenderer(engine or PatternEngine()), None)


def _calibration(settings: Settings) -> Calibration:
    return Calibration.ideal(settings.intrinsics, settings.pixel_centre)


def _request(settings: Settings = SMALL, seconds: int = 1) -> PoseRequest:
    return PoseRequest(np.eye(3, 4), Time(seconds=seconds), True, settings, _calibration(settings))


class Audience:
    """A session, and the frames that it has shown."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.session = RenderSession(self.frames.append, lambda update, error: None)

    def change(self, old: LoadedScene, new: LoadedScene, settings: Settings = SMALL):
        """Change the scene."""
        return self.session.change_scene(old, new, settings, _calibration(settings))

    def wait(self) -> Frame:
        """Wait until nothing is rendered any more; return the newest frame."""
        assert self.session._queue.wait_until_idle(PATIENCE_S)
        return self.frames[-1]


@pytest.fixture
def audience() -> Iterator[Audience]:
    """Return a session that shows nothing yet."""
    audience = Audience()
    yield audience
    assert audience.session.close()


def _start(audience: Audience, scene: LoadedScene) -> None:
    audience.session.set_scene(scene)
    audience.session.start()


def test_a_scene_that_does_not_support_the_camera_changes_nothing(audience):
    session, rays = audience.session, _scene()
    _start(audience, rays)
    first = session.show(_request(FISHEYE))
    with pytest.raises(ConfigurationError, match='rasterises'):
        audience.change(rays, _scene(RasterPatternEngine()), FISHEYE)
    assert session.scene is rays
    again = audience.change(rays, _scene(), FISHEYE)
    assert again.sequence == first.sequence + 1


def test_a_new_scene_is_rendered_from_the_last_pose_with_the_current_parameters(audience):
    old = _scene()
    _start(audience, old)
    audience.session.show(_request(FISHEYE))
    wider = settings_of(width=10, height=6, levels=[1])
    audience.change(old, _scene(RasterPatternEngine()), wider)
    assert audience.wait().intrinsics == wider.intrinsics


def test_a_scene_does_not_replace_one_that_was_set_while_it_was_loaded(audience):
    first, second = _scene(), _scene()
    audience.session.set_scene(first)
    audience.session.clear()
    audience.session.set_scene(second)
    with pytest.raises(ConfigurationError, match='given another one'):
        audience.change(first, _scene())
    assert audience.session.scene is second


def test_a_stopped_session_takes_a_scene_and_renders_it_once_started(audience):
    first, second = _scene(), _scene()
    _start(audience, first)
    audience.session.show(_request(FISHEYE))
    assert audience.session.stop()
    assert audience.change(first, second) is None
    audience.session.start()
    assert audience.session.show(_request()).sequence == 2


def test_a_pose_from_before_a_jump_of_the_clock_is_rendered_again_with_the_current_time(audience):
    old = _scene()
    _start(audience, old)
    audience.session.show(_request(seconds=600))
    audience.wait()
    audience.session.restart_stamps(600 * 10**9, Time(seconds=5))
    audience.change(old, _scene())
    assert audience.wait().update.context.stamp.sec == 5
    assert audience.session.why_stale(Time(seconds=5), Time(seconds=5)) is None


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
def test_a_repeated_pose_is_an_update_if_its_images_would_differ(audience, second, is_new):
    _start(audience, _scene())
    first = audience.session.show(_request())
    changed = settings_of(width=8, height=6, **{'levels': [1], **second})
    again = audience.session.show(_request(changed))
    assert (again is not first) == is_new


def test_a_repeated_pose_is_an_update_if_forced(audience):
    _start(audience, _scene())
    audience.session.show(_request(seconds=1))
    audience.session.show(replace(_request(seconds=2), force=True))
    assert audience.wait().update.context.stamp.sec == 2


def test_a_repeated_pose_is_an_update_if_the_clock_has_jumped(audience):
    _start(audience, _scene())
    audience.session.show(_request(seconds=600))
    audience.session.restart_stamps(600 * 10**9, Time(seconds=5))
    assert audience.session.show(_request(seconds=5)).sequence == 2
    assert audience.wait().update.context.stamp.sec == 5
    assert audience.session.show(_request(seconds=6)).sequence == 2


def test_the_old_scene_is_freed_even_while_it_is_rendered(audience):
    old = _scene(PatternEngine(seconds_per_ray=0.005))
    reference = weakref.ref(old.renderer)
    _start(audience, old)
    audience.session.show(_request())  # a quarter of a second
    audience.change(old, _scene())
    del old
    gc.collect()
    assert reference() is None
