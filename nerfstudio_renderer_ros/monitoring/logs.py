# SPDX-License-Identifier: Apache-2.0
"""Forwards the core's log records to the node's log."""

from __future__ import annotations

import logging
import traceback

from nerfstudio_renderer import shortened
from rclpy.impl.rcutils_logger import RcutilsLogger

CORE = 'nerfstudio_renderer'
"""Name of the core's logger."""


class NodeLogHandler(logging.Handler):
    """Passes records of Python's logging on to a ROS logger, tracebacks at debug level."""

    def __init__(self, logger: RcutilsLogger) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Log ``record`` with the ROS severity of its level."""
        message = shortened(record.getMessage())
        # One call site each: rclpy does not let a call site change its severity.
        if record.levelno >= logging.ERROR:
            self._logger.error(message)
        elif record.levelno >= logging.WARNING:
            self._logger.warning(message)
        elif record.levelno >= logging.INFO:
            self._logger.info(message)
        else:
            self._logger.debug(message)
        if record.exc_info:
            self._logger.debug(logging.Formatter().formatException(record.exc_info))


def log_traceback(logger: RcutilsLogger, error: BaseException) -> None:
    """Log the traceback of ``error`` at debug level."""
    logger.debug(''.join(traceback.format_exception(error)))


def forward_core_logs(logger: RcutilsLogger) -> NodeLogHandler:
    """Send the core's records to ``logger`` until ``stop_forwarding`` is called."""
    handler = NodeLogHandler(logger)
    core = logging.getLogger(CORE)
    core.addHandler(handler)
    core.setLevel(logging.INFO)
    core.propagate = False
    return handler


def stop_forwarding(handler: NodeLogHandler) -> None:
    """Undo ``forward_core_logs``."""
    core = logging.getLogger(CORE)
    core.removeHandler(handler)
    core.propagate = True
