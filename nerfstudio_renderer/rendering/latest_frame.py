# SPDX-License-Identifier: Apache-2.0
"""The newest finished frame, and who has seen it."""

from __future__ import annotations

from collections.abc import Callable
import logging
import math
import threading

from nerfstudio_renderer.rendering.frame import Frame

_log = logging.getLogger(__name__)

Listener = Callable[[Frame], None]


class LatestFrame:
    """
    Holds one frame and hands it out so that no consumer ever goes back.

    A consumer either listens (and is called with every frame) or asks (and gets the newest frame
    it has not seen). Both see frames in strictly increasing order. One thread offers; any thread
    may ask.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._newest: Frame | None = None
        self._last_order: tuple[int, float] = (0, -1)  # of a frame before the first
        # Only who has seen the newest frame matters: older ones are never given out again. So
        # the set is emptied with every frame, and cannot grow with the clients that come and go.
        self._seen_by: set[str] = set()
        self._listeners: tuple[Listener, ...] = ()
        self._closed = False

    def offer(self, frame: Frame) -> bool:
        """Make ``frame`` the newest and tell the listeners; False if it comes too late."""
        with self._changed:
            if frame.order <= self._last_order:
                return False
            self._newest, self._last_order = frame, frame.order
            self._seen_by.clear()
            listeners = self._listeners
            self._changed.notify_all()
        for listener in listeners:
            _call(listener, frame)
        return True

    def take(self, client: str = '', timeout_s: float = 0.0) -> Frame | None:
        """
        Return the newest frame that ``client`` has not taken yet.

        :param timeout_s: how long to wait for one.
        :returns: the frame; None if there is none in time, or the queue was closed.
        """
        with self._changed:
            if timeout_s > 0.0:
                self._changed.wait_for(lambda: self._closed or self._is_new_to(client), timeout_s)
            if not self._is_new_to(client):
                return None
            self._seen_by.add(client)
            return self._newest

    def drop(self, sequence: int) -> None:
        """Hold no frame any more, and refuse those of updates up to ``sequence``."""
        with self._changed:
            self._newest = None
            self._last_order = max(self._last_order, (sequence, math.inf))

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every later frame, on the offering thread; return how to stop."""
        with self._changed:
            self._listeners += (listener,)

        def unsubscribe() -> None:
            with self._changed:
                self._listeners = tuple(each for each in self._listeners if each is not listener)

        return unsubscribe

    def _is_new_to(self, client: str) -> bool:
        return self._newest is not None and client not in self._seen_by


def _call(listener: Listener, frame: Frame) -> None:
    try:
        listener(frame)
    except BaseException:
        # A consumer's fault must not cost the others their frame, nor the thread that offers it.
        _log.exception('a listener failed on frame %s', frame.order)
