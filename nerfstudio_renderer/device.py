# SPDX-License-Identifier: Apache-2.0
"""Which device renders."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
import re

from nerfstudio_renderer.errors import ConfigurationError
from nerfstudio_renderer.optional_packages import is_installed
from nerfstudio_renderer.wording import quoted

_CUDA = re.compile(r'cuda(?::(\d{1,4}))?')
_CUDA_DRIVERS = ('libcuda.so.1', 'nvcuda.dll')


@dataclass(frozen=True)
class Device:
    """A processor with its memory; named as PyTorch names it."""

    type: str  # noqa: A003 - PyTorch's name of it
    """'cpu' or 'cuda'."""
    index: int = 0
    """Which of several CUDA devices."""

    def __str__(self) -> str:
        return self.type if self.type == 'cpu' else f'{self.type}:{self.index}'


CPU = Device('cpu')


def candidate_devices(name: str = 'auto') -> tuple[Device, ...]:
    """
    Return the devices that ``name`` may stand for, the preferred one first.

    'auto' is the first CUDA device, where there is one that PyTorch can use, and then the CPU: not
    everything is rendered on CUDA.

    :raises ConfigurationError: if it is not 'auto', 'cpu', 'cuda' or 'cuda:N', or there is no such
        device here.
    """
    if name != 'auto':
        return (_device(name),)
    return (Device('cuda'), CPU) if _has_cuda_driver() and _cuda_device_count() else (CPU,)


def _device(name: str) -> Device:
    if name == 'cpu':
        return CPU
    match = _CUDA.fullmatch(name)
    if match is None:
        raise ConfigurationError(f'device {quoted(name)} is not auto, cpu, cuda or cuda:N')
    index, found = int(match[1] or 0), _cuda_device_count()
    if index >= found:
        raise ConfigurationError(f'device {name!r}: {_shortage(found)}; use auto or cpu')
    return Device('cuda', index)


def _shortage(found: int) -> str:
    if not is_installed('torch'):
        return 'PyTorch, which CUDA devices are used through, is not installed'
    return f'PyTorch finds {found} CUDA devices here'


def _has_cuda_driver() -> bool:
    """Tell whether there is a driver; PyTorch takes seconds to import only to say that not."""
    for library in _CUDA_DRIVERS:
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        return True
    return False


def _cuda_device_count() -> int:
    if not is_installed('torch'):
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0
