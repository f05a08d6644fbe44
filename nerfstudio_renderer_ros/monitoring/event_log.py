# SPDX-License-Identifier: Apache-2.0
"""Dropped poses, failures and refused cameras: all counted, some logged."""

from __future__ import annotations

import time

from nerfstudio_renderer import reason, shortened, Update
from nerfstudio_renderer_ros.monitoring.statistics import Statistics
from rclpy.impl.rcutils_logger import RcutilsLogger

_EVERY_S = 5.0


class EventLog:
    """Counts dropped poses, failures and refused cameras; logs each kind at most every 5 s."""

    def __init__(self, logger: RcutilsLogger, statistics: Statistics) -> None:
        self._logger = logger
        self._statistics = statistics
        self._logged: dict[str, float] = {}

    def reject_pose(self, kind: str, why: str) -> None:
        """Count a dropped pose."""
        self._statistics.rejected(kind)
        if self._is_due(kind):
            self._logger.warning(f'dropped a pose: {shortened(why)}')

    def doubt_pose(self, kind: str, doubt: str) -> None:
        """Warn about an accepted pose."""
        if self._is_due(kind):
            self._logger.warning(doubt)

    def judge_camera(self, refusal: str) -> None:
        """Note why a calibration cannot be used; '' if it can."""
        self._statistics.judged_camera(refusal)
        if refusal and self._is_due('camera'):
            self._logger.warning(refusal)

    def report_failure(self, update: Update, error: Exception) -> None:
        """Count an update whose rendering failed; on the render thread."""
        failure = f'update {update.sequence} failed: {reason(error)}'
        self._statistics.failed(update, failure)
        if self._is_due('failure'):
            self._logger.error(failure)

    def _is_due(self, kind: str) -> bool:
        now = time.monotonic()
        if now - self._logged.get(kind, -_EVERY_S) < _EVERY_S:
            return False
        self._logged[kind] = now
        return True
