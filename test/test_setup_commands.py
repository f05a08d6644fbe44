# SPDX-License-Identifier: Apache-2.0
"""The set-up's commands: their log, their variables, what their failures say, what they leave."""

from pathlib import Path
import re
import subprocess
import sys

from linted_sources import ROOT
import pytest
from tools.environment import wheels, workspace
from tools.environment.layout import Layout
from tools.environment.shell import CommandFailed, FOREIGN, Shell

EXPORT = 'INTERFACE_INCLUDE_DIRECTORIES "{python};{numpy}"\nINTERFACE_LINK_LIBRARIES "a"\n'


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


def test_commands_see_no_sourced_ros(shell, monkeypatch):
    monkeypatch.setenv('ROS_DISTRO', 'humble')
    monkeypatch.setenv('AMENT_PREFIX_PATH', '/opt/ros/humble')
    program = 'import os; print(os.environ.get("ROS_DISTRO"), os.environ["AMENT_PREFIX_PATH"])'
    output = shell.run('asking', [sys.executable, '-S', '-c', program],
                       {'AMENT_PREFIX_PATH': '/here/.venv'})
    assert output == 'None /here/.venv\n'


@pytest.mark.parametrize(('output', 'reason'), [
    ("[Errno -3] Temporary failure in name resolution')': /simple/", 'cannot be reached'),
    ('OSError: [Errno 28] No space left on device', 'no space left'),
    ('ERROR: No matching distribution found for nothing==1', 'installing failed; the full'),
])
def test_reason_of_a_failure_of_pip(output, reason):
    line = wheels.explained(CommandFailed('installing', Path('setup.log'), output))
    assert reason in line
    assert 'setup.log' in line


def test_interrupted_wheels_are_forgotten(tmp_path):
    site_packages = tmp_path / '.venv' / 'lib' / 'python3.11' / 'site-packages'
    for name in ('whole-1.dist-info', 'half-1.dist-info', '~removed'):
        (site_packages / name).mkdir(parents=True)
    (site_packages / 'whole-1.dist-info' / 'RECORD').touch()
    wheels.discard_unfinished(Layout(tmp_path))
    assert [path.name for path in site_packages.iterdir()] == ['whole-1.dist-info']


def test_makefile_drops_the_same_variables():
    lines = (ROOT / 'Makefile').read_text().splitlines()
    dropped = [line.split()[1:] for line in lines if line.startswith('unexport ')]
    assert sorted(sum(dropped, [])) == sorted(FOREIGN)


def test_container_paths_are_rewritten_once(tmp_path):
    path = tmp_path / 'aExport.cmake'
    container = '/opt/python/cp311-cp311'
    path.write_text(EXPORT.format(
        python=f'{container}/include/python3.11',
        numpy=f'{container}/lib/python3.11/site-packages/numpy/_core/include'))
    for _ in range(2):
        wheels.repair(path, '/usr/include/python3.11', '/venv/numpy/core/include')
        assert path.read_text() == EXPORT.format(
            python='/usr/include/python3.11', numpy='/venv/numpy/core/include')


@pytest.mark.parametrize(('before', 'after'), [
    (None, '{prefix}'),
    ('', '{prefix}'),
    ('/other', '/other:{prefix}'),
    ('{prefix}:/other', '{prefix}:/other'),
])
def test_start_up_line_adds_the_prefix_behind_overlays(before, after):
    environment = {} if before is None else {
        'AMENT_PREFIX_PATH': before.format(prefix=sys.prefix)}
    # -S leaves out the environment's own start-up files; sys.prefix is then the base Python's.
    program = (f'import sys; sys.prefix = {sys.prefix!r}; {workspace.ADD_PREFIX}; '
               'print(os.environ["AMENT_PREFIX_PATH"])')
    output = subprocess.check_output(
        [sys.executable, '-S', '-c', program], env=environment, text=True)
    assert output.strip() == after.format(prefix=sys.prefix)


def test_changed_message_is_built_again(tmp_path):
    layout = Layout(tmp_path)
    message = layout.interfaces / 'msg' / 'FrameInfo.msg'
    message.parent.mkdir(parents=True)
    message.write_text('uint64 sequence')
    before = workspace.interfaces_inputs(layout)
    message.touch()
    assert workspace.interfaces_inputs(layout) == before
    message.write_text('uint32 sequence')
    assert workspace.interfaces_inputs(layout) != before
