# SPDX-License-Identifier: Apache-2.0
"""Images of full size between processes, through shared memory and without it."""

from __future__ import annotations

from collections.abc import Iterator
import hashlib
import os
from pathlib import Path
import re
import subprocess
import sys

from nerfstudio_renderer import Intrinsics
from nerfstudio_renderer_ros import transport
import numpy as np
import pytest
from support.engines import camera_at, pattern
from support.pattern_node import WORLD_SCALE
from support.plain_subscriber import STEP
from support.processes import NodeProcess, own_domain, PATTERN_NODE, ROOT

PROFILE = ROOT / 'config' / 'fastdds.xml'
MIB = 1 << 20
# Those that would keep the node from its profile, or its images from UDP.
VARIABLES = (
    'FASTDDS_DEFAULT_PROFILES_FILE',
    'FASTRTPS_DEFAULT_PROFILES_FILE',
    'FASTDDS_BUILTIN_TRANSPORTS',
    'RMW_FASTRTPS_USE_QOS_FROM_XML',
    'RMW_IMPLEMENTATION',
    'ROS2_EASY_MODE',
    'ROS_LOCALHOST_ONLY',
)
# On this machine alone, a participant has shared memory whatever it asks for; peers that are named
# find each other where multicast does not work too.
ACROSS_UDP = {
    'ROS_DOMAIN_ID': own_domain(3),
    'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET',
    'ROS_STATIC_PEERS': '127.0.0.1',
}


@pytest.fixture(scope='module', autouse=True)
def nothing_set() -> Iterator[None]:
    """Have no settings of Fast DDS."""
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope='module')
def big_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """Return a node that renders images of 1280 x 720, started as a user starts it."""
    parameters = {'width': 1280, 'height': 720, 'levels': '[1]', 'target_latency_ms': 0.0}
    log = tmp_path_factory.mktemp('transport') / 'log'
    with NodeProcess(PATTERN_NODE, log, parameters, ACROSS_UDP) as node:
        node.wait_for_output('ready')
        yield node


def segments(process: int) -> set[int]:
    """Return the sizes of the shared memory of Fast DDS that a process has, whole MiB."""
    maps = Path(f'/proc/{process}/maps').read_text()
    names = set(re.findall(r'/dev/shm/(fast(?:dds|rtps)_[0-9a-f]{16})$', maps, re.MULTILINE))
    return {Path('/dev/shm', name).stat().st_size // MIB for name in names}


def test_a_node_has_the_room_that_the_profile_asks_for(big_node):
    assert transport.segment_bytes(PROFILE) == 8 * MIB
    assert 8 in segments(big_node.process.pid)


@pytest.mark.parametrize(
    'transports', [{}, {'FASTDDS_BUILTIN_TRANSPORTS': 'UDPv4'}], ids=['unmodified', 'udp_alone'])
def test_large_images_arrive_whole_at_a_subscriber(big_node, transports):
    line = subprocess.check_output(
        [sys.executable, '-m', 'support.plain_subscriber'], text=True, timeout=120,
        env={**os.environ, **ACROSS_UDP, **transports,
             'PYTHONPATH': f'{ROOT / "test"}:{os.environ.get("PYTHONPATH", "")}'})
    width, height, digest = line.split()
    assert (width, height) == ('1280', '720')
    # Any of the first poses, for the first ones may have been sent before the two had met.
    assert any(digest == hashlib.sha256(picture(step)).hexdigest() for step in range(300))


def picture(step: int) -> bytes:
    """Return the image of a pose of the subscriber's."""
    camera = camera_at(WORLD_SCALE * STEP * step, Intrinsics.from_fov_y(1280, 720, 50.0))
    rgb = pattern(camera, np.arange(1280 * 720))[:, :3]
    return (rgb * 255.0 + 0.5).astype(np.uint8).tobytes()


# Fast DDS 2 reads one of these alone, Fast DDS 3 the other.
@pytest.mark.parametrize(
    ('file', 'variable'),
    [('theirs.xml', 'FASTDDS_DEFAULT_PROFILES_FILE'), ('DEFAULT_FASTRTPS_PROFILES.xml', None)],
    ids=['variable', 'working_directory'])
def test_a_node_takes_the_profile_of_the_user_instead(tmp_path, monkeypatch, file, variable):
    monkeypatch.chdir(tmp_path)
    theirs = tmp_path / file
    environment = {variable: str(theirs)} if variable else {}
    # 3 MiB are nobody's default.
    theirs.write_text(PROFILE.read_text().replace(str(8 * MIB), str(3 * MIB)))
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', environment=environment) as node:
        node.wait_for_output('ready')
        sizes = segments(node.process.pid)
        assert 3 in sizes
        assert 8 not in sizes
