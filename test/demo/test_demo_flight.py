# SPDX-License-Identifier: Apache-2.0
"""Whole runs of the demo, with the real renderer in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
import uuid

from PIL import Image
import pytest

ROOT = Path(__file__).resolve().parents[2]
MARK = 'NERFSTUDIO_RENDERER_DEMO_TEST'


@pytest.fixture
def mark() -> Iterator[str]:
    """Return a value for MARK by which a run's processes are found; none must be left."""
    value = uuid.uuid4().hex
    yield value
    assert processes(value) == []


def processes(mark: str) -> list[int]:
    """Return the ids of the processes that inherited ``mark``."""
    needle = f'{MARK}={mark}'.encode()
    return [
        int(environment.parent.name) for environment in Path('/proc').glob('[0-9]*/environ')
        if needle in _contents(environment)
    ]


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # another user's, or gone
        return b''


def start(mark: str, output: Path, *arguments: str) -> subprocess.Popen[str]:
    variables = {name: value for name, value in os.environ.items() if name != 'ROS_DOMAIN_ID'}
    return subprocess.Popen(
        [sys.executable, '-m', 'examples.demo', '--output', str(output), '--device', 'cpu',
         '--width', '64', '--height', '36', *arguments],
        cwd=ROOT, env={**variables, MARK: mark}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A shell's background job ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.timeout(280)
def test_a_short_flight_keeps_every_promise(mark, tmp_path):
    with start(mark, tmp_path, '--duration', '6') as demo:
        output, errors = demo.communicate(timeout=270)
    assert demo.returncode == 0, output + errors
    summary = json.loads((tmp_path / 'summary.json').read_text())
    assert summary['violations']['count'] == 0
    assert summary['stops']
    assert [level['width'] for level in summary['stops'][0]['levels']] == [4, 8, 16, 32, 64]
    assert summary['latency_s']['finest_resting']['client']['count'] == len(summary['stops'])
    assert summary['updates']['seen'] <= summary['updates']['sent']
    for name in ('contact_sheet.png', 'flight.gif'):
        with Image.open(tmp_path / name) as picture:
            assert picture.width > 64
    assert 'order: no consumer goes back' in output


@pytest.mark.timeout(120)
def test_a_renderer_that_cannot_start_ends_the_demo_with_its_reason(mark, tmp_path):
    output = tmp_path / 'new' / 'folder'
    with start(mark, output, '--engine', 'black "magic"') as demo:
        _, errors = demo.communicate(timeout=110)
    assert demo.returncode == 2
    assert str(output / 'renderer.log') in errors
    assert 'black "magic"' in errors
    assert 'Traceback' not in errors


@pytest.mark.timeout(120)
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_process(mark, tmp_path, number):
    with start(mark, tmp_path) as demo:
        while len(processes(mark)) < 2:
            assert demo.poll() is None, demo.stderr.read()
            time.sleep(0.1)
        demo.send_signal(number)
        _, errors = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert 'Traceback' not in errors
