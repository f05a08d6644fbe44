# SPDX-License-Identifier: Apache-2.0
"""Whether this machine can run the kernels."""

from __future__ import annotations

from nerfstudio_renderer.optional_packages import is_installed
import torch

_LEAST_CAPABILITY = (8, 0)
"""Ampere: what Triton supports."""


def unsupported_reason(device: torch.device) -> str | None:
    """Return why the kernels cannot run on ``device``, in one line; None if they can."""
    if device.type != 'cuda':
        return f'its kernels are for CUDA devices, not for {device.type}'
    if not torch.cuda.is_available():
        return 'PyTorch finds no CUDA device'
    capability = torch.cuda.get_device_capability(device)
    if capability < _LEAST_CAPABILITY:
        return (f'{torch.cuda.get_device_name(device)} has compute capability '
                f'{_version(capability)}, and Triton needs {_version(_LEAST_CAPABILITY)}')
    if not is_installed('triton'):
        return 'Triton is not installed: it comes with PyTorch for CUDA on Linux'
    return None


def _version(capability: tuple[int, int]) -> str:
    return '.'.join(str(part) for part in capability)
