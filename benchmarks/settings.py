# SPDX-License-Identifier: Apache-2.0
"""What every benchmark is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What the user asked for, as far as it concerns a benchmark."""

    output: Path
    """Folder for results and logs; it exists."""
    scene: Path | None = None
    """A ``config.yml`` to measure besides the bundled scene."""
    quick: bool = False
    """Whether to try everything out, on too little for figures that mean anything."""
