# SPDX-License-Identifier: Apache-2.0
"""Depth along the optical axis: planes by hand, and held-out views of the bundled scene."""

from __future__ import annotations

from dataclasses import replace
import json

import cv2
from nerfstudio_renderer import (
    Camera,
    Frame,
    Intrinsics,
    load_scene,
    optical_depth,
    Projection,
    select_engine,
    Update,
)
from nerfstudio_renderer.cameras.directions import axis_cosines, unit_directions
from nerfstudio_renderer.engines.host_pixels import HostImage
from nerfstudio_renderer.engines.protocol import CHANNELS
from nerfstudio_renderer.scene import bundled_config
import numpy as np
import pytest
from support.engines import camera_at, every_level, series

HELDOUT = bundled_config().parent / 'heldout'
STRIDE = 4
PLAIN = Intrinsics(40, 30, 25.0, 27.0, 14.0, 12.0)
CAMERAS = {
    'pinhole': PLAIN,
    'distorted': replace(PLAIN, distortion=(-0.2, 0.05, 2e-3, -1e-3)),
    'fisheye': Intrinsics(40, 30, 10.0, 10.0, 20.0, 15.0, Projection.FISHEYE),
    'sphere': Intrinsics.from_fov_y(40, 20, 0.0, Projection.EQUIRECTANGULAR),
}


def _frame(intrinsics: Intrinsics, depth: np.ndarray, accumulation: np.ndarray) -> Frame:
    pixels = np.zeros((intrinsics.height, intrinsics.width, CHANNELS), np.float32)
    pixels[..., 3] = depth
    pixels[..., 4] = accumulation
    update = Update(1, camera_at(0.0, intrinsics), received_s=0.0)
    return Frame(update, 0, 1, intrinsics, HostImage(pixels), 0.0, 0.0)


@pytest.mark.parametrize('name', list(CAMERAS))
def test_a_wall_across_the_view_has_one_depth(name):
    intrinsics = CAMERAS[name]
    forward = -unit_directions(intrinsics)[..., 2].astype(np.float64)
    # Rays that point backwards hit something too, 3 away.
    along_the_ray = np.where(forward > 0.0, 2.5 / np.where(forward > 0.0, forward, 1.0), 3.0)
    depth = optical_depth(_frame(intrinsics, along_the_ray, np.ones_like(forward)), 0.5)
    assert depth.dtype == np.float32
    assert depth.shape == (intrinsics.height, intrinsics.width)
    np.testing.assert_allclose(depth[forward > 0.0], 2.5, rtol=1e-5)
    assert np.isnan(depth[forward <= 0.0]).all()
    assert (name in ('fisheye', 'sphere')) == bool((forward <= 0.0).any())


def test_half_a_sphere_lies_behind_the_camera():
    sphere = CAMERAS['sphere']
    ones = np.ones((sphere.height, sphere.width))
    depth = optical_depth(_frame(sphere, ones, ones), 0.0)
    # Longitudes -90 to 90 degrees are the middle half of the columns.
    assert np.isfinite(depth[:, 10:30]).all()
    assert np.isnan(depth[:, :10]).all()
    assert np.isnan(depth[:, 30:]).all()


def test_there_is_no_depth_where_there_is_little_to_see():
    accumulation = np.linspace(0.0, 1.0, PLAIN.pixel_count, dtype=np.float32)
    accumulation = accumulation.reshape(PLAIN.height, PLAIN.width)
    frame = _frame(PLAIN, np.ones_like(accumulation), accumulation)
    for least in (0.0, 0.25, float(accumulation[11, 7]), 1.0):
        np.testing.assert_array_equal(
            np.isnan(optical_depth(frame, least)), accumulation < np.float32(least)
        )


def test_there_is_no_depth_where_there_is_no_ray():
    circle = Intrinsics.from_fov_y(30, 22, 170.0, Projection.FISHEYE)
    folded = replace(PLAIN, distortion=(-0.5, 0.0, 0.0, 0.0))
    for intrinsics in (circle, folded):
        ones = np.ones((intrinsics.height, intrinsics.width))
        depth = optical_depth(_frame(intrinsics, ones, ones), 0.0)
        blind = ~(axis_cosines(intrinsics) > 0.0)
        assert blind.any()
        np.testing.assert_array_equal(np.isnan(depth), blind)


def test_the_array_is_the_callers_own():
    ones = np.ones((PLAIN.height, PLAIN.width))
    frame = _frame(PLAIN, ones, ones)
    first = optical_depth(frame, 0.0)
    before = first.copy()
    first[:] = -1.0
    np.testing.assert_array_equal(optical_depth(frame, 0.0), before)


def test_depth_of_held_out_views_is_right_within_3_cm():
    scene = load_scene()
    views = json.loads((HELDOUT / 'transforms.json').read_text())
    full = Intrinsics(views['w'], views['h'], views['fl_x'], views['fl_y'], views['cx'],
                      views['cy'])
    quality = every_level(STRIDE)
    engine = select_engine(scene, 'fused', 'cpu')
    errors = {}
    for view in views['frames']:
        c2w = scene.world.to_scene(np.array(view['transform_matrix'])[:3])
        (frame,) = series(engine, Camera(c2w, full), quality)
        level = quality.levels.levels(full)[0]
        every = slice(level.offset, None, STRIDE)
        millimetres = cv2.imread(str(HELDOUT / view['depth_file_path']), cv2.IMREAD_UNCHANGED)
        metres = optical_depth(frame, 0.0) / scene.world.scale
        errors[view['file_path']] = np.abs(metres - millimetres[every, every] / 1e3)
    assert len(errors) >= 8
    medians = {name: round(float(np.median(error)), 4) for name, error in errors.items()}
    assert np.median(list(errors.values())) <= 0.03, medians
