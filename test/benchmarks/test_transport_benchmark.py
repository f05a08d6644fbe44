# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the transports, on a few images."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import asdict
import json
import shutil

from benchmarks import transport
from benchmarks.settings import Settings
from benchmarks.transport import DEFAULT, measure, OURS, run, Size, TransportRow
import pytest

Usage = namedtuple('Usage', 'total used free')
TINY = (Size(8, 4, 0.01),)


def test_every_transport_and_kind_of_subscriber_has_a_row():
    rows = measure(rounds=2, images=5, sizes=TINY, transports=(DEFAULT, OURS))
    written = [asdict(row) for row in rows]
    assert json.loads(json.dumps(written)) == written
    assert [(row.transport, row.subscriber) for row in rows] == [
        (name, subscriber)
        for name in (DEFAULT, OURS) for subscriber in ('drops each', 'keeps the newest')
    ]
    for row in rows:
        assert (row.width, row.height, row.sent) == (8, 4, 10)
        assert 2 <= row.samples <= 10
        assert 0 < row.p50_ms <= row.p95_ms <= row.p99_ms


def test_a_quick_run_sends_few_images(monkeypatch, tmp_path):
    def timed(size: Size, name: str, images: int) -> dict[str, list[float]]:
        return {f'of {images}': [0.001, 0.003]}

    monkeypatch.setattr(transport, '_timed', timed)
    assert run(Settings(tmp_path, quick=True)) == [
        TransportRow(1280, 720, name, 'of 5', 2.0, 2.9, 2.98, samples=2, sent=5)
        for name in (DEFAULT, OURS)
    ]
    assert {row.sent for row in run(Settings(tmp_path))} == {30}


def test_our_transport_is_not_measured_where_it_would_not_be_used(monkeypatch):
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: Usage(0, 0, 0))
    with pytest.raises(RuntimeError, match='/dev/shm has 0 MiB free'):
        measure(sizes=TINY, transports=(OURS,))


def test_a_process_that_fails_is_named_with_its_reason():
    with pytest.raises(RuntimeError, match=r'(?s)image_publisher failed: .*period'):
        measure(images=1, sizes=(Size(1, 1, 'period'),), transports=(DEFAULT,))
