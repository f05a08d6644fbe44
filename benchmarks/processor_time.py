# SPDX-License-Identifier: Apache-2.0
"""Processor time of a process, all its threads together."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf('SC_CLK_TCK')
# In proc_pid_stat(5), counted from the state that follows the name: utime and stime.
_USER, _SYSTEM = 11, 12


def processor_time_s(pid: int) -> float:
    """Return the seconds of a core that a process has used."""
    return parse_stat(Path('/proc', str(pid), 'stat').read_text()) / _TICKS_PER_S


def parse_stat(text: str) -> int:
    """Return user and system time, in ticks of the clock, from a process's line in /proc."""
    fields = text.rpartition(')')[2].split()  # a name may hold spaces and parentheses
    return int(fields[_USER]) + int(fields[_SYSTEM])
