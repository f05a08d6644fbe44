# SPDX-License-Identifier: Apache-2.0
"""The package.xml files satisfy their schema."""

from linted_sources import MANIFESTS
import pytest


@pytest.mark.linter
@pytest.mark.xmllint
def test_ament_xmllint():
    linter = pytest.importorskip('ament_xmllint.main', reason='not among the wheels of ROS 2')
    assert linter.main(argv=[str(path) for path in MANIFESTS]) == 0
