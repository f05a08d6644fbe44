# SPDX-License-Identifier: Apache-2.0
"""Counts and latencies since the node started, for the diagnostics."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
import threading

from nerfstudio_renderer import Frame, Update
import numpy as np

# Latencies of this many last images are kept.
_WINDOW = 200


@dataclass(frozen=True)
class Latency:
    """From receiving an update to its image, milliseconds; None before the first one."""

    p50: float | None
    """Median."""
    p95: float | None
    """95th percentile."""

    @classmethod
    def of(cls, seconds: deque[float]) -> Latency:
        """Return the percentiles of some measurements."""
        if not seconds:
            return cls(None, None)
        return cls(*(float(ms) for ms in np.percentile(seconds, (50, 95)) * 1e3))


@dataclass(frozen=True)
class Summary:
    """Statistics at one moment."""

    received: int
    """Pose messages."""
    accepted: int
    """Updates: poses that were not repeated."""
    repeated: int
    """Poses within the tolerance of the last one."""
    skipped: int
    """Updates without any image: a newer one came first."""
    failed: int
    """Updates whose rendering failed."""
    rejected: dict[str, int]
    """Dropped poses, by reason."""
    frames: int
    """Images."""
    first: Latency
    """Of each update's first image."""
    finest: Latency
    """Of each update's finest image."""
    render_failure: str
    """Why the last update could not be rendered; empty if it could."""
    load_failure: str
    """Why the last scene could not be loaded; empty if it could."""
    refused_camera: str
    """Why the last camera_info_in cannot be used; empty if it can."""
    last_error: str
    """The newest of the three above, even if it is mended."""

    @property
    def rejected_in_all(self) -> int:
        """Return the number of dropped poses."""
        return sum(self.rejected.values())


class Statistics:
    """Counts and measures; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rejected: Counter[str] = Counter()
        self._received = self._repeated = self._failed = self._frames = self._skipped = 0
        self._accepted = self._served = 0
        self._render_failure = self._load_failure = self._refused_camera = self._last_error = ''
        self._first: deque[float] = deque(maxlen=_WINDOW)
        self._finest: deque[float] = deque(maxlen=_WINDOW)

    def received(self) -> None:
        """Count a pose message."""
        with self._lock:
            self._received += 1

    def rejected(self, kind: str) -> None:
        """Count a pose that was dropped."""
        with self._lock:
            self._rejected[kind] += 1

    def judged_scene(self, failure: str) -> None:
        """Note why a scene cannot be loaded; empty if it is shown from now on."""
        with self._lock:
            if not failure:
                self._render_failure = ''  # of the scene before
            self._load_failure = failure
            self._last_error = failure or self._last_error

    def judged_camera(self, refusal: str) -> None:
        """Note why a calibration cannot be used; empty if it can."""
        with self._lock:
            self._refused_camera = refusal
            self._last_error = refusal or self._last_error

    def accepted(self, update: Update) -> None:
        """Count a pose of ``update``: its first one, or a repeated one."""
        with self._lock:
            if update.sequence == self._accepted:
                self._repeated += 1
            self._accepted = max(update.sequence, self._accepted)

    def rendered(self, frame: Frame) -> None:
        """Count an image."""
        with self._lock:
            self._frames += 1
            self._render_failure = ''
            if frame.level == 0:
                self._serve(frame.update)
                self._first.append(frame.latency_s)
            if frame.is_finest:
                self._finest.append(frame.latency_s)

    def failed(self, update: Update, failure: str) -> None:
        """Count an update that could not be rendered."""
        with self._lock:
            self._failed += 1
            self._render_failure = self._last_error = failure
            self._serve(update)

    def _serve(self, update: Update) -> None:
        self._skipped += max(update.sequence - self._served - 1, 0)
        self._served = update.sequence

    def summary(self) -> Summary:
        """Return the current statistics."""
        with self._lock:
            return Summary(
                received=self._received,
                accepted=self._accepted,
                repeated=self._repeated,
                skipped=self._skipped,
                failed=self._failed,
                rejected=dict(self._rejected),
                frames=self._frames,
                first=Latency.of(self._first),
                finest=Latency.of(self._finest),
                render_failure=self._render_failure,
                load_failure=self._load_failure,
                refused_camera=self._refused_camera,
                last_error=self._last_error,
            )
