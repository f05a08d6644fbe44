# SPDX-License-Identifier: Apache-2.0
"""How many rays to render at once, and how many the engine renders in a second."""

from __future__ import annotations

# A forward pass of nerfstudio's costs a CPU about as much for fewer rays than this.
_SMALLEST_CHUNK = 256
_LARGEST_CHUNK = 1 << 20
_FIRST_CHUNK = 512
_MEMORY_S = 1.0


class ChunkSizer:
    """
    Keeps the time of a chunk near a budget, and measures the engine's speed.

    The size follows the time of the last full chunk, so it settles where a chunk takes the
    budget, whatever share of that is fixed cost.
    """

    def __init__(self, budget_s: float) -> None:
        self._budget_s = budget_s
        self._size = _FIRST_CHUNK
        self._rays = 0.0
        self._seconds = 0.0

    @property
    def size(self) -> int:
        """Rays to render in the next chunk."""
        return self._size

    @property
    def rays_per_second(self) -> float:
        """Speed over about the last second of rendering; 0 before the first chunk."""
        return self._rays / self._seconds if self._seconds else 0.0

    def record(self, rays: int, seconds: float) -> None:
        """Take note that a chunk of ``rays`` took ``seconds``."""
        seconds = max(seconds, 1e-9)
        keep = max(0.0, 1.0 - seconds / _MEMORY_S)
        self._rays = self._rays * keep + rays
        self._seconds = self._seconds * keep + seconds
        if rays >= self._size or seconds > self._budget_s:
            self._resize(rays * min(max(self._budget_s / seconds, 0.5), 2.0))

    def shrink(self) -> None:
        """Halve the chunk, after the device ran out of memory."""
        self._resize(self._size / 2)

    def _resize(self, rays: float) -> None:
        self._size = int(min(max(rays, _SMALLEST_CHUNK), _LARGEST_CHUNK))
