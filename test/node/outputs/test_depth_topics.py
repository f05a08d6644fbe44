# SPDX-License-Identifier: Apache-2.0
"""Depth images of the bundled scene against the true depth of its held-out views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image
from support.client import Client, pose
from support.heldout import (
    depths,
    INTRINSICS,
    optical_matrix,
    optical_pose,
    points,
    sub_grid,
    VIEWS,
)

STRIDES = (8, 4)
DEFAULTS = {'depth_encoding': '32FC1', 'depth_min_accumulation': 0.5, 'pixel_centre': 0.5}
Show = Callable[[dict], list[tuple[Any, ...]]]


@pytest.fixture(scope='module')
def show(renderer: Client) -> Show:
    """Return what shows a view and has info, image, camera, depth and its camera of each level."""
    assert renderer.set_parameter('levels', list(STRIDES)).successful
    topics = (
        renderer.images,
        renderer.camera_infos,
        renderer.listen_to_frames(Image, 'depth/image'),
        renderer.listen_to_frames(CameraInfo, 'depth/camera_info'),
    )

    def show_view(view: dict) -> list[tuple[Any, ...]]:
        renderer.show(pose())  # for the same pose twice is rendered once
        return renderer.show(optical_pose(view), *topics)

    return show_view


@pytest.fixture
def setting(renderer: Client) -> Callable[[str, Any], None]:
    """Return what sets a parameter for the time of a test."""

    def set_parameter(name: str, value: Any) -> None:
        assert renderer.set_parameter(name, value).successful

    yield set_parameter
    for name, value in DEFAULTS.items():
        set_parameter(name, value)


def _numbers(depth: Image) -> np.ndarray:
    kind = {'32FC1': np.float32, '16UC1': np.uint16}[depth.encoding]
    return np.frombuffer(depth.data, kind).reshape(depth.height, depth.width)


def test_depth_belongs_to_its_image_and_camera_info_on_every_level(show):
    frames = show(VIEWS[0])
    assert [info.width for info, *_ in frames] == [40, 80]
    for info, image, camera, depth, depth_camera in frames:
        assert depth.header == depth_camera.header == image.header == info.header
        assert depth_camera == camera
        assert (depth.width, depth.height) == (image.width, image.height)
        assert (camera.width, camera.height) == (image.width, image.height)
        assert (depth.encoding, depth.step, depth.is_bigendian) == ('32FC1', 4 * depth.width, 0)
        assert len(depth.data) == depth.step * depth.height


def test_depth_is_the_true_one_within_3_cm_over_all_held_out_views(show):
    errors = [[], []]
    for view in VIEWS:
        for level, (*_, depth, _) in enumerate(show(view)):
            truth = sub_grid(depths(view), STRIDES, level)
            errors[level].append(np.abs(_numbers(depth) - truth).ravel())
    for each in map(np.concatenate, errors):
        # Every view is full of things: where there is no depth, it counts as wrong.
        assert np.median(np.nan_to_num(each, nan=np.inf)) <= 0.03


@pytest.mark.parametrize('view', VIEWS[:2], ids=lambda view: view['file_path'])
def test_unprojecting_as_depth_image_proc_does_gives_points_on_the_true_surfaces(
    show, setting, view
):
    setting('pixel_centre', 0.0)
    for level, (*_, depth, camera) in enumerate(show(view)):
        # depth_image_proc/point_cloud_xyz: (u - cx) z / fx with the projection of P.
        z = _numbers(depth)
        row, column = np.mgrid[:depth.height, :depth.width]
        p = camera.p.reshape(3, 4)
        optical = np.stack([
            (column - p[0, 2]) * z / p[0, 0], (row - p[1, 2]) * z / p[1, 1], z,
        ], axis=-1)
        matrix = optical_matrix(view)
        world = optical @ matrix[:3, :3].T + matrix[:3, 3]
        truth = sub_grid(points(view), STRIDES, level)
        assert np.nanmedian(np.linalg.norm(world - truth, axis=-1)) <= 0.03
        floor = np.abs(truth[..., 2]) < 0.005
        assert floor.sum() > 20
        assert np.nanmedian(np.abs(world[floor][:, 2])) <= 0.03
        # Whatever the depth, each point lies on the ray of the pixel that it was rendered for.
        place = optical[..., :2] / z[..., None] * INTRINSICS.fx
        expected = sub_grid(np.stack(np.meshgrid(
            np.arange(320) + 0.5 - INTRINSICS.cx, np.arange(240) + 0.5 - INTRINSICS.cy
        ), axis=-1), STRIDES, level)
        known = np.isfinite(z)
        np.testing.assert_allclose(place[known], expected[known], atol=1e-3)


def test_millimetres_are_the_metres_rounded_and_nothing_is_0(show, setting):
    metres = _numbers(show(VIEWS[2])[-1][3])
    setting('depth_encoding', '16UC1')
    depth = show(VIEWS[2])[-1][3]
    assert (depth.encoding, depth.step, depth.is_bigendian) == ('16UC1', 2 * depth.width, 0)
    nothing = np.isnan(metres)
    assert 0 < nothing.sum() < nothing.size
    np.testing.assert_array_equal(_numbers(depth)[nothing], 0)
    np.testing.assert_allclose(_numbers(depth)[~nothing], metres[~nothing] * 1000.0, atol=0.501)


def test_depth_is_nan_where_less_light_is_taken_up_than_the_parameter_says(show, setting):
    depth = []
    for least in (0.0, 0.5, 0.999):
        setting('depth_min_accumulation', least)
        depth.append(_numbers(show(VIEWS[2])[-1][3]))
    everywhere, mostly, where_opaque = map(np.isfinite, depth)
    assert everywhere.all()
    assert 0 < where_opaque.sum() < mostly.sum() < mostly.size
    assert mostly[where_opaque].all()
    for each in depth[1:]:
        seen = np.isfinite(each)
        np.testing.assert_array_equal(each[seen], depth[0][seen])
