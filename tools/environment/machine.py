# SPDX-License-Identifier: Apache-2.0
"""What the machine must have before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
import os
from pathlib import Path
import shutil
import sys
import sysconfig

from tools.environment.shell import SetupError

OLDEST, NEWEST = (3, 10), (3, 12)
"""The Python versions for which every wheel exists."""


def check_python() -> None:
    """Raise SetupError unless the running Python can make an environment to compile for."""
    version = sys.version_info[:2]
    package = f'python{version[0]}.{version[1]}'
    if not OLDEST <= version <= NEWEST:
        raise SetupError(
            f'Python {version[0]}.{version[1]} will not do, 3.10 to 3.12 will: install one and '
            'name it, as in "make setup PYTHON=python3.11"')
    if find_spec('venv') is None or find_spec('ensurepip') is None:
        raise SetupError(
            f'{sys.executable} has no venv and ensurepip modules: install them (Debian and '
            f'Ubuntu: apt install {package}-venv)')
    header = Path(sysconfig.get_path('include')) / 'Python.h'
    if not header.is_file():
        raise SetupError(
            f'{header} is missing: install the headers of Python (Debian and Ubuntu: apt install '
            f'{package}-dev)')


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
