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

"""The set-up says in one line what the machine lacks."""

from collections import namedtuple
import sys

import pytest
from tools.environment import machine
from tools.environment.errors import SetupError

Usage = namedtuple('Usage', 'total used free')


@pytest.mark.parametrize('version', [(3, 10, 0), (3, 11, 7), (3, 12, 4)])
def test_supported_python(monkeypatch, version):
    monkeypatch.setattr(sys, 'version_info', version)
    machine.check_python()


@pytest.mark.parametrize('version', [(3, 9, 18), (3, 13, 0), (4, 0, 0)])
def test_other_python(monkeypatch, version):
    monkeypatch.setattr(sys, 'version_info', version)
    with pytest.raises(SetupError, match=rf'Python {version[0]}\.{version[1]} will not do'):
        machine.check_python()


def test_missing_compiler(tmp_path):
    with pytest.raises(SetupError, match='no C compiler found.*build-essential'):
        machine.check_compilers({'PATH': str(tmp_path)})


def make_program(folder, name):
    (folder / name).touch(mode=0o755)


def test_missing_cpp_compiler(tmp_path):
    make_program(tmp_path, 'gcc')
    with pytest.raises(SetupError, match=r'no C\+\+ compiler found'):
        machine.check_compilers({'PATH': str(tmp_path)})


def test_compilers_named_by_variables(tmp_path):
    make_program(tmp_path, 'my-cc')
    make_program(tmp_path, 'my-cxx')
    chosen = {'PATH': str(tmp_path), 'CC': 'my-cc -m64', 'CXX': 'my-cxx'}
    machine.check_compilers(chosen)
    with pytest.raises(SetupError, match='looked for other-cc'):
        machine.check_compilers({**chosen, 'CC': 'other-cc'})


def test_missing_headers(monkeypatch, tmp_path):
    monkeypatch.setattr(machine.sysconfig, 'get_path', lambda _: str(tmp_path))
    with pytest.raises(SetupError, match=r'Python\.h is missing'):
        machine.check_headers()


def test_missing_venv_module(monkeypatch):
    monkeypatch.setattr(machine, 'find_spec', lambda name: None if name == 'ensurepip' else name)
    with pytest.raises(SetupError, match='no venv and ensurepip modules.*-venv'):
        machine.check_venv_module()


@pytest.mark.parametrize(('free_gb', 'enough'), [(12.1, True), (11.9, False)])
def test_disk_space(monkeypatch, tmp_path, free_gb, enough):
    monkeypatch.setattr(machine.shutil, 'disk_usage', lambda _: Usage(0, 0, free_gb * 1e9))
    if enough:
        machine.check_space(tmp_path / '.venv')
        return
    with pytest.raises(SetupError, match=r'12\.0 GB are needed, 11\.9 GB are free'):
        machine.check_space(tmp_path / '.venv')


def test_what_is_installed_already_needs_no_more_space(monkeypatch, tmp_path):
    monkeypatch.setattr(machine.shutil, 'disk_usage', lambda _: Usage(0, 0, 3e9))
    monkeypatch.setattr(machine, 'size_gb', lambda _: 9.5)
    machine.check_space(tmp_path)


def test_size_counts_files_of_all_folders(tmp_path):
    (tmp_path / 'inner').mkdir()
    (tmp_path / 'a').write_bytes(bytes(1000))
    (tmp_path / 'inner' / 'b').write_bytes(bytes(500))
    (tmp_path / 'link').symlink_to('/nowhere')
    assert machine.size_gb(tmp_path) == pytest.approx((1500 + len('/nowhere')) / 1e9)
