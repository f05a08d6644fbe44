# SPDX-License-Identifier: Apache-2.0
"""Starting, ending and dying: signals, restarts, and what is left behind."""

from __future__ import annotations

from pathlib import Path
import re
import signal
import time

import pytest
from support.client import Client, pose, stamp_of
from support.processes import NodeProcess, own_domain, PATTERN_NODE, REAL_NODE

DOMAIN = {'ROS_DOMAIN_ID': own_domain(2)}
SLOW = {**DOMAIN, 'SECONDS_PER_RAY': '0.0001'}  # a series of 240 x 180 takes 4 s


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this module's nodes apart from the one that other modules share."""
    monkeypatch.setenv('ROS_DOMAIN_ID', DOMAIN['ROS_DOMAIN_ID'])


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_a_signal_ends_a_rendering_node_quietly(tmp_path, domain, number):
    parameters = {'width': 240, 'height': 180}
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', parameters, SLOW) as node, Client() as client:
        client.wait_for_node()
        client.publish(pose(1.0))
        client.wait_for(lambda: client.infos)
        assert node.stop(number) == 0
        assert 'Traceback' not in node.output
        assert 'did not end' not in node.output


@pytest.mark.parametrize('delay_s', [0.0, 0.5, 1.5, 3.0])
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_a_signal_ends_a_loading_node_quietly(tmp_path: Path, delay_s: float, number: int):
    slow = {'engine': 'nerfstudio'}
    with NodeProcess(REAL_NODE, tmp_path / 'log', slow, DOMAIN) as node:
        node.wait_for_output('loading')
        time.sleep(delay_s)  # somewhere between importing PyTorch and a loaded scene
        # At once by the signal, or in order if the scene has been loaded in the meantime.
        assert node.stop(number) in (0, -number)
        assert 'Traceback' not in node.output


def test_an_ended_node_leaves_no_shared_memory_behind(tmp_path: Path):
    with NodeProcess(PATTERN_NODE, tmp_path / 'log', environment=DOMAIN) as node:
        node.wait_for_output('ready')
        mapped = Path(f'/proc/{node.process.pid}/maps').read_text()
        # Those of ports belong to all processes.
        names = re.findall(r'/dev/shm/fast(?:dds|rtps)_[0-9a-f]+', mapped)
        segments = {Path(name) for name in names}
        assert segments
        assert node.stop() == 0
    assert not any(segment.exists() for segment in segments)


def test_a_killed_node_is_replaced_by_a_new_one_during_a_flight(tmp_path, domain):
    with Client() as client:
        with NodeProcess(PATTERN_NODE, tmp_path / 'first', environment=DOMAIN) as node:
            client.wait_for_node()
            client.publish(pose(1.0))
            client.wait_for(lambda: client.infos)
            client.wait_for_finest(client.infos[0].sequence)
            node.stop(signal.SIGKILL)
        seen, last_stamp = len(client.infos), stamp_of(client.infos[-1])
        with NodeProcess(PATTERN_NODE, tmp_path / 'second', environment=DOMAIN) as node:
            node.wait_for_output('ready')
            for step in range(200):  # the flight goes on, whether the node is back or not
                client.publish(pose(2.0 + step))
                time.sleep(0.02)
                if len(client.infos) > seen:
                    break
            client.wait_for(lambda: len(client.infos) > seen)
            again = client.infos[seen]
    assert again.sequence >= 1
    assert again.level == 0
    assert stamp_of(again) > last_stamp
