# SPDX-License-Identifier: Apache-2.0
"""The demo's figures, on a flight whose every time is known."""

from __future__ import annotations

from dataclasses import replace

from examples.demo.figures import Arrivals, figures, LevelAtStop, Percentiles, Stop, Updates
from examples.demo.records import Recording
import pytest
from synthetic import BACK_S, RENDER_S, SIZES, SyntheticFlight, VIEW, WAY_S


@pytest.fixture(scope='module')
def flight() -> Recording:
    return SyntheticFlight().recording()


def test_updates_and_messages_are_counted(flight):
    result = figures(flight)
    assert result.updates == Updates(sent=9, repeated=2, seen=9, pictured=9)
    assert result.arrivals == Arrivals(
        frame_infos=19, images=19, camera_infos=19, unpaired=0, answers=4, empty_answers=2
    )


def test_latencies_run_from_the_pose_to_the_picture(flight):
    latency_s = figures(flight).latency_s
    first_s, finest_s = WAY_S + RENDER_S[0] + BACK_S, WAY_S + sum(RENDER_S) + BACK_S
    for latency, count, client_s, node_s in (
        (latency_s.first_from_idle, 1, first_s, RENDER_S[0]),  # update 6 follows a rest
        (latency_s.first_moving, 7, first_s, RENDER_S[0]),  # the others but the greeting
        (latency_s.finest_resting, 2, finest_s, sum(RENDER_S)),
    ):
        assert latency.client == Percentiles(
            count, pytest.approx(client_s, abs=2e-6), pytest.approx(client_s, abs=2e-6)
        )
        assert latency.node == Percentiles(
            count, pytest.approx(node_s, abs=2e-6), pytest.approx(node_s, abs=2e-6)
        )


def test_rays_are_counted_once(flight):
    # 9 updates have level 0 (8 x 4), 8 also level 1 (16 x 9), 2 also level 2 (32 x 18).
    rays = 9 * 32 + 8 * (144 - 32) + 2 * (576 - 144)
    seconds = 9 * RENDER_S[0] + 8 * RENDER_S[1] + 2 * RENDER_S[2]
    assert figures(flight).rays_per_second == pytest.approx(rays / seconds, abs=0.1)


def test_a_level_whose_new_rays_are_unknown_does_not_count(flight):
    only_finest = tuple(info for info in flight.infos if info.order.level == 2)
    assert figures(replace(flight, infos=only_finest)).rays_per_second is None


def test_stops_list_their_levels(flight):
    stops = figures(flight).stops
    assert [stop.sequence for stop in stops] == [5, 9]
    latencies_s = [WAY_S + sum(RENDER_S[: level + 1]) + BACK_S for level in range(3)]
    assert stops[0] == Stop(5, tuple(
        LevelAtStop(*size, pytest.approx(latency_s, abs=2e-6))
        for size, latency_s in zip(SIZES, latencies_s, strict=True)
    ))


def test_an_image_without_its_frame_info_is_unpaired(flight):
    assert figures(replace(flight, infos=flight.infos[1:])).arrivals.unpaired == 2


def test_a_flight_in_which_nothing_came_has_no_latencies():
    nothing = Recording(VIEW, (), (), (), (), (), (), ())
    result = figures(nothing)
    assert result.latency_s.first_moving.client == Percentiles(0, None, None)
    assert result.rays_per_second is None
    assert result.updates == Updates(0, 0, 0, 0)
