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
"""Whose settings of Fast DDS count: our profile, or whatever the user has set."""

from __future__ import annotations

from collections import namedtuple
import os
from pathlib import Path
import shutil
import subprocess
import sys

from nerfstudio_renderer_ros import transport
import pytest
from support.processes import ROOT

PROFILE = ROOT / 'config' / 'fastdds.xml'
MIB = 1 << 20
ENOUGH = 1 << 30
Usage = namedtuple('Usage', 'total used free')
VARIABLES = (
    'FASTDDS_DEFAULT_PROFILES_FILE',
    'FASTRTPS_DEFAULT_PROFILES_FILE',
    'FASTDDS_BUILTIN_TRANSPORTS',
    'RMW_FASTRTPS_USE_QOS_FROM_XML',
    'ROS2_EASY_MODE',
)


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work where there is no profile."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have enough shared memory, however much there is."""
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: Usage(ENOUGH, 0, ENOUGH))


@pytest.mark.parametrize(
    'environment',
    [{}, {'RMW_IMPLEMENTATION': 'rmw_fastrtps_dynamic_cpp'}, {'RMW_IMPLEMENTATION': ''},
     {'ROS_DISTRO': 'kilted'}],
    ids=['nothing', 'fastrtps_dynamic', 'empty', 'kilted'],
)
def test_the_profile_of_the_checkout_is_taken_if_the_user_has_set_nothing(room, environment):
    line = transport.prepare(environment)
    assert environment['FASTDDS_DEFAULT_PROFILES_FILE'] == str(PROFILE)
    assert 'FASTRTPS_DEFAULT_PROFILES_FILE' not in environment
    assert str(PROFILE) in line


@pytest.mark.parametrize('distribution', ['humble', 'jazzy'])
def test_older_distributions_are_given_the_variable_that_they_know(room, distribution):
    environment = {'ROS_DISTRO': distribution}
    transport.prepare(environment)
    assert environment == {
        'ROS_DISTRO': distribution, 'FASTRTPS_DEFAULT_PROFILES_FILE': str(PROFILE)}


@pytest.mark.parametrize(
    ('name', 'value'),
    [*((name, 'anything') for name in VARIABLES), ('FASTDDS_DEFAULT_PROFILES_FILE', ''),
     ('RMW_IMPLEMENTATION', 'rmw_cyclonedds_cpp')],
)
def test_a_variable_of_the_users_wins(room, name, value):
    environment = {name: value}
    line = transport.prepare(environment)
    assert environment == {name: value}
    assert f'{name} is ' in line
    assert value in line


@pytest.mark.parametrize(
    'name', ['DEFAULT_FASTDDS_PROFILES.xml', 'DEFAULT_FASTRTPS_PROFILES.xml'])
def test_a_profile_in_the_working_directory_wins(room, name):
    Path(name).touch()
    environment = {}
    assert name in transport.prepare(environment)
    assert environment == {}


def test_little_room_in_shared_memory_is_left_to_others(monkeypatch):
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: Usage(64 * MIB, 49 * MIB, 15 * MIB))
    environment = {}
    assert '15 MiB free, less than 16 MiB' in transport.prepare(environment)
    assert environment == {}


def test_a_machine_without_shared_memory_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(transport, '_SHARED_MEMORY', '/no/such/folder')
    environment = {}
    assert '/no/such/folder' in transport.prepare(environment)
    assert environment == {}


def found_profile(package: Path, prefix: Path) -> str:
    """Return the profile that a copy of the package finds in an ament prefix."""
    program = 'from nerfstudio_renderer_ros import transport; print(transport.profile())'
    environment = {**os.environ, 'PYTHONPATH': str(package), 'AMENT_PREFIX_PATH': str(prefix)}
    return subprocess.check_output(
        [sys.executable, '-c', program], env=environment, text=True).strip()


def test_an_installed_package_takes_the_installed_profile(tmp_path):
    package, prefix = tmp_path / 'lib', tmp_path / 'prefix'
    shutil.copytree(
        ROOT / 'nerfstudio_renderer_ros', package / 'nerfstudio_renderer_ros')
    subprocess.run(
        [sys.executable, 'setup.py', '--quiet', 'install_data', '--install-dir', str(prefix)],
        cwd=ROOT, check=True)
    installed = prefix / 'share' / 'nerfstudio_renderer_ros' / 'config' / 'fastdds.xml'
    assert found_profile(package, prefix) == str(installed)
    assert installed.read_text() == PROFILE.read_text()
    installed.unlink()
    assert found_profile(package, prefix) == 'None'
