# SPDX-License-Identifier: Apache-2.0
"""NerfStudioRenderQueue, as scripts use it."""

from __future__ import annotations

import gc
import json
from pathlib import Path
import subprocess
import sys
import threading
import time

from nerfstudio_renderer import (
    c2w_from_euler,
    Camera,
    ConfigurationError,
    Intrinsics,
    load_scene,
    NerfStudioRenderQueue,
    PoseError,
    Renderer,
    SceneError,
)
import numpy as np
import pytest

LEVELS = [{'width': 8, 'height': 6, 'fov': 60}, {'width': 20, 'height': 15, 'fov': 60.0}]
PATIENCE_S = 60.0


@pytest.fixture
def camera_config(tmp_path: Path) -> Path:
    """Return the path of a file with two small levels."""
    path = tmp_path / 'levels.json'
    path.write_text(json.dumps(LEVELS))
    return path


def _next_image(queue: NerfStudioRenderQueue) -> np.ndarray:
    deadline = time.monotonic() + PATIENCE_S
    while (image := queue.get_rgb_image()) is None:
        assert time.monotonic() < deadline, 'no image came'
        time.sleep(0.005)  # as a script does: there is nothing to wait on in this interface
    return image


def _new_threads(before: set[str]) -> set[str]:
    """Return the names of threads that were not there before and do not end either."""
    deadline = time.monotonic() + PATIENCE_S
    while (new := {thread.name for thread in threading.enumerate()} - before):
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    return new


@pytest.fixture
def queue(tiny_scene: Path, camera_config: Path):
    """Return a queue with small levels."""
    with NerfStudioRenderQueue(tiny_scene, camera_config_path=camera_config) as queue:
        yield queue


def test_images_come_coarse_to_fine_and_then_none(queue):
    assert queue.get_rgb_image() is None
    queue.update_camera([0.0, 0.0, 0.5], [60.0, 0.0, 0.0])
    image = _next_image(queue)
    while image.shape != (15, 20, 3):
        assert image.shape == (6, 8, 3)
        image = _next_image(queue)
    assert image.dtype == np.float32
    assert 0.0 <= image.min() <= image.max() <= 1.0
    image[:] = 0.0  # the caller's own
    assert queue.get_rgb_image() is None


def test_position_and_rotation_may_be_any_three_numbers_and_are_copied(queue):
    position = [0.0, 0.0, 0.5]
    queue.update_camera(position, (60, 0, 0))
    position[0] = 9.0
    queue.update_camera(np.zeros(3), np.array([0.0, -152.0, 0.0]))
    assert _next_image(queue) is not None


@pytest.mark.parametrize(
    ('position', 'rotation'),
    [([0.0, 0.0], [0.0] * 3), ([0.0] * 3, [0.0, float('nan'), 0.0]), ('abc', [0.0] * 3)],
)
def test_what_is_no_pose_is_refused_and_changes_nothing(queue, position, rotation):
    with pytest.raises(PoseError):
        queue.update_camera(position, rotation)
    queue.update_camera([0.0, 0.0, 0.5], [60.0, 0.0, 0.0])
    assert _next_image(queue) is not None


def test_deleting_the_queue_ends_its_thread(tiny_scene, camera_config):
    before = {thread.name for thread in threading.enumerate()}
    queue = NerfStudioRenderQueue(tiny_scene, camera_config_path=camera_config)
    queue.update_camera([0.0] * 3, [0.0] * 3)
    assert any(thread.name == 'render' for thread in threading.enumerate())
    _next_image(queue)
    del queue
    gc.collect()
    assert _new_threads(before) == set()


def test_a_script_that_forgets_to_close_ends_all_the_same(tiny_scene):
    script = (
        'from nerfstudio_renderer import NerfStudioRenderQueue\n'
        f'queue = NerfStudioRenderQueue({str(tiny_scene)!r})\n'
        'queue.update_camera([0, 0, 0], [0, 0, 0])\n'
    )
    subprocess.run([sys.executable, '-c', script], cwd=Path(__file__).parents[2], timeout=90,
                   check=True)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('[]', 'not a list of levels'),
        ('{', 'cannot be read'),
        ('[{"width": 8, "height": 6}]', 'exactly the keys width, height, fov'),
        ('[{"width": "8", "height": 6, "fov": 50}]', 'width of level'),
        ('[{"width": 8, "height": 0, "fov": 50}]', '8 x 0'),
        ('[{"width": 8, "height": 1000000000, "fov": 50}]', 'is more than 16384'),
        pytest.param('[' * 100000, 'cannot be read', id='deep'),
        ('[{"width": 8, "height": 6, "fov": 200}]', '200'),
    ],
)
def test_levels_that_cannot_be_used_are_refused(tiny_scene, camera_config, content, reason):
    camera_config.write_text(content)
    with pytest.raises(ConfigurationError, match=reason):
        NerfStudioRenderQueue(tiny_scene, camera_config_path=camera_config)


