# SPDX-License-Identifier: Apache-2.0
"""The progress bar."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class FlightProgress:
    """
    Shows how far the flight is, while the context lasts.

    :param duration_s: how long the flight will take.
    """

    def __init__(self, console: Console, duration_s: float) -> None:
        self._duration_s = duration_s
        self._progress = Progress(
            SpinnerColumn(), TextColumn('{task.description:<24}'), BarColumn(),
            TimeElapsedColumn(), console=console, transient=True,
            disable=not console.is_terminal, refresh_per_second=5,  # the renderer needs the cores
        )
        self._task = self._progress.add_task('', total=None)

    def __enter__(self) -> FlightProgress:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def activity(self, text: str) -> None:
        """Show what goes on, for a time that nobody knows."""
        self._progress.update(self._task, description=text, total=None)

    def flying(self, elapsed_s: float, text: str) -> None:
        """Show what goes on, ``elapsed_s`` after the flight's beginning."""
        self._progress.update(
            self._task, description=text, total=self._duration_s,
            completed=min(elapsed_s, self._duration_s),
        )
