# SPDX-License-Identifier: Apache-2.0
"""How long an engine takes for a picture of a size, as measured."""

from __future__ import annotations

_NEWEST = 0.3
"""Weight of the newest measurement: views differ, and a machine's other work comes and goes."""

_SHORTEST_S = 1e-9


class RasterCosts:
    """
    The seconds that whole pictures took, by their number of pixels.

    A rasteriser's cost is not in proportion to pixels: every Gaussian is projected for the
    smallest picture too. So each size is measured for itself.
    """

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self.pixels_per_second = 0.0
        """Of the last picture; 0 before the first."""

    def record(self, pixels: int, seconds: float) -> None:
        """Take note that a picture of so many pixels took ``seconds``."""
        seconds = max(seconds, _SHORTEST_S)
        self.pixels_per_second = pixels / seconds
        before = self._seconds.get(pixels, seconds)
        self._seconds[pixels] = before + _NEWEST * (seconds - before)

    def seconds(self, pixels: int) -> float | None:
        """Return what a picture of so many pixels will take; None before one was rendered."""
        return self._seconds.get(pixels)
