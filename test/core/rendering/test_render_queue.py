# SPDX-License-Identifier: Apache-2.0
"""The render queue: failures, rests, endings."""

from __future__ import annotations

import gc
import threading
import time
import weakref

from nerfstudio_renderer import (
    Intrinsics,
    PoseTolerance,
    ProgressiveRenderer,
    RenderQueue,
)
import pytest
from support.engines import (
    camera_at,
    every_level,
    FailingEngine,
    PATIENCE_S,
    PatternEngine,
    SteppedRenderer,
)

LEVELS = every_level(4, 2, 1)


def _renderer(engine=None) -> ProgressiveRenderer:
    return ProgressiveRenderer(engine or PatternEngine())


def _orders(queue: RenderQueue) -> list[tuple[int, int]]:
    heard: list[tuple[int, int]] = []
    queue.subscribe(lambda frame: heard.append(frame.order))
    return heard


def test_a_rested_camera_is_refined_to_its_finest_level():
    with RenderQueue(_renderer()) as queue:
        heard = _orders(queue)
        queue.update(camera_at(1.0), quality=LEVELS, context='stamp')
        assert queue.wait_until_idle(PATIENCE_S)
        assert heard == [(1, 0), (1, 1), (1, 2)]
        frame = queue.take()
        assert frame.is_finest
        assert frame.update.context == 'stamp'
        assert frame.latency_s >= frame.render_time_s > 0


def test_a_repeated_pose_goes_on_with_the_series():
    renderer = SteppedRenderer(levels=3, chunks=1)
    with RenderQueue(renderer) as queue:
        heard = _orders(queue)
        first = queue.update(camera_at(1.0), quality=LEVELS)
        renderer.wait_until_parked()
        assert queue.update(camera_at(1.0), quality=LEVELS) is first
        renderer.run_free()
        assert queue.wait_until_idle(PATIENCE_S)
        assert queue.update(camera_at(1.0), quality=LEVELS) is first  # also once it is finished
        assert heard == [(1, 0), (1, 1), (1, 2)]


def test_a_repeated_pose_that_is_wanted_anew_is_a_new_update():
    with RenderQueue(_renderer()) as queue:
        heard = _orders(queue)
        queue.update(camera_at(1.0), quality=LEVELS, context='old')
        assert queue.wait_until_idle(PATIENCE_S)
        again = queue.update(camera_at(1.0), quality=LEVELS, context='new', force=True)
        assert again.sequence == 2
        assert queue.wait_until_idle(PATIENCE_S)
        assert heard == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]
        assert queue.take().update.context == 'new'


def test_tolerance_is_measured_from_the_accepted_pose_so_creeping_is_noticed():
    near = PoseTolerance(distance=0.1)
    with RenderQueue(_renderer()) as queue:
        sequences = [
            queue.update(camera_at(0.04 * step), tolerance=near).sequence for step in range(7)
        ]
    assert sequences == [1, 1, 1, 2, 2, 2, 3]


@pytest.mark.parametrize(
    ('x', 'reason'), [(-1.0, 'out of memory at -1'), (2000.0, 'are not finite')]
)
def test_a_failing_update_is_reported_and_the_next_one_served(x, reason):
    failures = []
    with RenderQueue(
        _renderer(FailingEngine()), on_failure=lambda *failure: failures.append(failure)
    ) as queue:
        heard = _orders(queue)
        failed = queue.update(camera_at(x), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        queue.update(camera_at(1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
    assert heard == [(2, 0), (2, 1), (2, 2)]
    assert [update for update, _ in failures] == [failed]
    assert reason in str(failures[0][1])


def test_a_failure_that_nobody_listens_for_is_logged(caplog: pytest.LogCaptureFixture):
    with RenderQueue(_renderer(FailingEngine())) as queue:
        queue.update(camera_at(-1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
    assert 'update 1 failed: out of memory at -1' in caplog.text


def test_a_failed_pose_is_tried_again_when_it_is_sent_again():
    with RenderQueue(_renderer(FailingEngine())) as queue:
        for sequence in (1, 2):
            assert queue.update(camera_at(-1.0), quality=LEVELS).sequence == sequence
            assert queue.wait_until_idle(PATIENCE_S)


def test_a_failure_listener_that_fails_does_not_end_the_thread():
    with RenderQueue(_renderer(FailingEngine()), on_failure=lambda *_: 1 / 0) as queue:
        queue.update(camera_at(-1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        queue.update(camera_at(1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        assert queue.take().order == (2, 2)


def test_update_and_take_do_not_wait_for_rendering():
    renderer = SteppedRenderer(levels=1, chunks=1)  # nothing is ever rendered
    queue = RenderQueue(renderer)
    started = time.monotonic()
    for step in range(1000):
        queue.update(camera_at(float(step)))
        assert queue.take() is None
    assert time.monotonic() - started < PATIENCE_S
    renderer.run_free()
    assert queue.close()


def test_close_ends_the_thread_in_the_middle_of_a_series_and_may_be_repeated():
    queue = RenderQueue(_renderer(PatternEngine(seconds_per_ray=1e-3)))
    large = camera_at(1.0, Intrinsics.from_fov_y(400, 300, 50.0))
    queue.update(large, quality=every_level(1))  # 120 s of work
    started = time.monotonic()
    assert queue.close()
    assert queue.close()
    assert time.monotonic() - started < 2.0
    assert not any(thread.name == 'render' for thread in threading.enumerate())


def test_a_queue_that_is_closed_by_its_own_listener_ends():
    queue = RenderQueue(_renderer())
    closed = threading.Event()

    def close_and_tell(frame):
        queue.close()
        closed.set()

    queue.subscribe(close_and_tell)
    queue.update(camera_at(1.0), quality=LEVELS)
    assert closed.wait(PATIENCE_S)
    assert queue.close()


def test_nothing_keeps_a_closed_queue_alive():
    queue = RenderQueue(_renderer())
    queue.update(camera_at(1.0), quality=LEVELS)
    queue.close()
    reference = weakref.ref(queue)
    del queue
    gc.collect()
    assert reference() is None
