# SPDX-License-Identifier: Apache-2.0
"""A renderer node and its client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.client import Client
from support.heldout import FOV_Y_DEG, INTRINSICS
from support.processes import NodeProcess, own_domain, PATTERN_NODE, REAL_NODE

SIZE = {'width': 64, 'height': 48, 'levels': '[4, 2, 1]', 'target_latency_ms': 0.0}


@pytest.fixture(scope='module')
def pattern_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """Return a node that renders patterns, quickly; shared by a module's tests."""
    log = tmp_path_factory.mktemp('node') / 'log'
    with NodeProcess(PATTERN_NODE, log, SIZE) as node:
        yield node


@pytest.fixture
def client(pattern_node: NodeProcess) -> Iterator[Client]:
    """Return a client of the pattern node that has seen nothing yet."""
    with Client() as client:
        client.wait_for_node()
        yield client


@pytest.fixture(scope='module')
def lasting_client(pattern_node: NodeProcess) -> Iterator[Client]:
    """Return a client of the pattern node that keeps what a module's tests have seen."""
    with Client() as client:
        client.wait_for_node()
        yield client


@pytest.fixture(scope='module')
def bundled_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """Return a node that renders the bundled scene, by default as the held-out views are."""
    parameters = {
        'width': INTRINSICS.width, 'height': INTRINSICS.height, 'fov_y_deg': FOV_Y_DEG,
        'levels': '[4]', 'target_latency_ms': 0.0,
    }
    log = tmp_path_factory.mktemp('renderer') / 'log'
    with pytest.MonkeyPatch.context() as domain:
        domain.setenv('ROS_DOMAIN_ID', own_domain(3))
        with NodeProcess(REAL_NODE, log, parameters) as node:
            yield node


@pytest.fixture(scope='module')
def renderer(bundled_node: NodeProcess) -> Iterator[Client]:
    """Return a client of the node that renders the bundled scene."""
    with Client() as client:
        bundled_node.wait_for_output('ready')
        client.wait_for_node()
        yield client
