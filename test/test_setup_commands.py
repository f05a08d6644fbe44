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

"""The set-up's commands: their log, their environment, what their failures say."""

from pathlib import Path
import re
import sys

import pytest
from tools.environment import environ, wheels
from tools.environment.commands import CommandFailed, Shell
from tools.environment.layout import Layout


@pytest.fixture
def shell(tmp_path):
    """Return a shell that logs into a folder which is not there yet."""
    return Shell(tmp_path, tmp_path / 'state' / 'setup.log')


def test_output_is_returned_and_logged(shell):
    assert shell.run('one', [sys.executable, '-c', 'print("one")']) == 'one\n'
    assert shell.run('two', [sys.executable, '-c', 'print("two")']) == 'two\n'
    assert re.fullmatch(r'\n\$ .*\none\n\n\$ .*\ntwo\n', shell.log.read_text())


def test_failure_names_the_log_and_keeps_the_output(shell):
    with pytest.raises(CommandFailed, match=re.escape(str(shell.log))) as caught:
        shell.run('trying', [sys.executable, '-c', 'import sys; sys.exit("because")'])
    assert str(caught.value).startswith('trying failed')
    assert caught.value.output == 'because\n'


@pytest.mark.parametrize(('output', 'free', 'reason'), [
    ("[Errno -3] Temporary failure in name resolution')': /simple/", 5.0, 'cannot be reached'),
    ('OSError: [Errno 28] No space left on device', 5.0, 'no space left'),
    ('error: incomplete-download', 0.0, 'no space left'),
    ('ERROR: No matching distribution found for nothing==1', 5.0, 'installing failed; the full'),
])
def test_reason_of_a_failure_of_pip(output, free, reason):
    line = wheels.explained(CommandFailed('installing', Path('setup.log'), output), free)
    assert reason in line
    assert 'setup.log' in line


def test_interrupted_wheels_are_forgotten(tmp_path):
    site_packages = tmp_path / '.venv' / 'lib' / 'python3.11' / 'site-packages'
    for name in ('whole-1.dist-info', 'half-1.dist-info', '~removed'):
        (site_packages / name).mkdir(parents=True)
    (site_packages / 'whole-1.dist-info' / 'RECORD').touch()
    wheels.discard_unfinished(Layout(tmp_path))
    assert [path.name for path in site_packages.iterdir()] == ['whole-1.dist-info']


def test_build_sees_only_its_own_prefix():
    sourced = {'PATH': '/usr/bin', 'HOME': '/home/me', 'PYTHONPATH': '/opt/ros/humble/lib',
               'AMENT_PREFIX_PATH': '/opt/ros/humble', 'ROS_DISTRO': 'humble'}
    assert environ.inside(Path('/here/.venv'), sourced) == {
        'PATH': '/here/.venv/bin:/usr/bin',
        'HOME': '/home/me',
        'AMENT_PREFIX_PATH': '/here/.venv',
        'CMAKE_PREFIX_PATH': '/here/.venv',
        'VIRTUAL_ENV': '/here/.venv',
    }


def test_makefile_drops_the_same_variables():
    lines = (Path(__file__).parents[1] / 'Makefile').read_text().splitlines()
    dropped = [line.split()[1:] for line in lines if line.startswith('unexport ')]
    assert sorted(sum(dropped, [])) == sorted(environ.FOREIGN)
