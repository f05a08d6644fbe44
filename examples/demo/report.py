# SPDX-License-Identifier: Apache-2.0
"""The flight as a table and as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
import os
import platform
from typing import Any

from examples.demo.figures import Figures, Latency, Percentiles
from examples.demo.guarantees import GUARANTEES, Violation
import nerfstudio_renderer_ros
from rclpy.utilities import get_rmw_implementation_identifier
from rich.console import Console
from rich.table import Table

_PACKAGES = ('nerfstudio', 'numpy', 'pillow', 'rclpy', 'torch')
_SHOWN_VIOLATIONS = 10


def summary(
    figures: Figures,
    violations: Sequence[Violation],
    parameters: Mapping[str, Any],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """
    Return all figures as values that JSON has.

    :param parameters: what the flight was asked for.
    :param seconds: how long each part of the demo took.
    """
    return {
        'parameters': dict(parameters),
        'versions': _versions(),
        'machine': {
            'system': f'{platform.system()} {platform.machine()}',
            'cpus': len(os.sched_getaffinity(0)),
            'middleware': get_rmw_implementation_identifier(),
        },
        'seconds': {part: round(span, 3) for part, span in seconds.items()},
        **asdict(figures),
        'violations': {
            'count': len(violations),
            'by_guarantee': _count_by_guarantee(violations),
            'list': [asdict(violation) for violation in violations],
        },
    }


def _versions() -> dict[str, str]:
    versions = {'nerfstudio_renderer_ros': nerfstudio_renderer_ros.__version__}
    versions['python'] = platform.python_version()
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # a system's own need not have metadata
            versions[package] = 'unknown'
    return versions


def print_report(console: Console, figures: Figures, violations: Sequence[Violation]) -> None:
    """Print what came, how soon, and which promises held."""
    console.print(_counts(figures), _latencies(figures), _promises(violations))
    for violation in violations[:_SHOWN_VIOLATIONS]:
        console.print(f'{violation.guarantee}: {violation.detail}', style='red', markup=False)
    if len(violations) > _SHOWN_VIOLATIONS:
        console.print(f'... and {len(violations) - _SHOWN_VIOLATIONS} more', style='red')


def _counts(figures: Figures) -> Table:
    updates, arrivals, rays = figures.updates, figures.arrivals, figures.rays_per_second
    table = Table(title='Flight', show_header=False)
    table.add_column()
    table.add_column(justify='right')
    for name, value in (
        ('Camera updates sent', updates.sent),
        ('  accepted by the renderer', updates.seen),
        ('  with a picture', updates.pictured),
        ('Repeated poses sent', updates.repeated),
        ('Frames received', arrivals.images),
        ('Frames from get_frame (and empty answers)',
         f'{arrivals.answers} ({arrivals.empty_answers})'),
        ('Stops refined to the finest picture', len(figures.stops)),
        ('Rays per second', '-' if rays is None else f'{rays:,.0f}'),
    ):
        table.add_row(name, str(value))
    return table


def _latencies(figures: Figures) -> Table:
    table = Table(title='Latency from a pose to its picture, ms')
    for heading in ('', 'poses', 'p50', 'p95', 'node p50', 'node p95'):
        table.add_column(heading, justify='right' if heading else 'left', no_wrap=True)
    latencies = figures.latency_s
    for name, latency in (
        ('First picture, from idle', latencies.first_from_idle),
        ('First picture, moving', latencies.first_moving),
        ('Finest picture, at rest', latencies.finest_resting),
    ):
        table.add_row(name, *_latency_cells(latency))
    return table


def _latency_cells(latency: Latency) -> list[str]:
    return [
        str(latency.client.count), *_percentile_cells(latency.client),
        *_percentile_cells(latency.node),
    ]


def _percentile_cells(percentiles: Percentiles) -> list[str]:
    values = (percentiles.p50, percentiles.p95)
    return ['-' if value is None else f'{value * 1e3:,.0f}' for value in values]


def _promises(violations: Sequence[Violation]) -> Table:
    table = Table(title='Guarantees')
    table.add_column('')
    table.add_column('violations', justify='right')
    for name, count in _count_by_guarantee(violations).items():
        table.add_row(
            f'{name}: {GUARANTEES[name].meaning}', str(count), style='bold red' if count else None
        )
    return table


def _count_by_guarantee(violations: Sequence[Violation]) -> dict[str, int]:
    return {name: sum(each.guarantee == name for each in violations) for name in GUARANTEES}
