# SPDX-License-Identifier: Apache-2.0
"""A model's parameters in the layout of the CPU kernels (model.hpp)."""

from __future__ import annotations

from dataclasses import dataclass
import math

from nerfstudio_renderer.engines.nerfacto.corners import corners_along_edge, entries_by_plane
from nerfstudio_renderer.scene.nerfacto import (
    Dense,
    DensityNetwork,
    DIRECTION_COEFFICIENTS,
    HashGrid,
    NerfactoParameters,
)
import numpy as np

OUTPUT_BLOCK = 8
"""As in model.hpp: outputs of a layer whose weights lie together."""
_LARGEST_GRID = 4
"""
A coarse level is unfolded, so that each corner has an entry of its own, unless that takes more
than this many times the memory: neighbours then lie side by side, and are found without a hash.
"""
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
class PackedLevel:
    """One resolution of a hash encoding, its features in pairs."""

    scaling: float
    """Cells along the unit cube's edge."""
    side: int
    """Corners along the edge where each has an entry of its own; 0: they share them by a hash."""
    tables: np.ndarray
    """Float32 of shape (pairs, entries, 2)."""


@dataclass(frozen=True, eq=False)
class PackedDensity:
    """From a position to the logarithm of density, and features."""

    grid: tuple[PackedLevel, ...]
    layers: tuple[PackedDense, ...]


@dataclass(frozen=True, eq=False)
class PackedModel:
    """All that the kernels read; they keep views of its arrays."""

    proposals: tuple[PackedDensity, ...]
    """Of each pass; several may be the same."""
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
    networks = [proposal.network for proposal in parameters.proposals]
    packed = {network: _density(network) for network in dict.fromkeys(networks)}
    return PackedModel(
        proposals=tuple(packed[network] for network in networks),
        proposal_samples=tuple(proposal.samples for proposal in parameters.proposals),
        field=_density(parameters.field),
        field_samples=parameters.field_samples,
        direction=_dense(Dense(weights[:, :DIRECTION_COEFFICIENTS], first.biases)),
        head=(
            _dense(Dense(weights[:, DIRECTION_COEFFICIENTS:], np.zeros_like(first.biases))),
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
    biases = layers[-1].biases.copy()
    biases[0] += np.float32(math.log(network.density_scale))
    layers[-1] = Dense(layers[-1].weights, biases)
    return PackedDensity(_grid(network.grid), tuple(map(_dense, layers)))


def _with_unused_inputs(weights: np.ndarray, features: int) -> np.ndarray:
    """Return weights for levels whose last pair has only one feature of its own."""
    by_level = weights.reshape(len(weights), -1, features)
    return np.pad(by_level, ((0, 0), (0, 0), (0, 1))).reshape(len(weights), -1)


def _grid(grid: HashGrid) -> tuple[PackedLevel, ...]:
    tables = grid.tables
    if tables.shape[2] % 2:
        tables = np.pad(tables, ((0, 0), (0, 0), (0, 1)))
    return tuple(map(_level, tables, grid.scalings.tolist()))


def _level(table: np.ndarray, scaling: float) -> PackedLevel:
    side = corners_along_edge(scaling)
    if side**3 > _LARGEST_GRID * len(table):
        side = 0
    else:
        table = table[np.concatenate([*entries_by_plane(side, len(table))]).ravel()]
    pairs = table.reshape(len(table), -1, 2).swapaxes(0, 1)
    return PackedLevel(scaling, side, np.ascontiguousarray(pairs))


def _dense(layer: Dense) -> PackedDense:
    outputs, inputs = layer.weights.shape
    unused = -outputs % OUTPUT_BLOCK
    weights = np.pad(layer.weights, ((0, unused), (0, 0)))
    blocks = weights.reshape(-1, OUTPUT_BLOCK, inputs).swapaxes(1, 2)
    biases = np.pad(layer.biases, (0, unused))
    return PackedDense(inputs, outputs, np.ascontiguousarray(blocks), biases)
