# SPDX-License-Identifier: Apache-2.0
"""A proposal pass: how much of a ray's light is gone behind each sample."""

from __future__ import annotations

from nerfstudio_renderer.engines.nerfacto.cuda.shading import (
    load_directions,
    load_samples,
    OPAQUE_TRANSMITTANCE,
    pick,
    shade,
    weigh,
)
import triton
import triton.language as tl


@triton.jit(do_not_specialize=[
    'directions', 'rays', 'samples', 'edge_step', 'edge_pitch', 'pitch'
])
def proposal_kernel(
    directions, edges, absorbed, tables, cells, starts, scalings, weights, biases, constants,
    origin_x, origin_y, origin_z, rays, samples, edge_step, edge_pitch, pitch,
    RAYS: tl.constexpr, SAMPLES: tl.constexpr, CONTRACTED: tl.constexpr,
    PAIRS: tl.constexpr, IN_CELLS: tl.constexpr, FEATURES: tl.constexpr, ENTRIES: tl.constexpr,
    HIDDEN: tl.constexpr, LAYERS: tl.constexpr, OUTPUTS: tl.constexpr,
):
    """
    Write the running sum of weights along each of RAYS rays, SAMPLES at a time.

    :param edges: distances, float32; edge i of ray r is at i * edge_pitch + r * edge_step.
    :param absorbed: the sums, float32; that of sample i of ray r goes to i * pitch + r.
    """
    lane = tl.arange(0, RAYS * SAMPLES)
    first = tl.program_id(0) * RAYS
    ray = first + lane % RAYS
    inside = ray < rays
    x, y, z = load_directions(directions, ray, inside)
    column = first + tl.arange(0, RAYS)
    there = column < rays
    light = tl.where(there, 1.0, 0.0)
    total = tl.zeros([RAYS], tl.float32)
    done = 0
    while (done < samples) & (tl.max(light) > OPAQUE_TRANSMITTANCE):
        start, end = load_samples(
            edges, ray, inside, done + lane // RAYS, samples, edge_step, edge_pitch
        )
        passes, _ = shade(
            origin_x, origin_y, origin_z, x, y, z, start, end,
            tables, cells, starts, scalings, weights, biases, constants, CONTRACTED,
            PAIRS, IN_CELLS, FEATURES, ENTRIES, HIDDEN, LAYERS, OUTPUTS,
        )
        passes = tl.reshape(passes, [SAMPLES, RAYS])
        for row in tl.static_range(SAMPLES):
            weight, light = weigh(light, pick(passes, row))
            total += weight
            here = column < tl.where(done + row < samples, rays, 0)
            tl.store(absorbed + (done + row) * pitch + column, total, mask=here)
        done += SAMPLES
    while done < samples:
        tl.store(absorbed + done * pitch + column, total, mask=there)
        done += 1
