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
"""Held-out views, asked for in world coordinates through ROS, against their ground truth."""

from __future__ import annotations

from collections.abc import Iterator
import json
import math
from pathlib import Path

from nerfstudio_renderer import StrideLadder
from nerfstudio_renderer.camera import Intrinsics
from nerfstudio_renderer.conventions import OPTICAL_FROM_OPENGL
from nerfstudio_renderer.scene import bundled_config
import numpy as np
from PIL import Image as Picture
import pytest
from scipy.spatial.transform import Rotation
from support.client import Client, pose
from support.processes import NodeProcess, own_domain, REAL_NODE

HELDOUT = bundled_config().parent / 'heldout'
VIEWS = json.loads((HELDOUT / 'transforms.json').read_text())
# Every fourth pixel of each view, and every pixel of one: a CPU renders that in time.
STRIDE = 4


@pytest.fixture(scope='module')
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a node that renders the bundled scene."""
    fov_y_deg = 2.0 * math.degrees(math.atan(VIEWS['h'] / (2.0 * VIEWS['fl_y'])))
    parameters = {
        'width': VIEWS['w'], 'height': VIEWS['h'], 'fov_y_deg': fov_y_deg, 'levels': [STRIDE],
    }
    domain = pytest.MonkeyPatch()
    domain.setenv('ROS_DOMAIN_ID', own_domain(3))
    log = tmp_path_factory.mktemp('renderer') / 'log'
    with NodeProcess(REAL_NODE, log, parameters) as node, Client() as client:
        node.wait_for_output('ready')
        client.wait_for_node()
        yield client
    domain.undo()


def _optical_pose(view: dict):
    c2w = np.array(view['transform_matrix'])
    rotation = Rotation.from_matrix(c2w[:3, :3] @ OPTICAL_FROM_OPENGL.T)
    x, y, z = c2w[:3, 3]
    return pose(x, rotation.as_quat(), y, z)


def _render(client: Client, view: dict) -> np.ndarray:
    before = len(client.images)
    client.publish(_optical_pose(view))
    client.wait_for(lambda: len(client.images) > before)
    image = client.images[-1]
    return np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3)


def _ground_truth(view: dict, stride: int) -> np.ndarray:
    picture = np.asarray(Picture.open(HELDOUT / view['file_path']).convert('RGB'))
    full = Intrinsics.from_fov_y(picture.shape[1], picture.shape[0], 50.0)
    level = StrideLadder((stride,)).levels(full)[0]
    every = slice(level.offset, None, stride)
    return picture[every, every]


def _psnr(rendered: np.ndarray, truth: np.ndarray) -> float:
    error = np.mean((rendered / 255.0 - truth / 255.0) ** 2)
    return -10.0 * math.log10(error)


def test_held_out_views_are_rendered_where_they_were_taken(renderer):
    psnr = {
        Path(view['file_path']).name: _psnr(_render(renderer, view), _ground_truth(view, STRIDE))
        for view in VIEWS['frames']
    }
    assert len(psnr) >= 8
    assert np.mean(list(psnr.values())) >= 25.0, psnr
    assert min(psnr.values()) >= 17.0, psnr  # one view looks where few were trained


def test_a_full_view_is_as_good_as_its_sub_grid(renderer):
    view = VIEWS['frames'][0]
    assert renderer.set_parameter('levels', [1]).successful
    assert _psnr(_render(renderer, view), _ground_truth(view, 1)) >= 22.0


def test_views_of_other_conventions_are_the_same_picture(renderer):
    view = VIEWS['frames'][1]
    assert renderer.set_parameter('levels', [16]).successful
    optical = _render(renderer, view)
    c2w = np.array(view['transform_matrix'])
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
