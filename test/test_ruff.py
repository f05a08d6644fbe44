# SPDX-License-Identifier: Apache-2.0
"""The sources satisfy ruff, with the rules in pyproject.toml."""

from pathlib import Path
import subprocess
import sys

import pytest


@pytest.mark.linter
def test_ruff():
    pytest.importorskip('ruff')
    check = subprocess.run(
        [sys.executable, '-m', 'ruff', 'check', '--no-cache'], cwd=Path(__file__).parents[1],
        capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr
