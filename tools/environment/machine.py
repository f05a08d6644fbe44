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

"""What the machine must have before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
import os
from pathlib import Path
import shutil
import sys
import sysconfig

from tools.environment.errors import SetupError

OLDEST, NEWEST = (3, 10), (3, 12)
"""The Python versions for which every wheel exists."""

NEEDED_GB = 12.0
"""Disk space of a finished environment and of what pip keeps while it installs [10^9 bytes]."""


def check_all(venv: Path) -> None:
    """Raise SetupError unless everything is there to make an environment at this path."""
    check_python()
    check_venv_module()
    check_compilers()
    check_headers()
    check_space(venv)


def check_python() -> None:
    """Raise SetupError unless the running Python can become the environment's."""
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        raise SetupError(
            f'Python {version[0]}.{version[1]} will not do, 3.10 to 3.12 will: install one and '
            'name it, as in "make setup PYTHON=python3.11"')


def check_venv_module() -> None:
    """Raise SetupError if this Python cannot make virtual environments with pip."""
    if find_spec('venv') is None or find_spec('ensurepip') is None:
        package = f'python{sys.version_info[0]}.{sys.version_info[1]}-venv'
        raise SetupError(
            f'{sys.executable} has no venv and ensurepip modules: install them (Debian and '
            f'Ubuntu: apt install {package})')


def check_compilers(variables: Mapping[str, str] = os.environ) -> None:
    """Raise SetupError if there is no C or no C++ compiler."""
    for language, variable, names in (
        ('C', 'CC', ('cc', 'gcc', 'clang')), ('C++', 'CXX', ('c++', 'g++', 'clang++')),
    ):
        # CC and CXX may carry options behind the name.
        chosen = variables.get(variable, '').split()[:1] or names
        if not any(shutil.which(name, path=variables.get('PATH')) for name in chosen):
            raise SetupError(
                f'no {language} compiler found (looked for {", ".join(chosen)}): install one '
                '(Debian and Ubuntu: apt install build-essential)')


def check_headers() -> None:
    """Raise SetupError if Python's own C headers are missing."""
    header = Path(sysconfig.get_path('include')) / 'Python.h'
    if not header.is_file():
        package = f'python{sys.version_info[0]}.{sys.version_info[1]}-dev'
        raise SetupError(
            f'{header} is missing: install the headers of Python (Debian and Ubuntu: apt install '
            f'{package})')


def check_space(venv: Path) -> None:
    """Raise SetupError if an environment at this path has no room to be completed."""
    free = free_gb(venv if venv.exists() else venv.parent)
    needed = NEEDED_GB - size_gb(venv)
    if free < needed:
        raise SetupError(
            f'not enough disk space for {venv}: {needed:.1f} GB are needed, {free:.1f} GB are '
            'free')


def free_gb(folder: Path) -> float:
    """Return the free space of the disk that a folder is on [10^9 bytes]."""
    return shutil.disk_usage(folder).free / 1e9


def size_gb(folder: Path) -> float:
    """Return the size of all files below a folder [10^9 bytes], 0 if it is missing."""
    files = (Path(path) / name for path, _, names in os.walk(folder) for name in names)
    return sum(file.lstat().st_size for file in files) / 1e9
