// SPDX-License-Identifier: Apache-2.0
// Whole rays: as many at a time as a packet has lanes.

#pragma once

#include "dense.hpp"
#include "directions.hpp"
#include "hash_grid.hpp"
#include "model.hpp"
#include "ray_marcher.hpp"
#include "sampling.hpp"
#include "vectors.hpp"
#include "workspace.hpp"

namespace nerfacto
{
namespace INSTRUCTION_SET
{

// A ray ends where it lets through less: all that lies behind it together weighs no more than this,
// a 400th of an 8-bit step. Those of a packet end together, when the last one does.
constexpr float OPAQUE_TRANSMITTANCE = 1e-5f;

// The colour of a sample that weighs less changes its pixel by no more than this, a 13th of an 8-bit
// step, and is not worth the colour network: the sample takes the mean colour of its ray's others.
constexpr float NEGLIGIBLE_WEIGHT = 3e-4f;

// What is seen along a packet's rays.
struct Picture
{
  Lanes colour[3];
  Lanes depth;
  Lanes accumulation;
};

// How many samples of each ray are to be coloured (which ones is in Workspace::coloured), and how
// many those of the ray with the most.
struct Coloured
{
  alignas(ALIGNMENT) std::int32_t count[LANES];
  int most;
};

INLINE void evaluate(
  const DensityNetwork & density, const Positions & positions, Workspace & work, Lanes * out)
{
  encode(density.grid, positions, work.inputs.data());
  const Biases biases{density.network.layers[0].biases};
  evaluate(density.network, biases, work.inputs.data(), work.hidden, out);
}

// Leave the weights of a proposal pass in the workspace.
inline void propose(
  const Model & model, const ProposalPass & pass, const PacketRays & rays, Workspace & work)
{
  RayMarcher marcher(model, rays, work.edges.data());
  int i = 0;
  for (; i < pass.samples && !all_below(marcher.transmittance, OPAQUE_TRANSMITTANCE); ++i) {
    marcher.advance();
    evaluate(*pass.density, marcher.positions, work, work.result.data());
    work.weights[i] = marcher.weight(work.result[0]);
  }
  for (; i < pass.samples; ++i) {
    work.weights[i] = all(0.0f);
  }
}

// Draw the edges of the field's samples with the help of the proposal networks.
inline void place_samples(const Model & model, const PacketRays & rays, Workspace & work)
{
  even_edges(model.proposals[0].samples, work.edges.data());
  for (int i = 0; i < model.proposal_count; ++i) {
    const ProposalPass & pass = model.proposals[i];
    const bool is_last = i + 1 == model.proposal_count;
    const int next = is_last ? model.field_samples : model.proposals[i + 1].samples;
    propose(model, pass, rays, work);
    accumulate(work.weights.data(), pass.samples, work.cumulative.data());
    resample(
      work.edges.data(), work.cumulative.data(), pass.samples, next, work.next_edges.data());
    work.edges.swap(work.next_edges);
  }
}

// Note which rays' sample ``index`` is to be coloured.
INLINE void note_coloured(int index, const Lanes & weight, Workspace & work, Coloured & coloured)
{
  for (int lane = 0; lane < LANES; ++lane) {
    std::int32_t & count = coloured.count[lane];
    work.coloured[count * LANES + lane] = index;
    count += weight[lane] > NEGLIGIBLE_WEIGHT;
  }
}

// Find depth and accumulation, and what is to be coloured.
inline Coloured sample_field(
  const Model & model, const PacketRays & rays, Workspace & work, Picture & picture)
{
  const int last = model.field_samples - 1;
  const int outputs = work.field_outputs;
  RayMarcher marcher(model, rays, work.edges.data());
  Coloured coloured{};
  picture.accumulation = picture.depth = all(0.0f);
  for (int i = 0; i <= last && !all_below(marcher.transmittance, OPAQUE_TRANSMITTANCE); ++i) {
    marcher.advance();
    evaluate(model.field, marcher.positions, work, &work.outputs[i * outputs]);
    const Lanes weight = marcher.weight(work.outputs[i * outputs]);
    work.weights[i] = weight;
    Lanes matters = weight;
    for (int p = 0; p < PARTS; ++p) {
      // The median: the middle of the first sample with which half of everything is passed.
      Floats & sum = picture.accumulation.part[p];
      Floats & depth = picture.depth.part[p];
      depth = sum < 0.5f ? marcher.middle.part[p] : depth;
      sum += weight.part[p];
      if (i == last && model.last_sample) {
        matters.part[p] += marcher.transmittance.part[p];
      }
    }
    note_coloured(i, matters, work, coloured);
  }
  for (int lane = 0; lane < LANES; ++lane) {
    coloured.most = coloured.count[lane] > coloured.most ? coloured.count[lane] : coloured.most;
  }
  return coloured;
}

// What the rays' directions add to the first layer of the head, once for all samples.
INLINE void prepare_head(const Model & model, const PacketRays & rays, Workspace & work)
{
  Lanes coefficients[DIRECTION_COEFFICIENTS];
  harmonics(rays.direction, coefficients);
  dense<false>(
    model.direction, Biases{model.direction.biases}, coefficients, work.directional.data());
}

// Gather the inputs of the head for the ``index``-th coloured sample of each ray, and its weight;
// that is 0 where a ray has none. Return the samples.
INLINE void gather(
  int index, const Coloured & coloured, Workspace & work, Ints (& sample)[PARTS], Lanes & weight)
{
  const int outputs = work.field_outputs;
  for (int p = 0; p < PARTS; ++p) {
    const Ints count = *reinterpret_cast<const Ints *>(coloured.count + p * WIDTH);
    const Ints chosen = *reinterpret_cast<const Ints *>(
      &work.coloured[index * LANES + p * WIDTH]);
    const Ints has_one = count > index;
    sample[p] = has_one ? chosen : Ints{};
    weight.part[p] = has_one ? pick(work.weights.data(), p, sample[p]) : Floats{};
    for (int i = 1; i < outputs; ++i) {
      work.inputs[i - 1].part[p] = pick(&work.outputs[i], p, sample[p] * outputs);
    }
  }
}

// Colour the samples that matter, each ray its own.
inline void colour(
  const Model & model, const Coloured & coloured, Workspace & work, Picture & picture)
{
  Lanes background[3];
  for (int c = 0; c < 3; ++c) {
    picture.colour[c] = all(0.0f);
    background[c] = all(model.background[c]);
  }
  Lanes sum = all(0.0f);
  for (int i = 0; i < coloured.most; ++i) {
    Ints sample[PARTS];
    Lanes weight;
    gather(i, coloured, work, sample, weight);
    const Sums start{work.directional.data()};
    evaluate(model.head, start, work.inputs.data(), work.hidden, work.result.data());
    for (int p = 0; p < PARTS; ++p) {
      sum.part[p] += weight.part[p];
      const Ints behind = (sample[p] == model.field_samples - 1) & -model.last_sample;
      for (int c = 0; c < 3; ++c) {
        const Floats value = sigmoid(work.result[c].part[p]);
        picture.colour[c].part[p] += weight.part[p] * value;
        background[c].part[p] = behind ? value : background[c].part[p];
      }
    }
  }
  for (int p = 0; p < PARTS; ++p) {
    const Floats accumulation = picture.accumulation.part[p];
    const Floats scale = sum.part[p] > 0.0f ? accumulation / sum.part[p] : Floats{};
    for (int c = 0; c < 3; ++c) {
      const Floats value = scale * picture.colour[c].part[p] +
        (1.0f - accumulation) * background[c].part[p];
      picture.colour[c].part[p] = smaller(larger(value, Floats{}), splat(1.0f));
    }
  }
}

// Render LANES rays.
inline void render_packet(
  const Model & model, const PacketRays & rays, Workspace & work, Picture & picture)
{
  place_samples(model, rays, work);
  const Coloured coloured = sample_field(model, rays, work, picture);
  prepare_head(model, rays, work);
  colour(model, coloured, work, picture);
}

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
