# SPDX-License-Identifier: Apache-2.0
"""Fixtures that several test modules share."""

from __future__ import annotations

import os
from pathlib import Path
import shutil

import pytest
from support import tested_copy
from support.processes import own_domain

tested_copy.prefer_compiled()

# Traffic of these tests stays on this machine, and apart from that of other tests.
os.environ['ROS_DOMAIN_ID'] = own_domain()
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
if os.environ.get('ROS_DISTRO') == 'humble':  # which knows this one alone; later ones warn of it
    os.environ['ROS_LOCALHOST_ONLY'] = '1'


@pytest.fixture(scope='session')
def tiny_scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the config.yml of a small random nerfacto scene; not to be changed."""
    from support.scenes import write_scene

    return write_scene(tmp_path_factory.mktemp('tiny'))


@pytest.fixture
def scene_copy(tiny_scene: Path, tmp_path: Path) -> Path:
    """Return the config.yml of a copy of the tiny scene that a test may damage."""
    shutil.copytree(tiny_scene.parent, tmp_path / 'scene')
    return tmp_path / 'scene' / 'config.yml'
