# SPDX-License-Identifier: Apache-2.0
"""Held-out views, asked for in world coordinates through ROS, against their ground truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation
from support.client import Client, pose
from support.heldout import colours, opengl_matrix, optical_pose, psnr, sub_grid, VIEWS

# Every fourth pixel of each view, and every pixel of one: a CPU renders that in time.
STRIDE = 4


def _render(client: Client, view: dict) -> np.ndarray:
    before = len(client.images)
    client.publish(optical_pose(view))
    client.wait_for(lambda: len(client.images) > before)
    image = client.images[-1]
    return np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3)


def test_held_out_views_are_rendered_where_they_were_taken(renderer):
    assert renderer.set_parameter('levels', [STRIDE]).successful
    found = {
        Path(view['file_path']).name:
            psnr(_render(renderer, view), sub_grid(colours(view), (STRIDE,)))
        for view in VIEWS
    }
    assert len(found) >= 8
    assert np.mean(list(found.values())) >= 25.0, found
    assert min(found.values()) >= 17.0, found  # one view looks where few were trained


def test_a_full_view_is_as_good_as_its_sub_grid(renderer):
    view = VIEWS[0]
    assert renderer.set_parameter('levels', [1]).successful
    assert psnr(_render(renderer, view), colours(view)) >= 22.0


def test_views_of_other_conventions_are_the_same_picture(renderer):
    view = VIEWS[1]
    assert renderer.set_parameter('levels', [16]).successful
    optical = _render(renderer, view)
    c2w = opengl_matrix(view)
    assert renderer.set_parameter('pose_convention', 'opengl').successful
    # Half a turn away first, so that the same pose in other words is an update of its own.
    before = len(renderer.images)
    renderer.publish(pose(*c2w[:1, 3], (0.0, 0.0, 0.0, 1.0)))
    renderer.wait_for(lambda: len(renderer.images) > before)
    before = len(renderer.images)
    x, y, z = c2w[:3, 3]
    renderer.publish(pose(x, Rotation.from_matrix(c2w[:3, :3]).as_quat(), y, z))
    renderer.wait_for(lambda: len(renderer.images) > before)
    opengl = np.frombuffer(renderer.images[-1].data, np.uint8).reshape(optical.shape)
    assert np.abs(opengl.astype(int) - optical.astype(int)).max() <= 1
