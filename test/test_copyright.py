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

"""Every source file starts with the license header."""

from pathlib import Path

from linted_sources import FILES, FOLDERS, ROOT
import pytest


@pytest.mark.linter
def test_header_of_every_file():
    header = Path(__file__).read_text().partition('\n\n')[0]
    assert header.count('\n') == 12
    without = [path.relative_to(ROOT) for path in FILES if not path.read_text().startswith(header)]
    assert without == []


@pytest.mark.copyright
@pytest.mark.linter
def test_ament_copyright():
    linter = pytest.importorskip('ament_copyright.main', reason='not among the wheels of ROS 2')
    assert linter.main(argv=[*map(str, FOLDERS), str(ROOT / 'setup.py')]) == 0
