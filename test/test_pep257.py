# SPDX-License-Identifier: Apache-2.0
"""The docstrings satisfy ROS 2's form of PEP 257."""

from linted_sources import FILES
import pytest


@pytest.mark.linter
@pytest.mark.pep257
def test_ament_pep257():
    linter = pytest.importorskip('ament_pep257.main')
    assert linter.main(argv=[str(path) for path in FILES]) == 0
