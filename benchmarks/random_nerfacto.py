# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Random nerfacto parameters, made without nerfstudio: for machines that have PyTorch alone."""

from __future__ import annotations

import math

from nerfstudio_renderer.engines.nerfacto.parameters import (
    Dense,
    DensityNetwork,
    DIRECTION_COEFFICIENTS,
    HashGrid,
    NerfactoParameters,
    ProposalPass,
)
import torch

_GEOMETRY = 15
_BASE_RESOLUTION = 16


def default_size(device: torch.device) -> NerfactoParameters:
    """Return the parameters of a nerfacto of nerfstudio's default sizes, with things to see."""
    random = torch.Generator().manual_seed(0)
    proposals = tuple(
        ProposalPass(_network(random, device, 5, 17, resolution, (16, 1)), samples)
        for resolution, samples in ((128, 256), (256, 96))
    )
    head = _layers(random, device, DIRECTION_COEFFICIENTS + _GEOMETRY, (64, 64, 3))
    head[-1].weights.mul_(4.0)
    return NerfactoParameters(
        proposals=proposals,
        field=_network(random, device, 16, 19, 2048, (64, 1 + _GEOMETRY)),
        field_samples=48,
        head=head,
        near=0.0,
        far=1000.0,
        piecewise=True,
        box=None,
        background=None,
    )


def _network(
    random: torch.Generator, device: torch.device, levels: int, log2_entries: int,
    resolution: int, widths: tuple[int, ...],
) -> DensityNetwork:
    growth = math.exp(math.log(resolution / _BASE_RESOLUTION) / (levels - 1))
    scalings = torch.floor(_BASE_RESOLUTION * growth ** torch.arange(levels))
    tables = torch.rand((levels, 1 << log2_entries, 2), generator=random) * 2.0 - 1.0
    # Finer levels say less, as in trained scenes; else, all is noise.
    tables *= (_BASE_RESOLUTION / scalings)[:, None, None]
    layers = _layers(random, device, 2 * levels, widths)
    layers[-1].weights[0] *= 4.0
    layers[-1].biases[0] = 1.0
    return DensityNetwork(
        HashGrid(tables.to(device), scalings.to(device)), layers, density_scale=0.03
    )


def _layers(
    random: torch.Generator, device: torch.device, inputs: int, widths: tuple[int, ...]
) -> tuple[Dense, ...]:
    layers = []
    for width in widths:
        weights = torch.randn((width, inputs), generator=random) * math.sqrt(2.0 / inputs)
        layers.append(Dense(weights.to(device), torch.zeros(width, device=device)))
        inputs = width
    return tuple(layers)
