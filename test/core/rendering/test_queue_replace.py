# SPDX-License-Identifier: Apache-2.0
"""A queue that goes on with another renderer, or rests without one."""

from __future__ import annotations

import gc
import weakref

from nerfstudio_renderer import ProgressiveRenderer, RenderQueue
from support.engines import (
    camera_at,
    every_level,
    PATIENCE_S,
    PatternEngine,
    SteppedRenderer,
)

LEVELS = every_level(4, 2, 1)


def _renderer() -> ProgressiveRenderer:
    return ProgressiveRenderer(PatternEngine())


def _orders(queue: RenderQueue) -> list[tuple[int, int]]:
    heard: list[tuple[int, int]] = []
    queue.subscribe(lambda frame: heard.append(frame.order))
    return heard


def test_the_series_in_work_ends_and_sequences_go_on():
    old, new = SteppedRenderer(levels=2, chunks=2), SteppedRenderer(levels=2, chunks=2)
    with RenderQueue(old) as queue:
        heard = _orders(queue)
        queue.update(camera_at(1.0), quality=LEVELS)
        old.wait_until_parked()
        queue.replace(new)
        old.step()
        new.run_free()
        # The same camera: with the other renderer it is something new.
        assert queue.update(camera_at(1.0), quality=LEVELS).sequence == 2
        assert queue.wait_until_idle(PATIENCE_S)
        assert old.chunks_done == [(1, 0)]
        assert heard == [(2, 0), (2, 1)]


def test_a_level_that_the_old_renderer_finishes_after_all_is_not_given_out():
    old = SteppedRenderer(levels=2, chunks=1)
    with RenderQueue(old) as queue:
        heard = _orders(queue)
        queue.update(camera_at(1.0), quality=LEVELS)
        old.wait_until_parked()
        queue.replace(_renderer())
        old.step()  # its coarsest level is complete now
        queue.update(camera_at(2.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        assert heard == [(2, 0), (2, 1), (2, 2)]


def test_no_picture_of_the_old_renderer_is_given_away_any_more():
    with RenderQueue(_renderer()) as queue:
        queue.update(camera_at(1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        queue.replace(_renderer())
        assert queue.take() is None
        queue.update(camera_at(1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        assert queue.take().order == (2, 2)


def test_an_update_from_before_a_rest_is_not_resumed_by_the_same_renderer():
    renderer = SteppedRenderer(levels=2, chunks=2)
    with RenderQueue(renderer) as queue:
        heard = _orders(queue)
        queue.update(camera_at(1.0), quality=LEVELS)
        renderer.wait_until_parked()
        queue.replace(None)
        queue.replace(renderer)
        renderer.run_free()
        queue.update(camera_at(2.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        assert heard == [(2, 0), (2, 1)]
        assert renderer.chunks_done[:2] == [(1, 0), (2, 0)]


def test_an_update_that_waits_is_not_rendered_by_the_new_renderer():
    old = SteppedRenderer(levels=1, chunks=1)
    with RenderQueue(old) as queue:
        heard = _orders(queue)
        queue.update(camera_at(1.0), quality=LEVELS)
        old.wait_until_parked()
        queue.update(camera_at(2.0), quality=LEVELS)  # in the coordinates of the old scene
        queue.replace(_renderer())
        old.step()
        queue.update(camera_at(3.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        assert heard == [(3, 0), (3, 1), (3, 2)]


def test_without_a_renderer_nothing_is_rendered_until_there_is_one():
    with RenderQueue(None) as queue:
        heard = _orders(queue)
        queue.update(camera_at(1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        assert heard == []
        queue.replace(_renderer())
        queue.update(camera_at(1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        assert heard == [(2, 0), (2, 1), (2, 2)]


def test_a_queue_at_rest_holds_neither_a_frame_nor_its_renderer():
    renderer = _renderer()
    reference = weakref.ref(renderer)
    with RenderQueue(renderer) as queue:
        queue.update(camera_at(1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        del renderer
        assert queue.detach()
        assert queue.take() is None
        gc.collect()
        assert reference() is None


def test_a_queue_whose_chunk_does_not_end_says_so():
    renderer = SteppedRenderer(levels=1, chunks=1)
    with RenderQueue(renderer) as queue:
        queue.update(camera_at(1.0), quality=LEVELS)
        renderer.wait_until_parked()
        assert not queue.detach(timeout_s=0.05)
        renderer.run_free()
        assert queue.detach()


def test_one_can_wait_until_a_replaced_renderer_is_no_more_at_work():
    old = SteppedRenderer(levels=1, chunks=1)
    reference = weakref.ref(old)
    with RenderQueue(old) as queue:
        queue.update(camera_at(1.0), quality=LEVELS)
        old.wait_until_parked()
        queue.replace(_renderer())
        queue.update(camera_at(2.0), quality=LEVELS)
        assert not queue.wait_until_replaced(timeout_s=0.05)
        old.run_free()
        del old
        assert queue.wait_until_replaced(PATIENCE_S)
        gc.collect()
        assert reference() is None


def test_what_a_replaced_renderer_fails_at_is_no_failure():
    renderer, failures = SteppedRenderer(levels=1, chunks=1), []
    with RenderQueue(renderer, on_failure=lambda *failure: failures.append(failure)) as queue:
        queue.update(camera_at(-1.0), quality=LEVELS)
        renderer.wait_until_parked()
        queue.replace(None)
        renderer.run_free()
        assert queue.wait_until_idle(PATIENCE_S)
    assert failures == []
