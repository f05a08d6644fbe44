// SPDX-License-Identifier: Apache-2.0
// The memory in which a thread renders its packet.

#pragma once

#include "model.hpp"
#include "vectors.hpp"

namespace nerfacto
{
namespace INSTRUCTION_SET
{

// The most that any part of a model needs.
struct Sizes
{
  explicit Sizes(const Model & model)
  : samples(model.field_samples)
  {
    for (int i = 0; i < model.proposal_count; ++i) {
      samples = most(samples, model.proposals[i].samples);
      cover(model.proposals[i].density->network);
    }
    cover(model.field.network);
    cover(model.head);
  }

  int samples;
  int inputs = 0;   // of a first layer
  int outputs = 0;  // of any layer, with room for what a layer writes behind its last

private:
  static int most(int a, int b) {return a > b ? a : b;}

  void cover(const Network & network)
  {
    inputs = most(inputs, network.layers[0].inputs);
    for (int i = 0; i < network.count; ++i) {
      outputs = most(outputs, network.layers[i].outputs + OUTPUT_BLOCK);
    }
  }
};

struct Workspace
{
  explicit Workspace(const Model & model)
  : Workspace(model, Sizes(model)) {}

  // Of samples, in the spacing: of the pass in work, and of the next one.
  Buffer<Lanes> edges, next_edges;
  Buffer<Lanes> cumulative;
  Buffer<Lanes> weights;
  // Of a network: what goes in, what is between its layers, and what comes out.
  Buffer<Lanes> inputs;
  Buffer<Lanes> hidden[2];
  Buffer<Lanes> result;
  // What the rays' directions add to the head's first layer.
  Buffer<Lanes> directional;
  // [sample][output] of the field.
  int field_outputs;
  Buffer<Lanes> outputs;
  // [i][lane]: the i-th sample of the lane's ray that is to be coloured.
  Buffer<std::int32_t> coloured;

private:
  Workspace(const Model & model, const Sizes & sizes)
  : edges(sizes.samples + 1),
    next_edges(sizes.samples + 1),
    cumulative(sizes.samples + 1),
    weights(sizes.samples),
    inputs(sizes.inputs),
    hidden{Buffer<Lanes>(sizes.outputs), Buffer<Lanes>(sizes.outputs)},
    result(sizes.outputs),
    directional(sizes.outputs),
    field_outputs(model.field.network.layers[model.field.network.count - 1].outputs),
    outputs(model.field_samples * field_outputs + OUTPUT_BLOCK),
    coloured((model.field_samples + 1) * LANES) {}
};

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
