# SPDX-License-Identifier: Apache-2.0
"""What is noted of a queue, and the figures of it."""

from __future__ import annotations

from benchmarks.cancellation import late_shares, Log, row
from benchmarks.recording_engine import Beginning, Chunk, pose_of, RecordingEngine
from nerfstudio_renderer import Update
import pytest
from support.engines import camera_at, every_level, PatternEngine, series

A, B, C = (Update(index + 1, camera_at(float(index)), float(index)) for index in range(3))
POSE_A, POSE_B, POSE_C = (pose_of(update.camera) for update in (A, B, C))


def test_an_engine_is_recorded_without_changing_its_pictures():
    engine = RecordingEngine(PatternEngine())
    frames = series(engine, A.camera, every_level(2, 1))
    plain = series(PatternEngine(), A.camera, every_level(2, 1))
    assert (frames[-1].depth == plain[-1].depth).all()
    assert [beginning.pose for beginning in engine.beginnings] == [POSE_A]
    assert [(chunk.pose, chunk.rays) for chunk in engine.chunks] == [(POSE_A, 12), (POSE_A, 36)]
    assert engine.beginnings[0].at_s <= engine.chunks[0].began_s <= engine.chunks[0].ended_s
    engine.forget()
    assert engine.beginnings == engine.chunks == []


def _log(chunks: list[Chunk]) -> Log:
    """Return a log in which A was in work already, and B and C came 1 s and 2 s after it."""
    return Log(
        updates=[A, B, C],
        coarsest={POSE_A: 10, POSE_B: 10, POSE_C: 10},
        beginnings=[Beginning(POSE_B, 1.25), Beginning(POSE_C, 2.5)],
        chunks=chunks,
    )


def test_rays_after_a_newer_update_are_late():
    chunks = [
        Chunk(POSE_A, 0.5, 1.5, 40),  # a finer level: half of it came after B
        Chunk(POSE_B, 1.5, 1.9, 10),  # B's coarsest level
        Chunk(POSE_B, 1.9, 2.4, 10),  # four fifths of a finer one came after C
        Chunk(POSE_C, 2.5, 9.0, 40),
    ]
    assert late_shares(_log(chunks)) == pytest.approx((0.0, 0.28))


def test_a_late_coarsest_level_is_not_in_vain():
    chunks = [
        Chunk(POSE_B, 1.5, 2.5, 5), Chunk(POSE_B, 2.5, 3.0, 5),  # half of the first is late
        Chunk(POSE_C, 3.0, 4.0, 10),
    ]
    assert late_shares(_log(chunks)) == pytest.approx((0.375, 0.0))


def test_a_coarsest_level_that_was_never_finished_counts_as_one():
    log = Log([A, B, C], {}, [Beginning(POSE_B, 1.5)], [Chunk(POSE_B, 2.0, 3.0, 10)])
    assert late_shares(log) == (1.0, 0.0)


def test_the_first_update_is_not_counted():
    result = row('fused', '10 Hz', _log([Chunk(POSE_A, 0.0, 0.02, 1)]))
    assert (result.sent, result.begun) == (2, 2)
    assert (result.p50_ms, result.max_ms, result.chunk_p50_ms) == (375.0, 500.0, 20.0)


def test_without_any_rendering_there_are_no_figures():
    result = row('fused', '10 Hz', Log([A, B], {}, [], []))
    assert (result.sent, result.begun, result.max_ms, result.in_vain_pct) == (1, 0, None, 0.0)
