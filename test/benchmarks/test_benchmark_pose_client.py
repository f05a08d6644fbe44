# SPDX-License-Identifier: Apache-2.0
"""The client that measures latencies, on a node that renders patterns."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.pose_client import PoseClient
import pytest
from support.processes import NodeProcess, PATTERN_NODE

SIZE = {'width': 64, 'height': 48, 'levels': '[4, 2, 1]', 'target_latency_ms': 0.0}


@pytest.fixture(scope='module')
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoseClient]:
    """Return a client that the node has answered."""
    log = tmp_path_factory.mktemp('node') / 'log'
    with NodeProcess(PATTERN_NODE, log, SIZE) as node, PoseClient() as client:
        client.greet(lambda: _check(node))
        yield client


def _check(node: NodeProcess) -> None:
    assert node.process.poll() is None, node.output


def test_the_finest_picture_of_a_pose_is_awaited(client):
    arrival = client.wait_for_finest(client.send())
    finest = arrival.levels[-1]
    assert (finest.level, finest.level_count) == (2, 3)
    assert (finest.width, finest.height) == (64, 48)
    assert 0 < finest.latency_s < arrival.arrived_s - arrival.sent_s


def test_every_pose_of_a_stream_has_a_stamp_of_its_own(client):
    stamps = client.stream(5, 50.0)
    assert sorted(set(stamps)) == stamps
    client.wait_for_finest(stamps[-1])
    # Images are published keep last 1: a coarse one may be overtaken by the next.
    first = [arrival for stamp in stamps if (arrival := client.first(stamp)) is not None]
    for arrival in first:
        assert (arrival.levels[0].width, arrival.is_complete) == (16, True)
    assert client.first(stamps[-1] + 1) is None