def test_a_scene_that_is_none_is_refused(tmp_path):
    with pytest.raises(SceneError, match='does not exist'):
        NerfStudioRenderQueue(tmp_path / 'config.yml')


@pytest.fixture
def square(tiny_scene: Path):
    """Return a queue whose images are set by arguments."""
    with NerfStudioRenderQueue(
        tiny_scene, width=24, height=16, fov_y_deg=60.0, levels=[4, 2], target_latency_ms=0.0
    ) as queue:
        yield queue


def test_size_view_and_levels_may_be_given(square):
    square.update_camera([0.0, 0.0, 0.5], [60.0, 0.0, 0.0])
    frame = None
    while frame is None or not frame.is_finest:
        image = square.wait_for_image(PATIENCE_S)
        assert image is not None
        frame = square.get_frame() or frame
        if image.shape == (8, 12, 3):
            break
        assert image.shape == (4, 6, 3)
    assert square.get_rgb_image() is None


def test_a_frame_has_depth_and_accumulation_and_is_given_out_once(square):
    assert square.get_frame() is None
    square.update_camera([0.0, 0.0, 0.5], [60.0, 0.0, 0.0])
    while square.wait_for_image(PATIENCE_S).shape != (8, 12, 3):
        pass
    square.update_camera([0.0, 0.1, 0.5], [60.0, 0.0, 0.0])
    frame = None
    deadline = time.monotonic() + PATIENCE_S
    while frame is None:
        assert time.monotonic() < deadline, 'no frame came'
        frame = square.get_frame()
        time.sleep(0.005)
    shape = frame.rgb.shape[:2]
    assert shape in ((4, 6), (8, 12))
    assert frame.depth.shape == frame.accumulation.shape == shape
    assert frame.sequence == 2
    assert frame.intrinsics.fy == pytest.approx(shape[0] / (2.0 * np.tan(np.radians(30.0))))


def test_waiting_for_an_image_has_an_end(square):
    assert square.wait_for_image(0.01) is None


def test_a_loaded_scene_may_be_given(tiny_scene, camera_config):
    scene = load_scene(tiny_scene)
    with NerfStudioRenderQueue(scene=scene, camera_config_path=camera_config) as queue:
        queue.update_camera([0.0, 0.0, 0.5], [60.0, 0.0, 0.0])
        assert queue.wait_for_image(PATIENCE_S) is not None
    with pytest.raises(ConfigurationError, match='not both'):
        NerfStudioRenderQueue(tiny_scene, scene=scene)


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [({'width': 0}, '0 x 720'), ({'levels': []}, 'one or more'), ({'levels': [2, 2]}, 'multiple'),
     ({'fov_y_deg': 180.0}, '180'), ({'engine': 'x'}, "'x' is not one of"),
     ({'device': 'tpu'}, "device 'tpu'")],
)
def test_arguments_that_cannot_be_used_are_refused(tiny_scene, arguments, reason):
    with pytest.raises(ConfigurationError, match=reason):
        NerfStudioRenderQueue(tiny_scene, **arguments)


def test_a_renderer_renders_the_finest_image_of_one_camera_after_another(tiny_scene):
    renderer = Renderer(load_scene(tiny_scene), device='cpu')
    assert (renderer.engine, renderer.device) == ('fused', 'cpu')
    pinhole = Intrinsics.from_fov_y(20, 12, 50.0)
    frames = [
        renderer.render(Camera(c2w_from_euler((x, 0.0, 0.5), (60.0, 0.0, 0.0)), pinhole))
        for x in (0.0, 0.5, 0.0)
    ]
    assert [frame.rgb.shape for frame in frames] == [(12, 20, 3)] * 3
    assert [frame.sequence for frame in frames] == [1, 2, 3]
    assert all(frame.is_finest and frame.level_count == 1 for frame in frames)
    np.testing.assert_array_equal(frames[0].rgb, frames[2].rgb)
    assert np.abs(frames[0].rgb - frames[1].rgb).max() > 1e-4
