# SPDX-License-Identifier: Apache-2.0
"""The bundled scene's files, and the generator that made its views."""

from __future__ import annotations

import json

from nerfstudio_renderer.scene import bundled_config, SceneFiles
import numpy as np
import pytest
from tools.robot_cell.cameras import look_at, Pinhole
from tools.robot_cell.cell import tracer
from tools.robot_cell.render import render

FILES = SceneFiles.locate(bundled_config())
HELDOUT = bundled_config().parent / 'heldout'


def test_the_checkpoint_is_small_and_its_config_names_no_machine():
    assert FILES.checkpoint.stat().st_size <= 8e6
    config = FILES.config.read_text()
    assert 'implementation: torch' in config
    for folder in ('/home', '/root', '/work', '/tmp'):
        assert folder not in config


def test_the_world_of_the_bundled_scene_is_not_the_scene_itself():
    transforms = json.loads(FILES.transforms.read_text())
    assert not np.allclose(transforms['transform'], np.eye(3, 4), atol=0.1)
    assert transforms['scale'] != 1.0


def test_held_out_views_have_colour_depth_and_poses():
    views = json.loads((HELDOUT / 'transforms.json').read_text())
    assert len(views['frames']) >= 8
    for view in views['frames']:
        assert (HELDOUT / view['file_path']).is_file()
        assert np.linalg.det(np.array(view['transform_matrix'])[:3, :3]) == pytest.approx(1.0)


def test_the_depth_of_a_wall_by_hand():
    # The room is 6 m long, x from 1.2 to 7.2; from x = 6.2, 1 m before the wall at x = 7.2, at a
    # height where nothing stands between.
    pose = look_at(np.array([6.2, -1.5, 2.4]), np.array([7.2, -1.5, 2.4]))
    camera = Pinhole(16, 12, 20.0)
    view = render(tracer(), camera, pose, samples=1, rng=np.random.default_rng(0))
    # Along the optical axis, not along the ray: the same for every pixel.
    np.testing.assert_allclose(view.depth, 1.0, atol=1e-3)
    assert view.rgb.shape == (12, 16, 3)


def test_the_same_seed_gives_the_same_picture():
    pose = look_at(np.array([4.2, -3.3, 1.6]), np.array([4.2, -1.5, 0.8]))
    camera = Pinhole(32, 24, 55.0)
    first, second = (
        render(tracer(), camera, pose, samples=1, rng=np.random.default_rng(3)) for _ in range(2)
    )
    np.testing.assert_array_equal(first.rgb, second.rgb)
    assert first.rgb.std() > 20  # there is something to see
