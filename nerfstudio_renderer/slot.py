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
"""The newest finished frame, and who has seen it."""

from __future__ import annotations

from collections.abc import Callable
import logging
import math
import threading

from nerfstudio_renderer.frame import Frame

_log = logging.getLogger(__name__)

Listener = Callable[[Frame], None]


class FrameSlot:
    """
    Holds one frame and hands it out so that no consumer ever goes back.

    A consumer either listens (and is called with every frame) or asks (and gets the newest frame
    it has not seen). Both see frames in strictly increasing order. One thread offers; any thread
    may ask.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: Frame | None = None
        self._last_order: tuple[int, float] = (0, -1)  # of a frame before the first
        # Only who has seen the newest frame matters: older ones are never given out again. So
        # the set is emptied with every frame, and cannot grow with the clients that come and go.
        self._seen_by: set[str] = set()
        self._listeners: tuple[Listener, ...] = ()

    def offer(self, frame: Frame) -> bool:
        """Make ``frame`` the newest and tell the listeners; False if it comes too late."""
        with self._lock:
            if frame.order <= self._last_order:
                return False
            self._newest, self._last_order = frame, frame.order
            self._seen_by.clear()
            listeners = self._listeners
        for listener in listeners:
            _call(listener, frame)
        return True

    def take(self, client: str = '') -> Frame | None:
        """Return the newest frame if ``client`` has not taken it yet, else None."""
        with self._lock:
            if self._newest is None or client in self._seen_by:
                return None
            self._seen_by.add(client)
            return self._newest

    def drop(self, sequence: int) -> None:
        """Hold no frame any more, and refuse those of updates up to ``sequence``."""
        with self._lock:
            self._newest = None
            self._last_order = max(self._last_order, (sequence, math.inf))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every later frame, on the offering thread; return how to stop."""
        with self._lock:
            self._listeners += (listener,)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(each for each in self._listeners if each is not listener)

        return unsubscribe


def _call(listener: Listener, frame: Frame) -> None:
    try:
        listener(frame)
    except BaseException:
        # A consumer's fault must not cost the others their frame, nor the thread that offers it.
        _log.exception('a listener failed on frame %s', frame.order)
