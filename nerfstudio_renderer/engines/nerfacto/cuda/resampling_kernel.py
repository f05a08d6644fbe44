# SPDX-License-Identifier: Apache-2.0
"""New edges of samples where a proposal pass has found something."""

from __future__ import annotations

from nerfstudio_renderer.engines.nerfacto.cuda.space import to_distance, to_spacing
import triton
import triton.language as tl

# Weight that every sample has besides its own: nerfstudio's PDFSampler.histogram_padding.
_PADDING = tl.constexpr(0.01)


@triton.jit(do_not_specialize=[
    'rays', 'samples', 'new_samples', 'steps', 'edge_step', 'edge_pitch', 'pitch'
])
def resampling_kernel(
    edges, absorbed, new_edges, rays, samples, new_samples, steps, edge_step, edge_pitch, pitch,
    RAYS: tl.constexpr, EDGES: tl.constexpr, PIECEWISE: tl.constexpr,
):
    """
    Write EDGES of the new edges of RAYS rays: quantiles of the weights of the samples before.

    :param edges: those of the samples before, as ``proposal_kernel`` has them.
    :param absorbed: running sums of their weights, as ``proposal_kernel`` writes them.
    :param new_edges: distances, float32; edge i of ray r goes to i * pitch + r.
    :param steps: 2 ** steps >= samples.
    """
    lane = tl.arange(0, RAYS * EDGES)
    ray = tl.program_id(0) * RAYS + lane % RAYS
    edge = tl.program_id(1) * EDGES + lane // RAYS
    there = (ray < rays) & (edge <= new_samples)
    absorbed += ray
    total = tl.load(absorbed + (samples - 1) * pitch, mask=there, other=0.0)
    share = (edge + 0.5) / (new_samples + 1)
    wanted = share * (total + _PADDING * samples)
    # How many samples end at or before what is wanted: their sums increase, so by bisection.
    before = tl.zeros_like(lane)
    low = tl.zeros_like(wanted)
    while steps > 0:
        steps -= 1
        further = before + (1 << steps)
        found = there & (further < samples)
        at_end = tl.load(absorbed + (further - 1) * pitch, mask=found, other=0.0)
        at_end += _PADDING * further
        found = found & (at_end <= wanted)
        before = tl.where(found, further, before)
        low = tl.where(found, at_end, low)
    high = tl.load(absorbed + before * pitch, mask=there, other=0.0) + _PADDING * (before + 1)
    place = tl.minimum(tl.maximum((wanted - low) / (high - low), 0.0), 1.0)
    edges += before * edge_pitch + ray * edge_step
    start = to_spacing(tl.load(edges, mask=there, other=0.0), PIECEWISE)
    end = to_spacing(tl.load(edges + edge_pitch, mask=there, other=0.0), PIECEWISE)
    distance = to_distance(start + place * (end - start), PIECEWISE)
    tl.store(new_edges + edge * pitch + ray, distance, mask=there)
