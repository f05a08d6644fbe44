# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the CUDA kernels, as far as it goes without a GPU."""

from __future__ import annotations

from dataclasses import replace
import subprocess
import sys

from benchmarks import gpu_kernels, random_nerfacto
from nerfstudio_renderer.engines.nerfacto.cuda.packing import Packer
from nerfstudio_renderer.engines.nerfacto.cuda.tiling import Tiling
import pytest
import torch


def test_without_a_gpu_it_says_so(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    assert gpu_kernels.main(['--output', str(tmp_path / 'x.json')]) == 1
    assert capsys.readouterr().out == 'nothing measured: PyTorch finds no CUDA device\n'
    assert not (tmp_path / 'x.json').exists()


def test_it_needs_no_nerfstudio():
    code = 'import sys; sys.modules["nerfstudio"] = None; import benchmarks.gpu_kernels'
    subprocess.run([sys.executable, '-c', code], check=True)


def test_every_tiling_to_compare_is_another():
    tilings = list(gpu_kernels._other_tilings())
    assert len(set(tilings)) == len(tilings)
    assert replace(Tiling()) not in tilings


@pytest.mark.parametrize('precision', [torch.float16, torch.float32], ids=str)
def test_the_random_model_has_nerfstudios_default_sizes(precision):
    cpu = torch.device('cpu')
    parameters = random_nerfacto.random_nerfacto(random_nerfacto.Sizes())
    packer = Packer(parameters, cpu, precision, cell_bytes=0)
    proposal, field = packer.proposal(parameters.proposals[1].network), packer.field()
    assert proposal.tables.shape == (5, 1 << 17, 2)
    assert proposal.scalings.tolist() == [16.0, 32.0, 64.0, 128.0, 256.0]
    assert field.tables.shape == (16, 1 << 19, 2)
    assert (field.layers.hidden, field.layers.count, field.layers.outputs) == (64, 2, 16)
    assert (packer.head().hidden, packer.head().count) == (64, 3)
