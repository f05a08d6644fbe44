# SPDX-License-Identifier: Apache-2.0
"""Keeps as many pixels of a flight as its pictures need, and no more."""

from __future__ import annotations

from dataclasses import dataclass
import threading

from examples.demo.records import Key
import numpy as np
from PIL import Image

TICKS_PER_S = 10
"""Frames of the film in a second."""
FRAME_WIDTH = 512
"""Greatest width of the film's frames, pixels."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture with its pixels."""

    arrived_s: float
    key: Key
    image: Image.Image


class Film:
    """
    Collects pictures, on any thread.

    A long flight with a fast engine shows thousands of large pictures. Kept are the newest one
    in each tenth of a second, no larger than the film; and all of an update that is asked for
    while it is the newest.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: dict[int, Shot] = {}
        self._newest: list[Shot] = []
        self._series: list[tuple[Shot, ...]] = []

    def expose(self, arrived_s: float, key: Key, rgb: np.ndarray) -> None:
        """Take a picture: uint8 of shape (height, width, 3)."""
        shot = Shot(arrived_s, key, Image.fromarray(rgb))
        small = Shot(arrived_s, key, _reduced(shot.image))
        with self._lock:
            if self._newest and self._newest[-1].key.stamp_ns != key.stamp_ns:
                self._newest = []
            self._newest.append(shot)
            self._frames[int(arrived_s * TICKS_PER_S)] = small

    def keep_series(self) -> None:
        """Keep all pictures of the newest update."""
        with self._lock:
            if self._newest:
                self._series.append(tuple(self._newest))

    def series(self) -> tuple[tuple[Shot, ...], ...]:
        """Return the pictures of each update that was kept, coarse to fine."""
        with self._lock:
            return tuple(self._series)

    def frames(self, ticks: int = 1) -> tuple[Shot, ...]:
        """Return what came last in each ``ticks`` tenths of a second in which something came."""
        with self._lock:
            return tuple({tick // ticks: shot for tick, shot in self._frames.items()}.values())


def _reduced(image: Image.Image) -> Image.Image:
    factor = -(-image.width // FRAME_WIDTH)
    return image.reduce(factor) if factor > 1 else image
