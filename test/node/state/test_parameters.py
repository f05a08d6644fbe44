# SPDX-License-Identifier: Apache-2.0
"""Parameters: described, checked, changed while the node runs, refused at its start."""

from __future__ import annotations

import itertools
import math
import os
from pathlib import Path
import subprocess
import sys

from geometry_msgs.msg import Pose
from nerfstudio_renderer import ProgressiveRenderer
from nerfstudio_renderer_ros.node import RendererNode
from nerfstudio_renderer_ros.state.parameters import PARAMETERS
from nerfstudio_renderer_ros.state.scene_loading import LoadedScene
import pytest
from rcl_interfaces.srv import DescribeParameters, GetParameters
import rclpy
from rclpy.context import Context
from rclpy.parameter import Parameter, parameter_value_to_python
from support.camera_infos import camera_info, PLUMB_BOB
from support.client import Client, pose
from support.engines import RasterPatternEngine
from support.processes import NodeProcess, own_domain, PATTERN_NODE, REAL_NODE, ROOT

NAMES = [spec.name for spec in PARAMETERS]
FRESH = itertools.count(1.0)  # a position for each update, so that none is a repetition


def test_every_parameter_is_described(client):
    response = client.call(DescribeParameters.Request(names=NAMES))
    for spec, descriptor in zip(PARAMETERS, response.descriptors, strict=True):
        assert descriptor.name == spec.name
        assert descriptor.description == spec.description
        assert descriptor.read_only == spec.read_only
        assert len(descriptor.integer_range) + len(descriptor.floating_point_range) == (
            1 if spec.limits else 0
        )


@pytest.mark.parametrize(
    ('name', 'value', 'shape'),
    [
        ('width', 32, (48, 32)),
        ('height', 24, (24, 32)),
        ('levels', [2], (12, 16)),
        ('levels', [4, 2, 1], (24, 32)),
    ],
)
def test_a_changed_size_takes_effect_with_the_next_update(client, name, value, shape):
    assert client.set_parameter(name, value).successful
    client.publish(pose(next(FRESH)))
    sequence = client.wait_for(lambda: client.infos and client.infos[0].sequence)
    client.wait_for_finest(sequence)
    assert (client.infos[-1].height, client.infos[-1].width) == shape


@pytest.mark.parametrize(
    ('encoding', 'channels'), [('mono8', 1), ('bgra8', 4), ('rgb8', 3)]
)
def test_a_changed_encoding_takes_effect_with_the_next_update(client, encoding, channels):
    assert client.set_parameter('encoding', encoding).successful
    client.publish(pose(next(FRESH)))
    client.wait_for(lambda: client.images)
    image = client.images[0]
    assert (image.encoding, image.step) == (encoding, channels * image.width)
    assert len(image.data) == image.step * image.height


@pytest.mark.parametrize(
    ('name', 'value'), [('encoding', 'bgr8'), ('levels', [8, 1]), ('fov_y_deg', 40.0)]
)
def test_a_change_takes_effect_even_if_the_camera_rests(client, name, value):
    position = pose(next(FRESH))
    before = _seen(client, position)
    old = client.call(GetParameters.Request(names=[name])).values[0]
    assert client.set_parameter(name, value).successful
    assert _seen(client, position) != before
    assert client.set_parameter(name, parameter_value_to_python(old)).successful
    assert _seen(client, position) == before


def _seen(client: Client, message: Pose) -> list[tuple]:
    """Show a pose; return what is to be seen of its frames."""
    return [
        (info.width, info.height, image.encoding, image.data.tobytes(), camera_info.k.tolist())
        for info, image, camera_info in client.show(message, client.images, client.camera_infos)
    ]


@pytest.mark.parametrize(
    ('name', 'value', 'reason'),
    [
        ('encoding', 'yuv422', "encoding: 'yuv422' is not one of rgb8"),
        ('levels', [3, 2], '3 must be a larger multiple of 2'),
        ('levels', [2, 2], '2 must be a larger multiple of 2'),
        ('levels', [0], '0 in [0] is not between 1 and 16384'),
        ('levels', [2147483648], '2147483648 in [2147483648] is not between 1 and 16384'),
        ('levels', [65, 1], 'a stride of 65 is larger than a picture of'),
        ('levels', [2.0, 1.0], 'type'),
        ('fov_y_deg', 400, 'fov_y_deg out of range'),
        ('fov_y_deg', True, 'type'),
        ('encoding', 'x' * 100000, "xxx' (100002 characters) is not one of rgb8"),
        ('world_frame', '/' * 100000, "//' (100002 characters) names no frame"),
        ('width', 0, 'width'),
        ('fov_y_deg', 180.0, 'field of view 180.0 degrees'),
        ('pose_tolerance_m', -1.0, 'pose_tolerance_m'),
        ('frame_id', 'elsewhere', 'read-only'),
        ('autostart', False, 'read-only'),
        ('engine', 'fast', "engine: 'fast' is not one of auto, fused, gaussians, nerfstudio"),
        ('world_frame', '/nerfstudio_camera', 'is the frame_id of the camera too'),
        ('world_frame', '/', "world_frame: '/' names no frame"),
    ],
)
def test_a_wrong_change_is_refused_with_the_reason_and_changes_nothing(
    client, name, value, reason
):
    before = client.call(GetParameters.Request(names=NAMES))
    result = client.set_parameter(name, value)
    assert not result.successful
    assert reason in result.reason
    assert len(result.reason) < 500
    assert client.call(GetParameters.Request(names=NAMES)) == before


