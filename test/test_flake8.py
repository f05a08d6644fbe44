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

"""The sources satisfy flake8 with the plug-ins and settings of ROS 2."""

from linted_sources import FILES
import pytest


@pytest.mark.flake8
@pytest.mark.linter
def test_ament_flake8():
    linter = pytest.importorskip('ament_flake8.main')
    status, errors = linter.main_with_errors(argv=[str(path) for path in FILES])
    assert status == 0, '\n'.join(errors)
