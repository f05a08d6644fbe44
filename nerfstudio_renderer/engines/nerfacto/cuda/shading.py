# SPDX-License-Identifier: Apache-2.0
"""What the kernels that shade samples share: a step from edges on rays to what light passes."""

from __future__ import annotations

from nerfstudio_renderer.engines.nerfacto.cuda.networks import density_network
from nerfstudio_renderer.engines.nerfacto.cuda.space import DENSITY_SCALE, to_unit_cube
import triton
import triton.language as tl

# A ray ends where it lets through less: all that lies behind it together weighs no more than this,
# a fortieth of an 8-bit step. Those of a program end together, when the last one does.
OPAQUE_TRANSMITTANCE = tl.constexpr(1e-4)
# The colour of a sample that weighs less changes its pixel by no more than this, a hundredth of an
# 8-bit step, and is not worth the colour network: a step in which no sample weighs more adds none.
NEGLIGIBLE_WEIGHT = tl.constexpr(4e-5)


@triton.jit
def load_directions(directions, ray, inside):
    """Return x, y and z of the rays' directions; zeros for rays that are not ``inside``."""
    at = directions + ray * 3
    x = tl.load(at, mask=inside, other=0.0)
    y = tl.load(at + 1, mask=inside, other=0.0)
    z = tl.load(at + 2, mask=inside, other=0.0)
    return x, y, z


@triton.jit
def load_samples(edges, ray, inside, sample, samples, edge_step, edge_pitch):
    """Return where samples start and end along their rays; zeros for those that are not there."""
    there = inside & (sample < samples)
    at = edges + sample * edge_pitch + ray * edge_step
    start = tl.load(at, mask=there, other=0.0)
    end = tl.load(at + edge_pitch, mask=there, other=0.0)
    return start, end


@triton.jit
def shade(
    origin_x, origin_y, origin_z, x, y, z, start, end,
    tables, cells, starts, scalings, weights, biases, constants, CONTRACTED: tl.constexpr,
    PAIRS: tl.constexpr, IN_CELLS: tl.constexpr, FEATURES: tl.constexpr, ENTRIES: tl.constexpr,
    HIDDEN: tl.constexpr, LAYERS: tl.constexpr, OUTPUTS: tl.constexpr,
):
    """
    Shade one sample per lane.

    :param x: with y and z, the rays' directions.
    :param start: distance along the ray; ``end`` likewise.
    :returns: the share of light that each sample lets through, and the network's outputs.
    """
    middle = (start + end) * 0.5
    x, y, z, inside = to_unit_cube(
        origin_x + x * middle, origin_y + y * middle, origin_z + z * middle, constants, CONTRACTED
    )
    outputs = density_network(
        x, y, z, tables, cells, starts, scalings, weights, biases,
        PAIRS, IN_CELLS, FEATURES, ENTRIES, HIDDEN, LAYERS, OUTPUTS,
    )
    first = tl.arange(0, OUTPUTS)[None, :] == 0
    log_density = tl.sum(tl.where(first, outputs, 0.0), axis=1)
    # The sum is spread over the lanes as a matrix product is, several times. Gathering it back to
    # one sample per lane stops the compiler from doing all that follows as often.
    log_density = tl.gather(log_density, tl.arange(0, x.shape[0]), 0)
    density = tl.load(constants + DENSITY_SCALE) * tl.exp(log_density)
    passes = tl.exp(tl.where(inside, -density, 0.0) * (end - start))
    return passes, outputs


@triton.jit
def weigh(light, passes):
    """Return a sample's weight where ``light`` arrives, and the light behind it."""
    weight = light * (1.0 - passes)
    return tl.where(weight == weight, weight, 0.0), light * passes


@triton.jit
def pick(tile, row):
    """Return one row of a tile of shape (samples, rays); it stays where it is."""
    rows = tl.arange(0, tile.shape[0])[:, None]
    return tl.sum(tl.where(rows == row, tile, 0.0), axis=0)
