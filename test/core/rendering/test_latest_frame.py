# SPDX-License-Identifier: Apache-2.0
"""The newest frame on its own: order, at most once, waiting, listeners."""

from __future__ import annotations

import queue
import threading

from hypothesis import given
from hypothesis import strategies as st
from nerfstudio_renderer import Frame, Update
from nerfstudio_renderer.rendering.latest_frame import LatestFrame
import pytest
from support.engines import camera_at, frame_of, PATIENCE_S


def _frame(sequence: int, level: int) -> Frame:
    return frame_of(Update(sequence, camera_at(0.0), received_s=0.0), level, 9)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3))))
def test_listeners_and_clients_only_go_forward_whatever_is_offered(offered):
    latest, heard, taken = LatestFrame(), [], []
    latest.subscribe(lambda frame: heard.append(frame.order))
    for order in offered:
        is_newer = not heard or order > heard[-1]
        assert latest.offer(_frame(*order)) == is_newer
        if (frame := latest.take()) is not None:
            taken.append(frame.order)
    assert heard == taken
    assert heard == sorted(set(heard))


def test_each_client_takes_a_frame_once():
    latest = LatestFrame()
    assert latest.take() is None
    latest.offer(_frame(1, 0))
    assert latest.take('a').order == latest.take('b').order == latest.take().order == (1, 0)
    assert latest.take('a') is latest.take('b') is latest.take() is None
    latest.offer(_frame(1, 1))
    assert latest.take('a').order == (1, 1)


def test_clients_that_come_and_go_leave_nothing_behind():
    latest = LatestFrame()
    for sequence in range(1, 4):
        latest.offer(_frame(sequence, 0))
        for client in range(100):
            latest.take(f'{sequence}-{client}')
    assert len(latest._seen_by) == 100


def test_what_is_dropped_is_neither_held_nor_accepted_when_it_comes_after_all():
    latest = LatestFrame()
    latest.offer(_frame(2, 0))
    latest.drop(2)
    assert latest.take() is None
    assert not latest.offer(_frame(2, 1))
    assert latest.take() is None
    latest.offer(_frame(3, 0))
    assert latest.take().order == (3, 0)


def test_a_listener_that_fails_costs_nobody_else_the_frame(caplog: pytest.LogCaptureFixture):
    latest, heard = LatestFrame(), []
    latest.subscribe(lambda frame: 1 / 0)
    latest.subscribe(lambda frame: heard.append(frame.order))
    latest.offer(_frame(1, 0))
    assert heard == [(1, 0)]
    assert 'a listener failed on frame (1, 0)' in caplog.text


def test_unsubscribing_stops_the_calls():
    latest, heard = LatestFrame(), []
    unsubscribe = latest.subscribe(lambda frame: heard.append(frame.order))
    latest.offer(_frame(1, 0))
    unsubscribe()
    latest.offer(_frame(2, 0))
    assert heard == [(1, 0)]


def test_who_waits_gets_the_next_frame_that_is_new_to_it():
    latest, taken = LatestFrame(), queue.Queue()
    latest.offer(_frame(1, 0))
    assert latest.take('a', timeout_s=PATIENCE_S).order == (1, 0)  # it is there already
    thread = threading.Thread(target=lambda: taken.put(latest.take('a', timeout_s=PATIENCE_S)))
    thread.start()
    latest.offer(_frame(1, 1))
    assert taken.get(timeout=PATIENCE_S).order == (1, 1)
    thread.join(PATIENCE_S)


def test_waiting_ends_with_nothing_after_its_time_and_when_there_is_an_end():
    latest, taken = LatestFrame(), queue.Queue()
    assert latest.take(timeout_s=0.01) is None
    threads = [
        threading.Thread(target=lambda: taken.put(latest.take(timeout_s=PATIENCE_S)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    latest.close()
    assert [taken.get(timeout=PATIENCE_S) for _ in threads] == [None] * 3
    assert latest.take(timeout_s=PATIENCE_S) is None  # at once
    for thread in threads:
        thread.join(PATIENCE_S)


def test_of_two_who_wait_in_one_name_one_gets_the_frame():
    latest, taken = LatestFrame(), queue.Queue()
    threads = [
        threading.Thread(target=lambda: taken.put(latest.take(timeout_s=0.2))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    latest.offer(_frame(1, 0))
    found = [taken.get(timeout=PATIENCE_S) for _ in threads]
    assert sorted(frame is None for frame in found) == [False, True]
    for thread in threads:
        thread.join(PATIENCE_S)
