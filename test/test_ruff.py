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
