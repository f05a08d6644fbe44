# SPDX-License-Identifier: Apache-2.0
"""An engine that renders when a test says so, in another process too."""

from __future__ import annotations

import threading

import numpy as np

from support.engines import PATIENCE_S, PatternEngine

UNIT = 1024.0
"""A camera at x = n / UNIT is seen as update n: its pictures are n / UNIT red."""


class GatedEngine(PatternEngine):
    """Renders one chunk for each call of ``step``; a chunk is a level of a small picture."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._permits = 0
        self._is_open = False
        self.working_on: tuple[int, int] | None = None

    class PatternView(PatternEngine.PatternView):
        """The pattern of one camera, rendered on permission."""

        def _pattern(self, indices: np.ndarray) -> np.ndarray:
            x = float(self._camera.c2w[0, 3])
            self._engine.await_permit((round(x * UNIT), self._camera.intrinsics.width))
            return super()._pattern(indices)

    def await_permit(self, work: tuple[int, int]) -> None:
        """Park in ``work``, an update and the width of its picture."""
        with self._changed:
            self.working_on = work
            self._changed.notify_all()
            assert self._changed.wait_for(
                lambda: self._permits or self._is_open, PATIENCE_S
            ), 'no step came'
            self._permits = max(self._permits - 1, 0)
            self.working_on = None
            self._changed.notify_all()

    def wait_until_parked(self, update: int, width: int) -> None:
        """Wait until that picture is in work."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: self.working_on == (update, width), PATIENCE_S
            ), f'works on {self.working_on}, not on {(update, width)}'

    def step(self) -> None:
        """Finish the chunk in work."""
        with self._changed:
            assert self.working_on is not None
            self._permits += 1
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: not self._permits, PATIENCE_S), 'no step taken'

    def run_free(self) -> None:
        """Finish every chunk from now on."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()


def camera_position(update: int) -> list[float]:
    """Return the position of the camera of ``update``."""
    return [update / UNIT, 0.0, 0.0]
