# SPDX-License-Identifier: Apache-2.0
"""What the figures were taken on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
import os
from pathlib import Path
import platform
import re

from nerfstudio_renderer import __version__
from nerfstudio_renderer.engines.nerfacto.cpu.renderer import instruction_sets
from nerfstudio_renderer.optional_packages import is_installed

_CPU_INFO = Path('/proc/cpuinfo')
_MEMORY_INFO = Path('/proc/meminfo')


@dataclass(frozen=True)
class Machine:
    """Hardware and software."""

    cpu: str
    """The processor's name for itself."""
    cores: int
    """Those that this process may use."""
    instruction_sets: tuple[str, ...]
    """Of the fused engine's kernels, those that run here; the fastest first."""
    memory_gib: float | None
    gpu: str | None
    system: str
    python: str
    numpy: str
    torch: str | None
    nerfstudio: str | None
    nerfstudio_renderer_ros: str


def this_machine() -> Machine:
    """Return what this process runs on."""
    memory_kib = _first_match(_MEMORY_INFO, r'MemTotal:\s*(\d+) kB')
    return Machine(
        cpu=_first_match(_CPU_INFO, r'model name\s*: (.*)') or platform.processor() or 'unknown',
        cores=len(os.sched_getaffinity(0)),
        instruction_sets=tuple(instruction_sets()),
        memory_gib=round(int(memory_kib) / 2**20, 1) if memory_kib else None,
        gpu=_gpu(),
        system=f'{platform.system()} {platform.release()} {platform.machine()}',
        python=platform.python_version(),
        numpy=metadata.version('numpy'),
        torch=_version('torch'),
        nerfstudio=_version('nerfstudio'),
        nerfstudio_renderer_ros=__version__,
    )


def _version(package: str) -> str | None:
    return metadata.version(package) if is_installed(package) else None


def _gpu() -> str | None:
    if not is_installed('torch'):
        return None
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def _first_match(path: Path, pattern: str) -> str | None:
    if not path.is_file():
        return None
    match = re.search(pattern, path.read_text())
    return match[1].strip() if match else None
