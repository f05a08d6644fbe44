# SPDX-License-Identifier: Apache-2.0
"""The sources satisfy flake8 with the plug-ins and settings of ROS 2."""

from linted_sources import FILES
import pytest


@pytest.mark.flake8
@pytest.mark.linter
def test_ament_flake8():
    linter = pytest.importorskip('ament_flake8.main')
    status, errors = linter.main_with_errors(argv=[str(path) for path in FILES])
    assert status == 0, '\n'.join(errors)
