# SPDX-License-Identifier: Apache-2.0
"""The set-up says in one line what the machine lacks."""

import sys

import pytest
from tools.environment import machine
from tools.environment.shell import SetupError


@pytest.mark.parametrize('version', [(3, 10, 0), (3, 11, 7), (3, 12, 4)])
def test_supported_python(monkeypatch, version):
    monkeypatch.setattr(sys, 'version_info', version)
    machine.check_python()


@pytest.mark.parametrize('version', [(3, 9, 18), (3, 13, 0), (4, 0, 0)])
def test_other_python(monkeypatch, version):
    monkeypatch.setattr(sys, 'version_info', version)
    with pytest.raises(SetupError, match=rf'Python {version[0]}\.{version[1]} will not do'):
        machine.check_python()


def test_missing_headers(monkeypatch, tmp_path):
    monkeypatch.setattr(machine.sysconfig, 'get_path', lambda _: str(tmp_path))
    with pytest.raises(SetupError, match=r'Python\.h is missing'):
        machine.check_python()


def test_missing_venv_module(monkeypatch):
    monkeypatch.setattr(machine, 'find_spec', lambda name: None if name == 'ensurepip' else name)
    with pytest.raises(SetupError, match='no venv and ensurepip modules.*-venv'):
        machine.check_python()


@pytest.mark.parametrize(('programs', 'variables', 'message'), [
    ([], {}, 'no C compiler found.*build-essential'),
    (['gcc'], {}, r'no C\+\+ compiler found'),
    (['my-cc', 'my-cxx'], {'CC': 'other-cc', 'CXX': 'my-cxx'}, 'looked for other-cc'),
])
def test_missing_compiler(tmp_path, programs, variables, message):
    for name in programs:
        (tmp_path / name).touch(mode=0o755)
    with pytest.raises(SetupError, match=message):
        machine.check_compilers({'PATH': str(tmp_path), **variables})


def test_compilers_named_by_variables_with_options(tmp_path):
    for name in ('my-cc', 'my-cxx'):
        (tmp_path / name).touch(mode=0o755)
    machine.check_compilers({'PATH': str(tmp_path), 'CC': 'my-cc -m64', 'CXX': 'my-cxx'})
