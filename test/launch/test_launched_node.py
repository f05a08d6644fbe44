# SPDX-License-Identifier: Apache-2.0
"""The node that renderer.launch.py starts, as a whole."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import signal
import subprocess
import sys

from ament_index_python.packages import get_package_prefix, PackageNotFoundError
import pytest
from rcl_interfaces.srv import GetParameters
from support.client import Client, pose

# Not of launch itself: the folders of that name look like it to Python.
pytest.importorskip(
    'launch_ros', reason='launch and launch_ros come with ROS 2, PyPI does not have them'
)
HERE = Path(__file__).parent
FILE = HERE.parents[1] / 'launch' / 'renderer.launch.py'
ARGUMENTS = (
    'config:=config.yml', 'width:=32', 'height:=18', 'levels:=[2, 1]', 'fov_y_deg:=40',
    'encoding:=bgr8', 'frame_id:=123', 'device:=cpu',
)
PATIENCE_S = 60.0


@pytest.fixture
def launched(tiny_scene: Path, tmp_path: Path) -> Iterator[subprocess.Popen]:
    """Return a launch of a tiny scene, begun in its folder; end all of it."""
    try:
        get_package_prefix('nerfstudio_renderer_ros')
    except PackageNotFoundError:
        pytest.skip('nerfstudio_renderer_ros is not installed where ROS 2 finds it')
    with (tmp_path / 'log').open('w') as log:
        launch = subprocess.Popen(
            [sys.executable, str(HERE / 'start.py'), str(FILE), *ARGUMENTS],
            cwd=tiny_scene.parent, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, 'ROS_LOG_DIR': str(tmp_path), 'TMPDIR': str(tmp_path)},
        )
    try:
        yield launch
    finally:
        if is_running(launch.pid):
            os.killpg(launch.pid, signal.SIGKILL)
        launch.wait()
        print((tmp_path / 'log').read_text())  # shown if the test fails


def is_running(group: int) -> bool:
    """Tell whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_launched_node_renders_as_its_arguments_say(launched, tmp_path: Path):
    with Client() as client:
        client.wait_for_node()
        client.publish(pose(1.0))
        client.wait_for(lambda: any(image.width == 32 for image in client.images))
        image = client.images[-1]
        names = ['levels', 'fov_y_deg', 'frame_id']
        levels, fov, frame = client.call(GetParameters.Request(names=names)).values
    assert (image.height, image.encoding) == (18, 'bgr8')
    assert image.header.frame_id == '123'
    assert list(levels.integer_array_value) == [2, 1]
    assert fov.double_value == 40.0
    assert frame.string_value == '123'
    launched.send_signal(signal.SIGINT)
    assert launched.wait(PATIENCE_S) == 0
    assert not is_running(launched.pid)
    assert 'Traceback' not in (tmp_path / 'log').read_text()
