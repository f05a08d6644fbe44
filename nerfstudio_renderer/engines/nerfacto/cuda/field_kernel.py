# SPDX-License-Identifier: Apache-2.0
"""The rendered samples: colour, median depth and accumulation of each ray."""

from __future__ import annotations

from nerfstudio_renderer.engines.nerfacto.cuda.networks import colour_network, spherical_harmonics
from nerfstudio_renderer.engines.nerfacto.cuda.shading import (
    load_directions,
    load_samples,
    NEGLIGIBLE_WEIGHT,
    OPAQUE_TRANSMITTANCE,
    pick,
    shade,
    weigh,
)
from nerfstudio_renderer.engines.nerfacto.cuda.space import BACKGROUND
import triton
import triton.language as tl

_CHANNELS = tl.constexpr(5)


@triton.jit(do_not_specialize=[
    'directions', 'pixels', 'rays', 'samples', 'edge_step', 'edge_pitch'
])
def field_kernel(
    directions, edges, pixels, tables, cells, starts, scalings, weights, biases,
    colour_weights, colour_biases, constants,
    origin_x, origin_y, origin_z, rays, samples, edge_step, edge_pitch,
    RAYS: tl.constexpr, SAMPLES: tl.constexpr, CONTRACTED: tl.constexpr,
    LAST_SAMPLE_BEHIND: tl.constexpr,
    PAIRS: tl.constexpr, IN_CELLS: tl.constexpr, FEATURES: tl.constexpr, ENTRIES: tl.constexpr,
    HIDDEN: tl.constexpr, LAYERS: tl.constexpr, OUTPUTS: tl.constexpr,
    COLOUR_HIDDEN: tl.constexpr, COLOUR_LAYERS: tl.constexpr, COLOURS: tl.constexpr,
):
    """
    Render RAYS rays, SAMPLES of their samples at a time.

    :param edges: distances, float32; edge i of ray r is at i * edge_pitch + r * edge_step.
    :param pixels: float32 of shape (rays, 5), as ``engines.protocol.CHANNELS`` has it.
    """
    lane = tl.arange(0, RAYS * SAMPLES)
    first = tl.program_id(0) * RAYS
    ray = first + lane % RAYS
    inside = ray < rays
    x, y, z = load_directions(directions, ray, inside)
    harmonics = spherical_harmonics(x, y, z).to(colour_weights.dtype.element_ty)
    row_ray = first + tl.arange(0, RAYS)
    there = row_ray < rays
    light = tl.where(there, 1.0, 0.0)
    total = tl.zeros([RAYS], tl.float32)
    # Of rays that never gather a weight of 0.5, the depth is that of the last sample.
    last_edge = edges + (samples - 1) * edge_pitch + row_ray * edge_step
    depth = (tl.load(last_edge, mask=there, other=0.0)
             + tl.load(last_edge + edge_pitch, mask=there, other=0.0)) * 0.5
    colour = tl.zeros([RAYS * SAMPLES, COLOURS], tl.float32)
    done = 0
    while (done < samples) & (tl.max(light) > OPAQUE_TRANSMITTANCE):
        start, end = load_samples(
            edges, ray, inside, done + lane // RAYS, samples, edge_step, edge_pitch
        )
        passes, outputs = shade(
            origin_x, origin_y, origin_z, x, y, z, start, end,
            tables, cells, starts, scalings, weights, biases, constants, CONTRACTED,
            PAIRS, IN_CELLS, FEATURES, ENTRIES, HIDDEN, LAYERS, OUTPUTS,
        )
        passes = tl.reshape(passes, [SAMPLES, RAYS])
        middles = tl.reshape((start + end) * 0.5, [SAMPLES, RAYS])
        shares = tl.zeros([SAMPLES, RAYS], tl.float32)
        for row in tl.static_range(SAMPLES):
            weight, light = weigh(light, pick(passes, row))
            is_median = (total < 0.5) & (total + weight >= 0.5)
            depth = tl.where(is_median, pick(middles, row), depth)
            total += weight
            if LAST_SAMPLE_BEHIND:
                # What the ray's samples leave open has the last one's colour.
                weight = tl.where(done + row == samples - 1, weight + 1.0 - total, weight)
            shares = tl.where(tl.arange(0, SAMPLES)[:, None] == row, weight[None, :], shares)
        if tl.max(tl.max(shares, axis=1), axis=0) > NEGLIGIBLE_WEIGHT:
            raw = colour_network(
                harmonics, outputs, colour_weights, colour_biases,
                OUTPUTS, COLOUR_HIDDEN, COLOUR_LAYERS, COLOURS,
            )
            tint = 1.0 / (1.0 + tl.exp(-raw))
            tint = tl.where(tint == tint, tint, 0.0)
            colour += tint * tl.reshape(shares, [RAYS * SAMPLES])[:, None]
        done += SAMPLES
    channel = tl.arange(0, COLOURS)[None, :]
    rgb = tl.sum(tl.reshape(colour, [SAMPLES, RAYS, COLOURS]), axis=0)
    rgb += tl.load(constants + BACKGROUND + channel) * (1.0 - total)[:, None]
    pixel = pixels + row_ray * _CHANNELS
    tl.store(pixel[:, None] + channel, tl.minimum(tl.maximum(rgb, 0.0), 1.0),
             mask=there[:, None] & (channel < 3))
    tl.store(pixel + 3, depth, mask=there)
    tl.store(pixel + 4, total, mask=there)
