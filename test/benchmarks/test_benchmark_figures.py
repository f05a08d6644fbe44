# SPDX-License-Identifier: Apache-2.0
"""From what was measured to the figures in rows."""

from __future__ import annotations

import itertools
import os
import time

from benchmarks.chunk_sweep import best_chunk, SweepRow
from benchmarks.comparison import differences
from benchmarks.end_to_end import rows_of
from benchmarks.engines import speed_row
from benchmarks.figures import latencies, speed
from benchmarks.memory import main_memory, parse_smaps
from benchmarks.pose_client import Arrival, Level
from benchmarks.processor_time import parse_stat, processor_time_s
from benchmarks.rounds import RoundPlan, take_turns
from benchmarks.start import first_picture_row
from benchmarks.views import pinhole
from nerfstudio_renderer.engines.host_pixels import HostImage
import numpy as np
import pytest


def test_speed_is_the_median_of_the_rounds():
    assert speed(1000, [1.0, 0.5, 0.1]) == {
        'rays_per_second': 2000.0, 'slowest': 1000.0, 'fastest': 10_000.0, 'rounds': 3,
    }


def test_latencies_are_percentiles_in_milliseconds():
    figures = latencies(index / 1000 for index in range(101))
    assert figures == {'p50_ms': 50.0, 'p95_ms': 95.0, 'p99_ms': 99.0, 'samples': 101}


def test_without_a_sample_there_are_no_percentiles():
    assert latencies([]) == {'p50_ms': None, 'p95_ms': None, 'p99_ms': None, 'samples': 0}


def test_contestants_take_turns_in_alternating_order():
    calls = []
    contestants = {
        name: lambda number, name=name: calls.append((name, number)) or name.upper()
        for name in 'ab'
    }
    ticks = itertools.count()
    turns = take_turns(contestants, RoundPlan(3, 3), clock=lambda: next(ticks))
    assert calls == [('a', 0), ('b', 0), ('b', 1), ('a', 1), ('a', 2), ('b', 2)]
    assert [turn.result for turn in turns['b']] == ['B', 'B', 'B']
    assert [turn.seconds for turn in turns['a']] == [1, 1, 1]


@pytest.mark.parametrize(('seconds', 'rounds'), [(1.0, 5), (3.0, 3), (100.0, 2)])
def test_rounds_end_when_another_would_not_fit(seconds, rounds):
    moment = 0.0

    def work(number: int) -> None:
        nonlocal moment
        moment += seconds

    turns = take_turns({'a': work}, RoundPlan(2, 5, budget_s=10.0), clock=lambda: moment)
    assert len(turns['a']) == rounds


def test_a_renderer_is_compared_by_the_medians_of_the_same_rounds():
    row = speed_row('cell', pinhole(10, 5), 'fused', [1.0, 2.0, 3.0], [20.0, 40.0, 90.0], [10.0])
    assert (row.picture, row.rays_per_second) == ('10 x 5', 25.0)
    assert (row.times_engine_nerfstudio, row.times_own_loop) == (20.0, 5.0)
    alone = speed_row('cell', pinhole(10, 5), 'fused', [1.0])
    assert (alone.times_engine_nerfstudio, alone.times_own_loop) == (None, None)


def test_the_best_chunk_is_the_fastest():
    rows = [SweepRow('cell', 'loop', chunk, speed) for chunk, speed in ((1, 5.0), (2, 7.0))]
    assert best_chunk(rows) == 2


def _picture(rgb: float, depth: float, accumulation: float) -> HostImage:
    return HostImage(np.full((2, 3, 5), [rgb, rgb, rgb, depth, accumulation], np.float32))


def test_pictures_are_compared_over_all_views_and_by_the_worst():
    references = [_picture(0.5, 2.0, 0.9)] * 2
    # Errors of 0.1 and 0.01: 20 dB and 40 dB; together the mean square is 0.00505.
    figures = differences([_picture(0.6, 2.001, 0.9), _picture(0.51, 2.1, 0.8)], references)
    assert figures['views'] == 2
    assert figures['psnr_db'] == pytest.approx(22.97, abs=0.01)
    assert figures['worst_view_psnr_db'] == pytest.approx(20.0, abs=0.01)
    assert figures['same_depth_pct'] == 50.0
    assert figures['accumulation_error'] == pytest.approx(0.1)


def test_equal_pictures_have_a_finite_figure():
    pictures = [_picture(0.5, 2.0, 0.9)]
    assert differences(pictures, pictures)['psnr_db'] == 200.0


def _arrival(whole_s: float, *levels: int) -> Arrival:
    known = tuple(
        Level(level, 3, 16 << level, 9 << level, render_time_s=0.1 * (level + 1), latency_s=0.7)
        for level in levels
    )
    return Arrival(5.0, 5.0 + whole_s, known)


def test_latencies_come_whole_and_in_parts():
    arrivals = [_arrival(0.8, 0, 1, 2), None, _arrival(1.0, 0, 2)]
    rows = {row.time: row for row in rows_of('64 x 36', 'from idle', 'finest', arrivals)}
    assert {row.awaited for row in rows.values()} == {'finest, 64 x 36'}
    assert {row.sent for row in rows.values()} == {3}
    assert (rows['whole'].p50_ms, rows['whole'].samples) == (900.0, 2)
    assert (rows['transfer'].p50_ms, rows['transfer'].samples) == (200.0, 2)
    # 0.8 s - (0.1 + 0.2 + 0.3) s; of the other, the time of level 1 is not known.
    rest = rows['without rendering']
    assert (rest.p50_ms, rest.samples) == (200.0, 1)


def test_poses_without_a_picture_have_rows_too():
    rows = rows_of('64 x 36', '30 Hz', 'first', [None, None])
    assert [(row.awaited, row.p50_ms, row.samples, row.sent) for row in rows] == [
        ('first', None, 0, 2)
    ] * 3


def test_the_start_has_a_time_for_each_step():
    row = first_picture_row('fused', [[0, 1, 3, 6, 10], [0, 1, 3, 6, 15], [0, 2, 4, 6, 8]])
    assert (row.interpreter_s, row.imports_s, row.queue_s, row.picture_s) == (1, 2, 3, 4)
    assert (row.fastest_s, row.whole_s, row.slowest_s, row.rounds) == (8, 10, 15, 3)


def test_memory_is_read_in_mib():
    text = '00400000-7ffc ---p 00000000 00:00 0 [rollup]\nRss:  2048 kB\nPss:  1 kB\n' \
           'Private_Clean:  512 kB\nPrivate_Dirty:  256 kB\n'
    memory = parse_smaps(text)
    assert (memory.resident_mib, memory.private_mib) == (2.0, 0.75)


def test_memory_grows_by_what_is_held():
    before_mib = main_memory(os.getpid()).resident_mib
    held = np.ones(32 << 20, np.uint8)
    assert main_memory(os.getpid()).resident_mib - before_mib > 24.0
    assert held.all()


def test_processor_time_is_read_behind_any_name():
    line = '42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 7 8 20 0 3 0 100 200 300'
    assert parse_stat(line) == 300


def test_processor_time_is_that_of_all_threads():
    tolerance_s = 0.05
    before_s = time.process_time()
    measured_s = processor_time_s(os.getpid())
    assert before_s - tolerance_s <= measured_s <= time.process_time() + tolerance_s