def test_a_whole_number_is_taken_for_a_float(client):
    assert client.set_parameter('fov_y_deg', 60).successful
    value, = client.call(GetParameters.Request(names=['fov_y_deg'])).values
    assert parameter_value_to_python(value) == 60.0
    assert isinstance(parameter_value_to_python(value), float)


def test_a_stride_as_large_as_the_picture_is_one_pixel_and_the_next_update_is_served(client):
    for name, value in (('width', 32), ('height', 24), ('levels', [32, 1])):
        assert client.set_parameter(name, value).successful
    client.rest(pose(next(FRESH)))
    assert [(info.width, info.height) for info in client.infos[-2:]] == [(1, 1), (32, 24)]
    assert client.set_parameter('levels', [4, 2, 1]).successful


def test_a_tolerance_lets_the_camera_tremble(client):
    assert client.set_parameter('pose_tolerance_m', 0.1).successful
    x = next(FRESH)
    client.publish(pose(x))
    first = client.wait_for(lambda: client.infos and client.infos[0].sequence)
    client.wait_for_finest(first)
    client.publish(pose(x + 0.09))
    client.publish(pose(x + 0.2))
    client.wait_for_finest(first + 1)
    assert client.infos[-1].sequence == first + 1
    assert client.set_parameter('pose_tolerance_m', 0.0).successful


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['-p', 'engine:=fast'], "engine: 'fast' is not one of auto, fused, gaussians,"),
        (['-p', 'width:=wide'], 'width'),
        (['-p', 'width:=0'], 'width'),
        (['-p', 'fov_y_deg:=200.0'], 'field of view 200.0 degrees'),
        (['-p', 'fov_y_deg:=wide'], "fov_y_deg: 'wide' is of type string, not double"),
        (['-p', 'width:=7.5'], 'width: 7.5 is of type double, not integer; give one such as 1280'),
        (['-p', 'levels:=[2, 2]'], 'levels [2, 2]: 2 must be a larger multiple of 2'),
        (['-p', 'levels:=[]'], 'levels: it has no value, as of []; give one such as [16, 8, 4'),
        (['-p', 'levels:=[2147483648]'], '2147483648 in [2147483648] is not between 1 and 16384'),
        (['-p', 'levels:=[2000]'], 'a stride of 2000 is larger than a picture of 1280 x 720'),
        (['-p', 'levels:=[4, 3]'], 'levels [4, 3]: 4 must be a larger multiple of 3'),
        (['-p', 'pose_units:=feet'], "pose_units: 'feet' is not one of auto, world, scene"),
    ],
    ids=lambda value: value[1] if isinstance(value, list) else '',
)
def test_a_wrong_parameter_refuses_to_start_with_one_clear_line(arguments, reason):
    result = subprocess.run(
        [sys.executable, '-m', REAL_NODE, '--ros-args', *arguments],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=90, check=False,
    )
    assert result.returncode == 1
    lines = (result.stdout + result.stderr).strip().splitlines()
    fatal = [line for line in lines if '[FATAL]' in line]
    assert len(fatal) == 1
    assert 'cannot start: ' in fatal[0]
    assert reason in fatal[0]
    assert 'Traceback' not in result.stderr


def test_a_camera_that_the_scene_cannot_be_seen_with_keeps_no_other_parameter_from_changing():
    def opener(values: dict) -> LoadedScene:
        return LoadedScene(ProgressiveRenderer(RasterPatternEngine()), None)

    context = Context()
    rclpy.init(context=context)
    with RendererNode(opener, context=context) as node:
        node.autostart()

        def refusal(name: str, value: object) -> str:
            return node.set_parameters([Parameter(name, value=value)])[0].reason

        assert 'the method of this scene rasterises' in refusal('projection', 'fisheye')
        node._endpoints._camera._on_camera_info(camera_info(d=PLUMB_BOB))
        assert refusal('encoding', 'bgr8') == ''
    rclpy.shutdown(context=context)


def test_parameters_of_the_command_line_are_used(tmp_path: Path):
    parameters = {
        'width': 20, 'height': 10, 'levels': '[5]', 'encoding': 'bgr8', 'frame_id': 'eye',
        'fov_y_deg': 60,
    }
    domain = {'ROS_DOMAIN_ID': own_domain(1)}
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', parameters, domain) as node:
        node.wait_for_output('ready: 20 x 10')
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv('ROS_DOMAIN_ID', own_domain(1))
            with Client() as client:
                client.wait_for_node()
                client.publish(pose(1.0))
                client.wait_for(lambda: client.images and client.camera_infos)
                image, focal_length = client.images[0], client.camera_infos[0].k[4]
    assert (image.width, image.height, image.encoding) == (4, 2, 'bgr8')
    assert image.header.frame_id == 'eye'
    assert focal_length == pytest.approx(0.5 / math.tan(math.radians(30.0)) * 10 / 5)
