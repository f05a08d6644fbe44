# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""The slot on its own: order, at most once, listeners."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from nerfstudio_renderer import Frame, Update
from nerfstudio_renderer.rendering.latest_frame import LatestFrame
import pytest
from support.engines import camera_at, frame_of


def _frame(sequence: int, level: int) -> Frame:
    return frame_of(Update(sequence, camera_at(0.0), received_s=0.0), level, 9)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3))))
def test_listeners_and_clients_only_go_forward_whatever_is_offered(offered):
    slot, heard, taken = LatestFrame(), [], []
    slot.subscribe(lambda frame: heard.append(frame.order))
    for order in offered:
        is_newer = not heard or order > heard[-1]
        assert slot.offer(_frame(*order)) == is_newer
        if (frame := slot.take()) is not None:
            taken.append(frame.order)
    assert heard == taken
    assert heard == sorted(set(heard))


def test_each_client_takes_a_frame_once():
    slot = LatestFrame()
    assert slot.take() is None
    slot.offer(_frame(1, 0))
    assert slot.take('a').order == slot.take('b').order == slot.take().order == (1, 0)
    assert slot.take('a') is slot.take('b') is slot.take() is None
    slot.offer(_frame(1, 1))
    assert slot.take('a').order == (1, 1)


def test_clients_that_come_and_go_leave_nothing_behind():
    slot = LatestFrame()
    for sequence in range(1, 4):
        slot.offer(_frame(sequence, 0))
        for client in range(100):
            slot.take(f'{sequence}-{client}')
    assert len(slot._seen_by) == 100


def test_what_is_dropped_is_neither_held_nor_accepted_when_it_comes_after_all():
    slot = LatestFrame()
    slot.offer(_frame(2, 0))
    slot.drop(2)
    assert slot.take() is None
    assert not slot.offer(_frame(2, 1))
    assert slot.take() is None
    slot.offer(_frame(3, 0))
    assert slot.take().order == (3, 0)


def test_a_listener_that_fails_costs_nobody_else_the_frame(caplog: pytest.LogCaptureFixture):
    slot, heard = LatestFrame(), []
    slot.subscribe(lambda frame: 1 / 0)
    slot.subscribe(lambda frame: heard.append(frame.order))
    slot.offer(_frame(1, 0))
    assert heard == [(1, 0)]
    assert 'a listener failed on frame (1, 0)' in caplog.text


def test_unsubscribing_stops_the_calls():
    slot, heard = LatestFrame(), []
    unsubscribe = slot.subscribe(lambda frame: heard.append(frame.order))
    slot.offer(_frame(1, 0))
    unsubscribe()
    slot.offer(_frame(2, 0))
    assert heard == [(1, 0)]
