# SPDX-License-Identifier: Apache-2.0
"""The threads that the CPU's kernels share, as C++ sees them and as sanitizers do."""

from __future__ import annotations

from collections.abc import Callable
import os
from pathlib import Path
import re
import subprocess

import pytest

SOURCE = Path(__file__).with_name('thread_pool.cpp')
ENGINES = SOURCE.parents[4] / 'nerfstudio_renderer' / 'engines'
CASES = re.findall(r'^static void (\w+)\(\)$', SOURCE.read_text(), re.MULTILINE)
SANITIZERS = {'plain': [], 'address': ['address', 'undefined'], 'thread': ['thread']}
# What is built here needs no library that was loaded into this process.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != 'LD_PRELOAD'}

Run = Callable[[str], subprocess.CompletedProcess]


def _run(command: list[str | Path]) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=ENVIRONMENT)


@pytest.fixture(scope='module', params=SANITIZERS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return what runs a case in a program built with a sanitizer."""
    program = tmp_path_factory.mktemp(request.param) / 'thread_pool'
    flags = [f'-fsanitize={name}' for name in SANITIZERS[request.param]]
    build = _run([
        os.environ.get('CXX', 'c++'), '-std=c++17', '-O1', '-g', '-Wall', '-Wextra', '-Werror',
        *flags, '-fno-sanitize-recover=all', f'-I{ENGINES}', SOURCE, '-o', program,
        '-pthread', '-ldl',
    ])
    if build.returncode and flags and re.search('lib[at]san|libubsan', build.stderr):
        pytest.skip(f'the compiler has no sanitizer here: {build.stderr}')
    assert build.returncode == 0, build.stderr
    trial = _run([program])
    if 'unexpected memory mapping' in trial.stderr:  # under kernels that it does not know yet
        pytest.skip(trial.stderr)
    assert trial.stdout.split() == CASES
    return lambda case: _run([program, case])


@pytest.mark.parametrize('case', CASES)
def test_the_pool_holds_what_it_promises(run: Run, case: str):
    result = run(case)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ''
