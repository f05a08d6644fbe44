# SPDX-License-Identifier: Apache-2.0
"""Whose settings of Fast DDS count: our profile, or whatever the user has set."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
import os
from pathlib import Path
import re
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


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work where there is no profile."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have enough shared memory, however much there is."""
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: Usage(ENOUGH, 0, ENOUGH))


@dataclass(frozen=True)
class FastDds:
    """What one major version of Fast DDS reads."""

    library: str
    """Name of its package, on which ROS 2's middleware depends."""

    variable: str
    """Environment variable that names a profile."""

    file: str
    """A profile in the working directory."""


OLD = FastDds('fastrtps', 'FASTRTPS_DEFAULT_PROFILES_FILE', 'DEFAULT_FASTRTPS_PROFILES.xml')
NEW = FastDds('fastdds', 'FASTDDS_DEFAULT_PROFILES_FILE', 'DEFAULT_FASTDDS_PROFILES.xml')


@pytest.fixture(params=[OLD, NEW], ids=['fast_dds_2', 'fast_dds_3'])
def at_hand(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> FastDds:
    """Have a ROS 2 whose middleware is built upon this version; it counts before the real one."""
    prefix, package = tmp_path_factory.mktemp('prefix'), 'rmw_fastrtps_shared_cpp'
    marker = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages' / package
    manifest = prefix / 'share' / package / 'package.xml'
    for path in (marker, manifest):
        path.parent.mkdir(parents=True)
    marker.touch()
    manifest.write_text(
        f'<package format="3"><name>{package}</name><build_depend>fastcdr</build_depend>'
        f'<build_depend>{request.param.library}</build_depend></package>')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(prefix), prepend=os.pathsep)
    return request.param


def other_than(version: FastDds) -> FastDds:
    """Return the version that is not at hand."""
    return NEW if version is OLD else OLD


@pytest.mark.parametrize(
    'environment',
    [{}, {'RMW_IMPLEMENTATION': 'rmw_fastrtps_dynamic_cpp'}, {'RMW_IMPLEMENTATION': ''}],
    ids=['nothing', 'fastrtps_dynamic', 'empty'],
)
def test_the_profile_of_the_checkout_is_taken_if_the_user_has_set_nothing(
    room, at_hand, environment,
):
    before = dict(environment)
    line = transport.prepare(environment)
    assert environment == {**before, at_hand.variable: str(PROFILE)}
    assert str(PROFILE) in line


def test_the_name_is_one_that_the_installed_library_reads(room):
    environment = {}
    transport.prepare(environment)
    (name,) = environment
    mapped = subprocess.check_output(
        [sys.executable, '-c',
         'import rclpy; rclpy.init(); rclpy.create_node("n"); '
         'print(open("/proc/self/maps").read())'],
        env={**os.environ, 'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp'}, text=True)
    libraries = set(re.findall(r'/\S+/libfast(?:dds|rtps)\.so\S*', mapped))
    assert libraries
    assert all(name.encode() in Path(library).read_bytes() for library in libraries)


def test_a_profile_under_the_name_of_another_version_is_passed_on(room, at_hand):
    other = other_than(at_hand)
    environment = {other.variable: 'theirs.xml', 'FASTDDS_BUILTIN_TRANSPORTS': 'DEFAULT'}
    before = dict(environment)
    line = transport.prepare(environment)
    assert environment == {**before, at_hand.variable: 'theirs.xml'}
    assert f'{at_hand.variable}=theirs.xml' in line
    assert other.variable in line


def test_a_file_under_the_name_of_another_version_is_passed_on(room, at_hand, tmp_path):
    theirs = tmp_path / other_than(at_hand).file
    theirs.touch()
    environment = {}
    assert str(theirs) in transport.prepare(environment)
    assert environment == {at_hand.variable: str(theirs)}


@pytest.mark.parametrize('place', ['variable', 'file'])
def test_the_name_that_is_read_wins_over_another_versions(room, at_hand, place):
    other = other_than(at_hand)
    environment = {other.variable: 'unread.xml'}
    if place == 'variable':
        environment[at_hand.variable] = 'theirs.xml'
    else:
        Path(at_hand.file).touch()
    before = dict(environment)
    transport.prepare(environment)
    assert environment == before


def test_another_middleware_is_given_nothing_whatever_is_set(room, at_hand):
    environment = {
        'RMW_IMPLEMENTATION': 'rmw_cyclonedds_cpp', other_than(at_hand).variable: 'theirs.xml'}
    before = dict(environment)
    assert 'rmw_cyclonedds_cpp' in transport.prepare(environment)
    assert environment == before


@pytest.mark.parametrize(
    ('name', 'value'),
    [('FASTDDS_BUILTIN_TRANSPORTS', 'anything'), ('RMW_FASTRTPS_USE_QOS_FROM_XML', 'anything'),
     ('ROS2_EASY_MODE', 'anything'), (OLD.variable, ''), (NEW.variable, ''),
     ('RMW_IMPLEMENTATION', 'rmw_cyclonedds_cpp')],
)
def test_a_variable_of_the_users_wins(room, at_hand, name, value):
    environment = {name: value}
    line = transport.prepare(environment)
    assert environment == {name: value}
    assert f'{name} is ' in line
    assert value in line


def test_a_profile_of_the_users_wins(room, at_hand):
    environment = {at_hand.variable: 'theirs.xml'}
    assert f"{at_hand.variable} is 'theirs.xml'" in transport.prepare(environment)
    assert environment == {at_hand.variable: 'theirs.xml'}


def test_a_profile_in_the_working_directory_wins(room, at_hand):
    Path(at_hand.file).touch()
    environment = {}
    assert at_hand.file in transport.prepare(environment)
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
