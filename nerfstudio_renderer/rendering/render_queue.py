# SPDX-License-Identifier: Apache-2.0
"""The thread that turns camera updates into frames."""

from __future__ import annotations

from collections.abc import Callable
import logging
import threading
import time
from typing import Any

from nerfstudio_renderer.cameras.camera import Camera, PoseTolerance
from nerfstudio_renderer.errors import RenderError
from nerfstudio_renderer.rendering.frame import Frame, Update
from nerfstudio_renderer.rendering.latest_frame import LatestFrame, Listener
from nerfstudio_renderer.rendering.levels import Quality
from nerfstudio_renderer.rendering.progressive import SeriesRenderer
from nerfstudio_renderer.wording import reason

_log = logging.getLogger(__name__)

FailureListener = Callable[[Update, Exception], None]


def _log_failure(update: Update, error: Exception) -> None:
    _log.error('update %d failed: %s', update.sequence, reason(error), exc_info=error)


class RenderQueue:
    """
    Renders the newest camera update, coarse to fine, on a thread of its own.

    No call waits for rendering. Updates that arrive while another is rendered replace each
    other; the newest is next as soon as the coarsest level in work is finished, or the finer one
    in work has noticed (within one chunk).

    :param renderer: turns an update into frames; used by the queue's thread alone. None: nothing
        is rendered until ``replace`` gives one.
    :param on_failure: called on the queue's thread when an update could not be rendered; unless
        given, that is logged.
    """

    def __init__(
        self,
        renderer: SeriesRenderer | None,
        *,
        on_failure: FailureListener = _log_failure,
    ) -> None:
        self._renderer = renderer
        self._on_failure = on_failure
        self._latest = LatestFrame()
        self._changed = threading.Condition()
        self._last: Update | None = None
        self._waiting: Update | None = None
        self._sequence = 0
        self._working: Update | None = None
        self._dropped = 0  # updates up to this one are rendered no more
        self._closed = False
        self._thread = threading.Thread(target=self._run, name='render', daemon=True)
        self._thread.start()

    def update(
        self,
        camera: Camera,
        *,
        quality: Quality = Quality(),  # noqa: B008 - frozen
        tolerance: PoseTolerance = PoseTolerance(),  # noqa: B008 - frozen
        context: Any = None,
        force: bool = False,
    ) -> Update[Any]:
        """
        Ask for pictures of ``camera``; return at once.

        :param quality: the levels of the series.
        :param tolerance: a camera this near to the last one rests.
        :param context: what its frames carry.
        :param force: whether they are wanted even if the camera rests, for something else has
            changed.
        :returns: the update that will be rendered: a new one, or the last one if the camera
            rests, whose refinement then simply goes on.
        """
        with self._changed:
            last = self._last
            if last is not None and not force and camera.rests_at(last.camera, tolerance):
                return last
            self._sequence += 1
            self._last = Update(
                self._sequence, camera, time.monotonic(), quality, context
            )
            self._waiting = self._last
            self._changed.notify_all()
            return self._last

    def replace(self, renderer: SeriesRenderer | None) -> None:
        """
        Render later updates with ``renderer``, or with None none of them; return at once.

        The update in work ends after its chunk, and one that waits is not rendered. No frame of
        earlier updates is given out any more, nor is the newest one held. The next update is a new
        one, even of the same camera; sequences go on.
        """
        with self._changed:
            self._renderer = renderer
            self._last = self._waiting = None
            self._dropped = self._sequence
            self._latest.drop(self._sequence)
            self._changed.notify_all()

    def detach(self, timeout_s: float = 2.0) -> bool:
        """Let go of the renderer and the newest frame; return whether that was done in time."""
        self.replace(None)
        return self.wait_until_idle(timeout_s)

    def take(self, client: str = '', timeout_s: float = 0.0) -> Frame | None:
        """Return the newest frame that ``client`` has not taken, in this time, else None."""
        return self._latest.take(client, timeout_s)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every frame, on the queue's thread; return how to stop that."""
        return self._latest.subscribe(listener)

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until the last update is rendered to its finest level, or has failed."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._closed or not (self._working or self._is_due()), timeout_s
            )

    def wait_until_replaced(self, timeout_s: float) -> bool:
        """Wait until no renderer that was replaced is at work any more."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._working is None or not self._is_dropped(self._working), timeout_s
            )

    def close(self, timeout_s: float = 2.0) -> bool:
        """Rest, for good; return whether the thread has ended in time, after the chunk in work."""
        with self._changed:
            self._closed = True
            self.replace(None)
        self._latest.close()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def __enter__(self) -> RenderQueue:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _run(self) -> None:
        while self._render_next():
            pass

    def _render_next(self) -> bool:
        # Not a loop: while the thread waits it holds nothing, so a renderer that was replaced,
        # and its model, can end.
        work = self._next()
        if work is None:
            return False
        update, renderer = work

        def cancelled(level: int) -> bool:
            # A coarsest level is finished whatever arrives: at any rate, pictures come.
            return self._is_dropped(update) or (level > 0 and self._waiting is not None)

        try:
            for frame in renderer.frames(update, cancelled):
                self._latest.offer(frame)
        except Exception as error:
            self._fail(update, error)
        except BaseException as error:  # such as sys.exit in a library: the next one is served
            failure = RenderError(f'the engine asked its thread to end: {reason(error)}')
            failure.__cause__ = error
            self._fail(update, failure)
        return True

    def _next(self) -> tuple[Update, SeriesRenderer] | None:
        with self._changed:
            self._working = None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or self._is_due())
            if self._closed:
                return None
            self._working, self._waiting = self._waiting, None
            return self._working, self._renderer

    def _is_dropped(self, update: Update) -> bool:
        return update.sequence <= self._dropped

    def _is_due(self) -> bool:
        return self._waiting is not None and self._renderer is not None

    def _fail(self, update: Update, error: Exception) -> None:
        with self._changed:
            if self._is_dropped(update):
                return
            if self._last is update:
                self._last = None  # so that sending the same pose again tries again
        try:
            self._on_failure(update, error)
        except BaseException:
            _log.exception('the failure listener failed on update %d', update.sequence)
