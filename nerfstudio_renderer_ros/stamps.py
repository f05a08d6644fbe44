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
"""Time stamps that order updates as their sequence does."""

from __future__ import annotations

from rclpy.time import Time


class IncreasingStamps:
    """Gives each update its own stamp: the one asked for, or just after the last one given."""

    def __init__(self) -> None:
        self._last_given_ns: int | None = None
        self._last_of_sender_ns: int | None = None

    def is_stale(self, stamp: Time) -> bool:
        """Tell whether ``stamp``, of a sender, is older than the last one of a sender."""
        return self._last_of_sender_ns is not None and stamp.nanoseconds < self._last_of_sender_ns

    def take(self, wanted: Time, of_sender: bool = False) -> Time:
        """
        Return ``wanted``, moved to 1 ns after the last stamp if it is not later than that.

        :param of_sender: whether it came with a message, rather than being when that arrived.
        """
        nanoseconds = wanted.nanoseconds
        if of_sender:
            self._last_of_sender_ns = nanoseconds
        if self._last_given_ns is not None:
            nanoseconds = max(nanoseconds, self._last_given_ns + 1)
        self._last_given_ns = nanoseconds
        return Time(nanoseconds=nanoseconds, clock_type=wanted.clock_type)

    def restart(self) -> None:
        """Let earlier stamps follow: the clock has jumped back."""
        self._last_given_ns = self._last_of_sender_ns = None
