# SPDX-License-Identifier: Apache-2.0
"""How long an image takes from one process to another, by transport."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
import json
import os
from pathlib import Path
import subprocess
import sys

from benchmarks.figures import latencies
from benchmarks.settings import Settings
from examples.demo.network import free_domain
from nerfstudio_renderer_ros import transport

_ROOT = Path(__file__).resolve().parents[1]
_LIMIT_S = 60.0
_QUICK_IMAGES = 5
_FEWEST_IMAGES = 2

DEFAULT, OURS, LARGE_DATA = 'Fast DDS default', 'ours', 'LARGE_DATA'
TRANSPORTS = (DEFAULT, OURS, LARGE_DATA)
"""LARGE_DATA has to be set for the subscriber too; the others are the publisher's alone."""


@dataclass(frozen=True)
class Size:
    """Images of one size."""

    width: int
    """Columns, pixels."""
    height: int
    """Rows, pixels."""
    period_s: float
    """From one to the next; longer than the slowest transport takes, so that none waits."""


SIZES = (Size(64, 36, 0.02), Size(320, 180, 0.02), Size(1280, 720, 0.08))


@dataclass(frozen=True)
class TransportRow:
    """What one kind of subscriber saw of one size by one transport."""

    width: int
    """Columns of the images, pixels."""
    height: int
    """Rows of the images, pixels."""
    transport: str
    """One of TRANSPORTS."""
    subscriber: str
    """Whether its callback keeps the newest image, as a viewer does, or drops each."""
    p50_ms: float
    """Median time from publishing to the callback, milliseconds."""
    p95_ms: float
    """The 95th percentile of it."""
    p99_ms: float
    """The 99th percentile of it."""
    samples: int
    """Images that arrived."""
    sent: int
    """Images that were published."""


def run(settings: Settings) -> list[TransportRow]:
    """Measure images of all sizes by every transport."""
    if settings.quick:
        return measure(images=_QUICK_IMAGES, sizes=SIZES[-1:], transports=(DEFAULT, OURS))
    return measure()


def measure(
    rounds: int = 1, images: int = 30, sizes: Sequence[Size] = SIZES,
    transports: Sequence[str] = TRANSPORTS,
) -> list[TransportRow]:
    """
    Measure every size by every transport.

    Two plain rclpy processes, sensor_msgs/Image (rgb8), reliable, keep last 1, one subscriber. In
    ROS's default discovery range, for LARGE_DATA has no effect in LOCALHOST.

    :param rounds: how often; a round goes through all transports, so that load meets all alike.
    :param images: timed per round, size, transport and kind of subscriber.
    :raises RuntimeError: if an image could not be sent or did not come.
    """
    samples: dict[tuple[Size, str, str], list[float]] = {}
    for _ in range(rounds):
        for size in sizes:
            for name in transports:
                for subscriber, seconds in _timed(size, name, images).items():
                    samples.setdefault((size, name, subscriber), []).extend(seconds)
    return [_row(*key, seconds, rounds * images) for key, seconds in samples.items()]


def _row(
    size: Size, name: str, subscriber: str, seconds: list[float], sent: int
) -> TransportRow:
    if len(seconds) < _FEWEST_IMAGES:
        raise RuntimeError(
            f'{len(seconds)} of {sent} images of {size.width} x {size.height} came by {name}'
        )
    return TransportRow(
        size.width, size.height, name, subscriber, sent=sent, **latencies(seconds)
    )


def _timed(size: Size, name: str, images: int) -> dict[str, list[float]]:
    """Return the latencies, seconds, for each kind of subscriber."""
    publishing, subscribing = _environments(name)
    arguments = map(str, (size.width, size.height, images, size.period_s))
    with (
        _child('image_subscriber', subscribing) as subscriber,
        _child('image_publisher', publishing, *arguments) as publisher,
    ):
        _finish(publisher)
        return json.loads(_finish(subscriber))


def _environments(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the publisher's and the subscriber's variables."""
    user = (*transport.SETTINGS, 'ROS_AUTOMATIC_DISCOVERY_RANGE', 'ROS_LOCALHOST_ONLY')
    plain = {
        **{name: value for name, value in os.environ.items() if name not in user},
        'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp',
        'ROS_DOMAIN_ID': str(free_domain()),
    }
    if name == LARGE_DATA:
        both = {**plain, 'FASTDDS_BUILTIN_TRANSPORTS': 'LARGE_DATA'}
        return both, both
    publishing = dict(plain)
    if name == OURS:
        explanation = transport.prepare(publishing)
        if publishing == plain:
            raise RuntimeError(f'cannot measure our transport: {explanation}')
    return publishing, plain


@contextmanager
def _child(
    module: str, environment: dict[str, str], *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    """Run a module beside this one, and end it whatever happens."""
    with subprocess.Popen(
        [sys.executable, '-m', f'benchmarks.{module}', *arguments], cwd=_ROOT, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _finish(process: subprocess.Popen[str]) -> str:
    try:
        output, errors = process.communicate(timeout=_LIMIT_S)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f'{process.args[2]} did not end within {_LIMIT_S:g} s') from None
    if process.returncode:
        raise RuntimeError(f'{process.args[2]} failed: {errors.strip()}')
    return output


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    from rich.console import Console
    from rich.table import Table

    parser = argparse.ArgumentParser(prog='python -m benchmarks.transport', description=__doc__)
    parser.add_argument('--rounds', type=int, default=1, help='how often (default: 1)')
    rows = measure(parser.parse_args(arguments).rounds)
    table = Table('size', 'transport', 'subscriber', title='publish to callback, ms')
    for column in ('p50', 'p95', 'p99', 'images'):
        table.add_column(column, justify='right')
    for row in rows:
        table.add_row(
            f'{row.width} x {row.height}', row.transport, row.subscriber,
            *(f'{percentile:.2f}' for percentile in (row.p50_ms, row.p95_ms, row.p99_ms)),
            f'{row.samples} of {row.sent}',
        )
    Console().print(table)


if __name__ == '__main__':
    main()
