# SPDX-License-Identifier: Apache-2.0
"""Small models as the CPU kernels read them, of random numbers and from no scene."""

from __future__ import annotations

from itertools import product
from typing import Any

from nerfstudio_renderer.engines.nerfacto.cpu import _kernel
from nerfstudio_renderer.engines.nerfacto.cpu.packing import (
    OUTPUT_BLOCK,
    PackedDense,
    PackedDensity,
    PackedLevel,
    PackedModel,
)
import numpy as np

ORIGIN = (0.1, -0.2, 0.3)
_RANDOM = np.random.default_rng(0)


def dense(inputs: int, outputs: int) -> PackedDense:
    """Return a layer."""
    blocks = -(-outputs // OUTPUT_BLOCK)
    weights = _RANDOM.normal(size=(blocks, inputs, OUTPUT_BLOCK)).astype(np.float32)
    return PackedDense(inputs, outputs, weights, np.zeros(blocks * OUTPUT_BLOCK, np.float32))


def level(scaling: float, entries: int | None = None, pairs: int = 1) -> PackedLevel:
    """
    Return a level of a hash encoding.

    :param scaling: cells along the unit cube's edge.
    :param entries: that the corners share; None for one of each corner's own.
    """
    side = 0 if entries else int(scaling) + 2
    tables = _RANDOM.normal(size=(pairs, entries or side**3, 2)).astype(np.float32)
    return PackedLevel(scaling, side, tables)


def density(outputs: int, *, pairs: int = 1, hidden: int = 5) -> PackedDensity:
    """Return a density network with a grid of its own and one with a shared one."""
    grid = (level(3.5, pairs=pairs), level(40.0, 64, pairs))
    last = dense(hidden, outputs)
    last.weights[0, :, 0] *= 0.1
    last.biases[0] = -4.0  # so thin that rays go through
    return PackedDensity(grid, (dense(4 * pairs, hidden), last))


def packed_model(**changes: Any) -> PackedModel:
    """Return a model whose tables and layers have odd sizes, with attributes changed."""
    values = {
        'proposals': (density(1), density(1, pairs=2)),
        'proposal_samples': (7, 5),
        'field': density(12, pairs=2),
        'field_samples': 6,
        'direction': dense(16, 9),
        'head': (dense(11, 9), dense(9, 13), dense(13, 3)),
        'near': 0.05,
        'far': 100.0,
        'piecewise': True,
        'contracted': True,
        'box_low': (0.0, 0.0, 0.0),
        'box_scale': (1.0, 1.0, 1.0),
        'last_sample': True,
        'background': (0.0, 0.0, 0.0),
    }
    return PackedModel(**{**values, **changes})


def rays(count: int) -> np.ndarray:
    """Return unit vectors, float32 of shape (count, 3); the first 8 look into space's corners."""
    directions = _RANDOM.normal(size=(count, 3)).astype(np.float32)
    corners = np.array(list(product((-1.0, 1.0), repeat=3)), np.float32)
    directions[:8] = corners[:count]
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def render(
    packed: PackedModel, directions: np.ndarray, *, instruction_set: str = '', threads: int = 2
) -> np.ndarray:
    """Return what a new renderer makes of rays from ORIGIN, float32 of shape (n, 5)."""
    pictures = np.full((len(directions), 5), np.nan, np.float32)
    _kernel.Renderer(packed, instruction_set, threads).render(ORIGIN, directions, pictures)
    return pictures
