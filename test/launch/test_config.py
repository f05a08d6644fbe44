# SPDX-License-Identifier: Apache-2.0
"""What is in config/ agrees with the node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nerfstudio_renderer_ros.state.parameters import PARAMETERS, ParameterSpec
import pytest
import yaml

CONFIG = Path(__file__).parents[2] / 'config'


@pytest.fixture(scope='module')
def parameters() -> dict[str, Any]:
    """Return the parameters in renderer.yaml, which must hold for every node."""
    (nodes, settings), = yaml.safe_load((CONFIG / 'renderer.yaml').read_text()).items()
    assert nodes == '/**'
    return settings['ros__parameters']


@pytest.fixture(scope='module')
def rviz() -> dict[str, Any]:
    """Return what rviz2 is to show."""
    return yaml.safe_load((CONFIG / 'renderer.rviz').read_text())['Visualization Manager']


def test_the_parameter_file_has_every_parameter_in_the_order_of_the_table(parameters):
    assert list(parameters) == [spec.name for spec in PARAMETERS]


@pytest.mark.parametrize('spec', PARAMETERS, ids=lambda spec: spec.name)
def test_the_parameter_file_has_the_default_and_its_type(parameters, spec: ParameterSpec):
    value = parameters[spec.name]
    assert value == spec.default
    assert type(value) is type(spec.default)  # 50 would not do for 50.0


def display(rviz: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the only display of a class of rviz_default_plugins."""
    found, = (
        each for each in rviz['Displays'] if each['Class'] == f'rviz_default_plugins/{kind}'
    )
    return found


@pytest.mark.parametrize('kind', ['Image', 'Camera'])
def test_rviz_subscribes_to_the_pictures_as_they_are_published(rviz, kind: str):
    assert display(rviz, kind)['Topic'] == {
        'Value': '/nerfstudio_renderer/image',
        'Reliability Policy': 'Reliable',
        'History Policy': 'Keep Last',
        'Depth': 1,
        'Durability Policy': 'Volatile',
    }


def test_rviz_makes_points_of_the_pictures_and_their_depth(rviz):
    cloud = display(rviz, 'DepthCloud')
    # rviz2 has these as plain properties here, not below a Topic as elsewhere.
    assert cloud['Depth Map Topic'] == '/nerfstudio_renderer/depth/image'
    assert cloud['Color Image Topic'] == '/nerfstudio_renderer/image'
    assert cloud['Reliability Policy'] == 'Reliable'
    assert cloud['Depth Map Transport Hint'] == cloud['Color Transport Hint'] == 'raw'


def test_rviz_shows_at_first_only_what_needs_no_transforms(rviz):
    enabled = {each['Name'] for each in rviz['Displays'] if each['Enabled']}
    assert enabled == {'Grid', 'Image', 'TF'}
    # What rviz2 reads is Enabled, what it writes is both.
    assert all(each['Enabled'] == each['Value'] for each in rviz['Displays'])
    assert display(rviz, 'Grid')['Reference Frame'] == '<Fixed Frame>'


def test_rviz_has_each_display_once_by_name(rviz):
    names = [each['Name'] for each in rviz['Displays']]
    assert names == ['Grid', 'Image', 'TF', 'Camera', 'DepthCloud']


def test_rviz_s_fixed_frame_is_the_world_of_the_poses(rviz, parameters):
    assert rviz['Global Options']['Fixed Frame'] == parameters['world_frame']
