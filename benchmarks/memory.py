# SPDX-License-Identifier: Apache-2.0
"""Main memory of a process, as Linux counts it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
import re

_KIB_PER_MIB = 1024.0


@dataclass(frozen=True)
class MainMemory:
    """Memory of one process."""

    resident_mib: float
    """All that is in main memory."""
    private_mib: float
    """Of that, what no other process shares."""


def main_memory(pid: int) -> MainMemory:
    """Return the memory that a process takes now."""
    return parse_smaps(Path('/proc', str(pid), 'smaps_rollup').read_text())


def parse_smaps(text: str) -> MainMemory:
    """Return what ``smaps_rollup`` in /proc says."""
    kib = {name: int(number) for name, number in re.findall(r'^(\w+):\s+(\d+) kB$', text, re.M)}
    private = kib['Private_Clean'] + kib['Private_Dirty']
    return MainMemory(kib['Rss'] / _KIB_PER_MIB, private / _KIB_PER_MIB)
