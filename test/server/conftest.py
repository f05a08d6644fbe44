# SPDX-License-Identifier: Apache-2.0
"""Servers that several test modules share."""

from __future__ import annotations

from collections.abc import Iterator
import json
from pathlib import Path

import pytest
import rpyc
from support.servers import PATTERN_SERVER, REAL_SERVER, ServerProcess

SIZES = [(8, 6), (16, 12), (20, 12)]  # no more pixels than the smallest chunk has


@pytest.fixture(scope='session')
def camera_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a file with three levels, each a single chunk."""
    path = tmp_path_factory.mktemp('levels') / 'levels.json'
    levels = [{'width': width, 'height': height, 'fov': 50.0} for width, height in SIZES]
    path.write_text(json.dumps(levels))
    return path


@pytest.fixture(scope='session', autouse=True)
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ServerProcess]]:
    """Start the shared servers together: they take seconds, each mostly waiting for the disk."""
    folder = tmp_path_factory.mktemp('servers')
    with (
        ServerProcess(PATTERN_SERVER, folder / 'pattern') as pattern,
        ServerProcess(REAL_SERVER, folder / 'real') as real,
    ):
        yield {'pattern': pattern, 'real': real}


@pytest.fixture(scope='session')
def pattern_server(started: dict[str, ServerProcess]) -> ServerProcess:
    """Return a classic server whose engines render patterns."""
    return started['pattern']


@pytest.fixture(scope='session')
def real_server(started: dict[str, ServerProcess]) -> ServerProcess:
    """Return a classic server as users start it."""
    return started['real']


@pytest.fixture
def connection(pattern_server: ServerProcess) -> Iterator[rpyc.Connection]:
    """Return an unmodified client's connection to the pattern server."""
    with pattern_server.connect() as connection:
        yield connection
