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
"""A model's parameters in the layout of the CPU kernels (model.hpp)."""

from __future__ import annotations

from dataclasses import dataclass
import math

from nerfstudio_renderer.engines.fused.parameters import (
    Dense,
    DensityNetwork,
    DIRECTION_COEFFICIENTS,
    HashGrid,
    NerfactoParameters,
)
import numpy as np
import torch

OUTPUT_BLOCK = 8
"""As in model.hpp: outputs of a layer whose weights lie together."""
_UNIT_BOX = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
_BLACK = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class PackedDense:
    """A layer ``weights @ x + biases``."""

    inputs: int
    outputs: int
    weights: np.ndarray
    """Float32 of shape (blocks, inputs, OUTPUT_BLOCK), filled up with zeros."""
    biases: np.ndarray
    """Float32 of shape (blocks * OUTPUT_BLOCK,)."""


@dataclass(frozen=True, eq=False)
class PackedGrid:
    """A hash encoding whose features are kept in pairs."""

    tables: np.ndarray
    """Float32 of shape (levels, pairs, entries, 2)."""
    scalings: np.ndarray
    """Float32 of shape (levels,)."""


@dataclass(frozen=True, eq=False)
class PackedDensity:
    """From a position to the logarithm of density, and features."""

    grid: PackedGrid
    layers: tuple[PackedDense, ...]


@dataclass(frozen=True, eq=False)
class PackedModel:
    """All that the kernels read; they keep views of its arrays."""

    proposals: tuple[PackedDensity, ...]
    proposal_samples: tuple[int, ...]
    field: PackedDensity
    field_samples: int
    direction: PackedDense
    """What a direction adds to the first layer of ``head``, the biases included."""
    head: tuple[PackedDense, ...]
    """From the field's features to colour before the sigmoid."""
    near: float
    far: float
    piecewise: bool
    contracted: bool
    box_low: tuple[float, float, float]
    box_scale: tuple[float, float, float]
    """1 / edges of the scene's box, where space is not contracted."""
    last_sample: bool
    """Whether the background is the colour of the last sample, else it is ``background``."""
    background: tuple[float, float, float]


def pack(parameters: NerfactoParameters) -> PackedModel:
    """Return ``parameters`` as the kernels need them."""
    first, *rest = parameters.head
    weights = first.weights
    low, high = _UNIT_BOX if parameters.box is None else parameters.box.tolist()
    return PackedModel(
        proposals=tuple(_density(proposal.network) for proposal in parameters.proposals),
        proposal_samples=tuple(proposal.samples for proposal in parameters.proposals),
        field=_density(parameters.field),
        field_samples=parameters.field_samples,
        direction=_dense(Dense(weights[:, :DIRECTION_COEFFICIENTS], first.biases)),
        head=(
            _dense(Dense(weights[:, DIRECTION_COEFFICIENTS:], torch.zeros_like(first.biases))),
            *map(_dense, rest),
        ),
        near=parameters.near,
        far=parameters.far,
        piecewise=parameters.piecewise,
        contracted=parameters.box is None,
        box_low=tuple(low),
        box_scale=tuple(1.0 / (b - a) for a, b in zip(low, high, strict=True)),
        last_sample=parameters.background is None,
        background=parameters.background or _BLACK,
    )


def _density(network: DensityNetwork) -> PackedDensity:
    first, *rest = network.layers
    features = network.grid.tables.shape[2]
    if features % 2:
        first = Dense(_with_unused_inputs(first.weights, features), first.biases)
    layers = [first, *rest]
    # density_scale * exp(h) is exp(h + log(density_scale)).
    biases = layers[-1].biases.clone()
    biases[0] += math.log(network.density_scale)
    layers[-1] = Dense(layers[-1].weights, biases)
    return PackedDensity(_grid(network.grid), tuple(map(_dense, layers)))


def _with_unused_inputs(weights: torch.Tensor, features: int) -> torch.Tensor:
    """Return weights for levels whose last pair has only one feature of its own."""
    by_level = weights.view(len(weights), -1, features)
    return torch.nn.functional.pad(by_level, (0, 1)).flatten(1)


def _grid(grid: HashGrid) -> PackedGrid:
    tables = grid.tables
    levels, entries, features = tables.shape
    if features % 2:
        tables = torch.nn.functional.pad(tables, (0, 1))
    pairs = tables.view(levels, entries, -1, 2).transpose(1, 2)
    return PackedGrid(pairs.contiguous().numpy(), grid.scalings.numpy())


def _dense(layer: Dense) -> PackedDense:
    outputs, inputs = layer.weights.shape
    unused = -outputs % OUTPUT_BLOCK
    weights = torch.nn.functional.pad(layer.weights, (0, 0, 0, unused))
    blocks = weights.view(-1, OUTPUT_BLOCK, inputs).transpose(1, 2)
    biases = torch.nn.functional.pad(layer.biases, (0, unused))
    return PackedDense(inputs, outputs, blocks.contiguous().numpy(), biases.numpy())
