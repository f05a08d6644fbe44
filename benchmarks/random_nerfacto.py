# SPDX-License-Identifier: Apache-2.0
"""Random nerfacto parameters, made with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
import math

from nerfstudio_renderer.scene.nerfacto import (
    Dense,
    DensityNetwork,
    DIRECTION_COEFFICIENTS,
    HashGrid,
    NerfactoParameters,
    ProposalPass,
)
import numpy as np

_GEOMETRY = 15
_BASE_RESOLUTION = 16
_WIDTH = 64


@dataclass(frozen=True)
class Grid:
    """Sizes of a hash encoding."""

    levels: int
    log2_entries: int
    resolution: int
    """Cells along an edge at the finest level."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of a nerfacto; by default those of nerfstudio."""

    proposals: tuple[Grid, ...] = (Grid(5, 17, 128), Grid(5, 17, 256))
    proposal_samples: tuple[int, ...] = (256, 96)
    field: Grid = Grid(16, 19, 2048)
    field_samples: int = 48


SMALL = Sizes(
    proposals=(Grid(4, 14, 128), Grid(4, 14, 256)), proposal_samples=(48, 24),
    field=Grid(6, 17, 1024), field_samples=16,
)
"""Those of the bundled scene."""


def random_nerfacto(sizes: Sizes) -> NerfactoParameters:
    """Return the parameters of a nerfacto with things to see."""
    random = np.random.default_rng(0)
    passes = zip(sizes.proposals, sizes.proposal_samples, strict=True)
    proposals = tuple(
        ProposalPass(_network(random, grid, (16, 1)), samples) for grid, samples in passes
    )
    head = _layers(random, DIRECTION_COEFFICIENTS + _GEOMETRY, (_WIDTH, _WIDTH, 3))
    head[-1].weights[:] *= 4.0
    return NerfactoParameters(
        proposals=proposals,
        field=_network(random, sizes.field, (_WIDTH, 1 + _GEOMETRY)),
        field_samples=sizes.field_samples,
        head=head,
        near=0.0,
        far=1000.0,
        piecewise=True,
        box=None,
        background=None,
    )


def _network(random: np.random.Generator, grid: Grid, widths: tuple[int, ...]) -> DensityNetwork:
    growth = math.exp(math.log(grid.resolution / _BASE_RESOLUTION) / max(grid.levels - 1, 1))
    # Of single precision: the finest level would else have one cell less, as a power may.
    scalings = np.floor(_BASE_RESOLUTION * np.float32(growth) ** np.arange(
        grid.levels, dtype=np.float32
    ))
    tables = random.random((grid.levels, 1 << grid.log2_entries, 2), np.float32) * 2.0 - 1.0
    # Finer levels say less, as in trained scenes; else, all is noise.
    tables *= (_BASE_RESOLUTION / scalings)[:, None, None]
    layers = _layers(random, 2 * grid.levels, widths)
    layers[-1].weights[0] *= 4.0
    layers[-1].biases[0] = 1.0
    return DensityNetwork(HashGrid(tables, scalings), layers, density_scale=0.03)


def _layers(
    random: np.random.Generator, inputs: int, widths: tuple[int, ...]
) -> tuple[Dense, ...]:
    layers = []
    for width in widths:
        weights = random.standard_normal((width, inputs), np.float32)
        weights *= math.sqrt(2.0 / inputs)
        layers.append(Dense(weights, np.zeros(width, np.float32)))
        inputs = width
    return tuple(layers)
