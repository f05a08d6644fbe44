# SPDX-License-Identifier: Apache-2.0
"""A file of Gaussians as the node's scene."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from geometry_msgs.msg import Pose
from nerfstudio_renderer import (
    Camera,
    Intrinsics,
    load_scene,
    optical_depth,
    PoseConvention,
    quaternion_from_c2w,
    Renderer,
)
from nerfstudio_renderer_msgs.srv import LoadScene
import numpy as np
import pytest
from sensor_msgs.msg import Image
from support.client import Client, NAME, pose
from support.gaussian_scenes import EYE, looking, room
from support.processes import NodeProcess, own_domain, REAL_NODE
from support.splat_files import ply

VIEW = Intrinsics.from_fov_y(160, 90, 60.0)


@pytest.fixture(scope='module')
def room_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of Gaussians."""
    path = tmp_path_factory.mktemp('room') / 'room.ply'
    path.write_bytes(ply(room(4000)))
    return path


@pytest.fixture(scope='module')
def client(room_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a node that renders the file."""
    parameters = {
        'config': room_file, 'width': VIEW.width, 'height': VIEW.height, 'fov_y_deg': 60.0,
    }
    log = tmp_path_factory.mktemp('node') / 'log'
    with pytest.MonkeyPatch.context() as domain:
        domain.setenv('ROS_DOMAIN_ID', own_domain(3))
        with NodeProcess(REAL_NODE, log, parameters) as node, Client() as client:
            node.wait_for_output('ready')
            client.wait_for_node()
            yield client


def _pose_of(c2w: np.ndarray) -> Pose:
    x, y, z = c2w[:, 3]
    return pose(x, quaternion_from_c2w(c2w, PoseConvention.OPTICAL), y, z)


def test_the_finest_picture_and_its_depth_are_those_of_the_file(client, room_file):
    depths = client.listen_to_frames(Image, f'{NAME}/depth/image')
    *_, (info, image, depth) = client.show(_pose_of(looking()), client.images, depths)
    assert (info.width, info.height) == (VIEW.width, VIEW.height)
    frame = Renderer(load_scene(room_file), device='cpu').render(Camera(looking(), VIEW))
    pixels = np.frombuffer(image.data, np.uint8).reshape(VIEW.height, VIEW.width, 3)
    np.testing.assert_array_equal(pixels, frame.image.rgb8)
    metres = np.frombuffer(depth.data, np.float32).reshape(VIEW.height, VIEW.width)
    np.testing.assert_array_equal(np.isnan(metres), np.isnan(optical_depth(frame, 0.5)))
    np.testing.assert_allclose(metres, optical_depth(frame, 0.5), rtol=1e-5)


def test_scenes_of_both_kinds_follow_each_other(client, room_file):
    client.rest(_pose_of(looking(EYE + 0.1)))
    for config in ('', str(room_file)):
        before = client.infos[-1].sequence
        answer = client.call(LoadScene.Request(config=config))
        assert answer.success, answer.message
        client.wait_for(lambda before=before: client.infos[-1].sequence > before)
    client.wait_for_finest(client.infos[-1].sequence)
