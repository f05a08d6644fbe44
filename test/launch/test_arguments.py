# SPDX-License-Identifier: Apache-2.0
"""The launch files describe what the node's parameter table says."""

from __future__ import annotations

from pathlib import Path
import tempfile

from nerfstudio_renderer_ros.state.parameters import PARAMETERS, ParameterSpec
import pytest

# Not of launch itself: the folders of that name look like it to Python.
pytest.importorskip(
    'launch_ros', reason='launch and launch_ros come with ROS 2, PyPI does not have them'
)
described = pytest.importorskip('described')
CONFIG = Path(__file__).parents[2] / 'config'


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have launch leave its parameter files where they are cleared away."""
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))


@pytest.mark.parametrize('spec', PARAMETERS, ids=lambda spec: spec.name)
def test_every_parameter_is_an_argument(spec: ParameterSpec):
    description = described.description('renderer.launch.py')
    argument, = (each for each in description.get_launch_arguments() if each.name == spec.name)
    assert ''.join(part.text for part in argument.default_value) == str(spec.default)
    assert argument.description.startswith(spec.description)
    assert tuple(argument.choices or ()) == spec.choices


def test_every_argument_is_described():
    arguments = described.description('renderer.launch.py').get_launch_arguments()
    names = {argument.name for argument in arguments} - {spec.name for spec in PARAMETERS}
    assert names == {
        'params_file', 'namespace', 'name', 'use_sim_time', 'log_level', 'respawn', 'rviz',
    }
    assert all(argument.description for argument in arguments)


def test_the_parameter_file_alone_speaks_where_no_argument_does():
    renderer, = described.commands('renderer.launch.py')
    assert renderer.params_files[0] == CONFIG / 'renderer.yaml'
    assert renderer.overrides == {}


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ({'width': '160'}, 160),
        ({'fov_y_deg': '50'}, 50.0),
        ({'target_latency_ms': '1e2'}, 100.0),
        ({'levels': '[4, 2, 1]'}, [4, 2, 1]),
        ({'levels': '[1]'}, [1]),
        ({'config': ''}, ''),
        ({'frame_id': '123'}, '123'),
        ({'frame_id': 'true'}, 'true'),
        ({'use_sim_time': 'True'}, True),
        ({'autostart': 'false'}, False),
        ({'publish_tf': 'TRUE'}, True),
        ({'world_frame': 'odom'}, 'odom'),
        ({'depth_encoding': '16UC1'}, '16UC1'),
        ({'pixel_centre': '0'}, 0.0),
        ({'jpeg_quality': '80'}, 80),
    ],
    ids=str,
)
def test_an_argument_overrides_the_file_with_the_parameter_s_type(text, value):
    (name, given), = text.items()
    renderer, = described.commands('renderer.launch.py', **text)
    assert renderer.overrides == {name: value}
    assert type(renderer.overrides[name]) is type(value)


def test_an_argument_that_equals_the_default_overrides_another_file(tmp_path):
    mine = tmp_path / 'mine.yaml'
    mine.write_text('/**: {ros__parameters: {width: 640}}')
    renderer, = described.commands('renderer.launch.py', params_file=str(mine), width='1280')
    assert renderer.params_files[0] == mine
    assert renderer.overrides == {'width': 1280}


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'width': 'wide'}, "argument width: 'wide' is not a whole number"),
        ({'width': '1.5'}, "argument width: '1.5' is not a whole number"),
        ({'fov_y_deg': ''}, "argument fov_y_deg: '' is not a number"),
        ({'levels': '[4, a]'}, 'argument levels: .* is not a list of whole numbers'),
        ({'levels': '[]'}, 'argument levels: .* is not a list of whole numbers'),
        ({'rviz': 'maybe'}, "argument rviz: 'maybe' is not true or false"),
        ({'publish_tf': '1'}, "argument publish_tf: '1' is not true or false"),
        ({'projection': 'wide'}, 'projection.*wide.*perspective'),
        ({'params_file': 'gone.yaml'}, 'argument params_file: there is no file gone.yaml'),
        ({'encoding': 'yuv'}, 'encoding.*yuv.*rgb8'),
    ],
    ids=str,
)
def test_a_wrong_argument_is_refused_in_one_line(arguments, message):
    with pytest.raises(RuntimeError, match=message) as refusal:
        described.commands('renderer.launch.py', **arguments)
    assert '\n' not in str(refusal.value)


def test_name_and_namespace_reach_rviz_too():
    rviz, renderer = described.commands(
        'renderer.launch.py', namespace='robot', name='eye', rviz='true', use_sim_time='true',
    )
    assert {'__node:=eye', '__ns:=/robot'} <= set(renderer.words)
    # Relative to the namespace, which rviz2 is in as well.
    assert '__ns:=/robot' in rviz.words
    for topic in ('image', 'camera_info', 'depth/image', 'depth/camera_info'):
        assert f'/nerfstudio_renderer/{topic}:=eye/{topic}' in rviz.words
    assert rviz.overrides == {'use_sim_time': True}


def test_rviz_shows_the_configuration_that_is_delivered():
    rviz, _ = described.commands('renderer.launch.py', rviz='true')
    assert rviz.after('-d') == [str(CONFIG / 'renderer.rviz')]


def test_rviz_looks_from_the_frame_of_the_poses():
    rviz, _ = described.commands('renderer.launch.py', rviz='true', world_frame='odom')
    assert rviz.after('--fixed-frame') == ['odom']
    rviz, _ = described.commands('renderer.launch.py', rviz='true')
    assert rviz.after('--fixed-frame') == []  # that of the configuration


def test_the_arguments_of_one_renderer_are_not_those_of_the_next():
    from launch import LaunchContext

    context = LaunchContext(argv=[])
    description = described.description('renderer.launch.py')
    list(described.visit(description, context))
    assert 'width' not in context.launch_configurations


def test_the_demo_is_small_and_takes_the_renderer_s_arguments():
    renderer, orbit = described.commands('demo.launch.py', encoding='bgr8', height='90')
    assert renderer.overrides == {'width': 320, 'height': 90, 'encoding': 'bgr8'}
    arguments = described.description('demo.launch.py').get_launch_arguments()
    assert {spec.name for spec in PARAMETERS} < {argument.name for argument in arguments}


def test_the_demo_s_camera_flies_where_its_renderer_listens():
    renderer, orbit = described.commands('demo.launch.py', namespace='robot', name='eye')
    assert orbit.executable == 'orbit'
    assert '~/pose:=eye/pose' in orbit.words
    assert '__ns:=/robot' in orbit.words
