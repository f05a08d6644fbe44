# SPDX-License-Identifier: Apache-2.0
"""Stamps: increasing with the updates, and of the time that is."""

from __future__ import annotations

from nerfstudio_renderer_ros.state.stamps import IncreasingStamps
import pytest
from rclpy.time import Time


def at(seconds: float) -> Time:
    """Return a time."""
    return Time(nanoseconds=round(seconds * 1e9))


@pytest.fixture
def stamps() -> IncreasingStamps:
    """Return stamps of which a sender's was 100 s."""
    stamps = IncreasingStamps()
    assert stamps.take(at(100), of_sender=True) == at(100)
    return stamps


def test_a_stamp_is_the_one_asked_for_or_just_after_the_last(stamps):
    assert stamps.take(at(101)) == at(101)
    assert stamps.take(at(101)) == Time(nanoseconds=101 * 10**9 + 1)
    assert stamps.take(at(50)) == Time(nanoseconds=101 * 10**9 + 2)
    assert stamps.take(at(102)) == at(102)


def test_a_sender_s_stamp_is_stale_if_it_is_older_than_the_last_one_of_a_sender(stamps):
    stamps.take(at(200))  # the time at which a pose without a stamp has come
    assert stamps.why_stale(at(99.9), now=at(100)) == (
        'its stamp 99.900 s is older than the last one, 100.000 s; if its source has started '
        'over, so must the clock (use_sim_time, ros2 bag play --clock)'
    )
    assert stamps.why_stale(at(100), now=at(100)) is None
    assert stamps.why_stale(at(1000), now=at(100)) is None


def test_a_stamp_from_another_clock_is_named_as_what_makes_others_stale(stamps):
    assert stamps.why_stale(at(12), now=at(11)) == (
        'its stamp 12.000 s is older than the last one, 100.000 s, which is ahead of the clock: '
        'does its source have the use_sim_time of this node? To forget that stamp, clean the node '
        'up and configure it again'
    )


def test_after_a_jump_of_the_clock_earlier_stamps_follow_and_left_over_ones_are_stale(stamps):
    stamps.restart(jumped_from_ns=105 * 10**9)
    assert stamps.why_stale(at(10), now=at(10)) is None
    assert stamps.why_stale(at(10.9), now=at(10)) is None
    assert stamps.why_stale(at(104.9), now=at(10)) == (
        'its stamp 104.900 s is from before the clock jumped back; it is 10.000 s now'
    )
    assert stamps.take(at(10), of_sender=True) == at(10)
    assert stamps.why_stale(at(9), now=at(10)) is not None
    # The clock has come by where it jumped from.
    assert stamps.why_stale(at(120), now=at(106)) is None
