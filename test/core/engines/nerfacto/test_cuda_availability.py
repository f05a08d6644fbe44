# SPDX-License-Identifier: Apache-2.0
"""Where the fused engine's CUDA kernels can run, and what is said where they cannot."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

from nerfstudio_renderer.engines.nerfacto.cuda.availability import unsupported_reason
import pytest
import torch

GPU = torch.device('cuda', 0)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Pretend that there is a GPU that can do everything."""
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'get_device_capability', lambda device: (9, 0))
    monkeypatch.setattr(torch.cuda, 'get_device_name', lambda device: 'NVIDIA Test')
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: object())
    return monkeypatch


def test_nothing_is_in_the_way_on_a_gpu(gpu):
    assert unsupported_reason(GPU) is None


def test_other_devices_are_refused(gpu):
    reason = unsupported_reason(torch.device('cpu'))
    assert reason == 'its kernels are for CUDA devices, not for cpu'


def test_a_machine_without_a_gpu_is_refused(gpu):
    gpu.setattr(torch.cuda, 'is_available', lambda: False)
    assert unsupported_reason(GPU) == 'PyTorch finds no CUDA device'


def test_an_old_gpu_is_refused(gpu):
    gpu.setattr(torch.cuda, 'get_device_capability', lambda device: (7, 5))
    reason = unsupported_reason(GPU)
    assert reason == 'NVIDIA Test has compute capability 7.5, and Triton needs 8.0'


def test_a_machine_without_triton_is_refused(gpu):
    gpu.setattr(importlib.util, 'find_spec', lambda name: None)
    assert 'Triton is not installed' in unsupported_reason(GPU)


def test_asking_needs_neither_triton_nor_nerfstudio():
    code = ('import sys; sys.modules.update(triton=None, nerfstudio=None); import torch; '
            'from nerfstudio_renderer.engines.nerfacto.cuda import availability; '
            'print(availability.unsupported_reason(torch.device("cpu")))')
    answer = subprocess.run(
        [sys.executable, '-c', code], check=True, capture_output=True, text=True
    ).stdout
    assert answer == 'its kernels are for CUDA devices, not for cpu\n'
