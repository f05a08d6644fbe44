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
from types import SimpleNamespace

import torch

_HARMONICS = 16
_GEOMETRY = 15
_BASE_RESOLUTION = 16


def default_size(device: torch.device) -> SimpleNamespace:
    """Return what a NerfactoParameters of nerfstudio's default sizes has, with things to see."""
    random = torch.Generator().manual_seed(0)
    proposals = tuple(
        SimpleNamespace(network=_network(random, 5, 17, resolution, (16, 1)), samples=samples)
        for resolution, samples in ((128, 256), (256, 96))
    )
    head = _layers(random, _HARMONICS + _GEOMETRY, (64, 64, 3))
    head[-1].weights *= 4.0
    return _on(SimpleNamespace(
        proposals=proposals,
        field=_network(random, 16, 19, 2048, (64, 1 + _GEOMETRY)),
        field_samples=48,
        head=head,
        near=0.0,
        far=1000.0,
        piecewise=True,
        box=None,
        background=None,
    ), device)


def _network(
    random: torch.Generator, levels: int, log2_entries: int, resolution: int,
    widths: tuple[int, ...],
) -> SimpleNamespace:
    growth = math.exp(math.log(resolution / _BASE_RESOLUTION) / (levels - 1))
    scalings = torch.floor(_BASE_RESOLUTION * growth ** torch.arange(levels))
    tables = torch.rand((levels, 1 << log2_entries, 2), generator=random) * 2.0 - 1.0
    # Finer levels say less, as in trained scenes; else, all is noise.
    tables *= (_BASE_RESOLUTION / scalings)[:, None, None]
    layers = _layers(random, 2 * levels, widths)
    layers[-1].weights[0] *= 4.0
    layers[-1].biases[0] = 1.0
    grid = SimpleNamespace(tables=tables, scalings=scalings)
    return SimpleNamespace(grid=grid, layers=layers, density_scale=0.03)


def _layers(
    random: torch.Generator, inputs: int, widths: tuple[int, ...]
) -> tuple[SimpleNamespace, ...]:
    layers = []
    for width in widths:
        weights = torch.randn((width, inputs), generator=random) * math.sqrt(2.0 / inputs)
        layers.append(SimpleNamespace(weights=weights, biases=torch.zeros(width)))
        inputs = width
    return tuple(layers)


def _on(value: object, device: torch.device) -> object:
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, tuple):
        return tuple(_on(part, device) for part in value)
    if isinstance(value, SimpleNamespace):
        return SimpleNamespace(**{name: _on(part, device) for name, part in vars(value).items()})
    return value
