# SPDX-License-Identifier: Apache-2.0
"""Stamps that increase with the sequence of updates."""

from __future__ import annotations

from rclpy.duration import Duration
from rclpy.time import Time

# Clocks of senders are less than this ahead of the node's.
_AHEAD = Duration(seconds=1)
_OF_ANOTHER_CLOCK = (
    ', which is ahead of the clock: does its source have the use_sim_time of this node? To forget '
    'that stamp, clean the node up and configure it again'
)
_OF_ANOTHER_RUN = (
    '; if its source has started over, so must the clock (use_sim_time, ros2 bag play --clock)'
)


def is_ahead(stamp: Time, now: Time) -> bool:
    """Tell whether ``stamp`` is in the future, by more than clocks differ."""
    return stamp > now + _AHEAD


def in_seconds(stamp: Time) -> str:
    """Return ``stamp`` for people."""
    return f'{stamp.nanoseconds * 1e-9:.3f} s'


class IncreasingStamps:
    """Gives each update its own stamp: the requested one, or 1 ns after the last one."""

    def __init__(self) -> None:
        self._last_given_ns: int | None = None
        self._last_of_sender: Time | None = None
        self._jumped_from_ns: int | None = None

    def why_stale(self, stamp: Time, now: Time) -> str | None:
        """Return why a sender's ``stamp`` is stale, or None if it is not."""
        last = self._last_of_sender
        if last is not None and stamp < last:
            return (
                f'its stamp {in_seconds(stamp)} is older than the last one, {in_seconds(last)}'
                + (_OF_ANOTHER_CLOCK if is_ahead(last, now) else _OF_ANOTHER_RUN)
            )
        has_caught_up = self._jumped_from_ns is None or now.nanoseconds >= self._jumped_from_ns
        if has_caught_up or not is_ahead(stamp, now):
            return None
        # It was sent before the clock jumped. Accepting it would make all later stamps stale.
        return (f'its stamp {in_seconds(stamp)} is from before the clock jumped back; it is '
                f'{in_seconds(now)} now')

    def take(self, wanted: Time, of_sender: bool = False) -> Time:
        """
        Return ``wanted``, moved to 1 ns after the last stamp if it is not later than that.

        :param of_sender: whether it is the stamp of a message, not the time of its arrival.
        """
        nanoseconds = wanted.nanoseconds
        if of_sender:
            self._last_of_sender = wanted
        if self._last_given_ns is not None:
            nanoseconds = max(nanoseconds, self._last_given_ns + 1)
        self._last_given_ns = nanoseconds
        return Time(nanoseconds=nanoseconds, clock_type=wanted.clock_type)

    def restart(self, jumped_from_ns: int) -> None:
        """Allow earlier stamps: the clock has jumped back from ``jumped_from_ns``."""
        self._jumped_from_ns = jumped_from_ns
        self._last_given_ns = self._last_of_sender = None
