# SPDX-License-Identifier: Apache-2.0
"""The fused engine's CUDA kernels compile for GPUs, also where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nerfstudio_renderer import load_scene
from nerfstudio_renderer.engines.nerfacto.cuda.packing import Packer
from nerfstudio_renderer.engines.nerfacto.cuda.renderer import CudaRenderer
from nerfstudio_renderer.engines.nerfacto.cuda.tiling import Tiling, tiling_for
from nerfstudio_renderer.scene.nerfacto import NerfactoParameters, read_nerfacto
import pytest
from support.compiled import compile_kernels, spilled_bytes
from support.scenes import write_scene
import torch


def _parameters(config: Path) -> NerfactoParameters:
    scene = load_scene(config)
    return read_nerfacto(scene.config, scene.checkpoint)


@pytest.mark.parametrize(
    ('capability', 'changes'),
    [(90, {'num_levels': 9, 'hidden_dim': 128}), (100, {})],
    ids=str,
)
def test_the_kernels_compile(tmp_path: Path, capability: int, changes: dict):
    parameters = _parameters(write_scene(tmp_path / 'scene', **changes))
    tiling = tiling_for(changes.get('hidden_dim', 64), (capability // 10, capability % 10))
    code = compile_kernels(parameters, tiling, capability)
    assert set(code) == {'proposal_kernel', 'resampling_kernel', 'field_kernel'}
    if capability == 90:
        assert spilled_bytes(code['proposal_kernel'], tmp_path) == 0


def test_a_network_of_several_passes_is_packed_once(tiny_scene: Path, monkeypatch):
    parameters = _parameters(tiny_scene)
    first, other = parameters.proposals
    passes = (first, replace(first, samples=5), other)
    packed = []
    pack = Packer.proposal
    monkeypatch.setattr(
        Packer, 'proposal', lambda packer, each: packed.append(each) or pack(packer, each)
    )
    CudaRenderer(replace(parameters, proposals=passes), torch.device('cpu'))
    assert packed == [first.network, other.network]


def test_neighbouring_rays_are_the_lanes_of_a_gather():
    # What makes gathers fast: 32 rays next to each other look at nearly the same grid cells.
    for tile in (Tiling().proposal, Tiling().field, tiling_for(128, (9, 0)).field):
        assert tile.rays % 32 == 0
        assert tile.rays * tile.samples % (32 * tile.warps) == 0
