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
