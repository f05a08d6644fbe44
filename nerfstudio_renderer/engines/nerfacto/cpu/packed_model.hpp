// SPDX-License-Identifier: Apache-2.0
// A PackedModel (packing.py) as the kernels read it, checked before they do.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <pybind11/pybind11.h>

#include "model.hpp"
#include "python_values.hpp"

namespace nerfacto
{

// The kernels check nothing: no index that they calculate from a model that this has taken, and
// from whatever rays, is outside its arrays or their own memory.
class PackedModel
{
public:
  // :throws std::invalid_argument: if a value is none that the kernels can render with.
  explicit PackedModel(const py::handle & packed)
  {
    read_passes(packed);
    model_.field = density("field", packed.attr("field"));
    const std::int64_t outputs = outputs_of(model_.field.network);
    model_.field_samples = samples("field_samples", packed.attr("field_samples"));
    if (model_.field_samples * outputs > MOST_FIELD_VALUES) {
      refuse(
        "field_samples", "at most " + std::to_string(MOST_FIELD_VALUES / outputs) +
        " for a field of " + std::to_string(outputs) + " outputs",
        std::to_string(model_.field_samples));
    }
    model_.head = network("head", packed.attr("head"), outputs - 1);
    if (outputs_of(model_.head) != COLOURS) {
      refuse(
        "the last layer's outputs of head", std::to_string(COLOURS),
        std::to_string(outputs_of(model_.head)));
    }
    model_.direction = dense("direction", packed.attr("direction"), DIRECTION_COEFFICIENTS);
    if (model_.direction.outputs != model_.head.layers[0].outputs) {
      refuse(
        "direction.outputs", std::to_string(model_.head.layers[0].outputs) + " as those of head[0]",
        std::to_string(model_.direction.outputs));
    }
    read_space(packed);
  }

  PackedModel(const PackedModel &) = delete;
  PackedModel & operator=(const PackedModel &) = delete;

  const Model & model() const {return model_;}

private:
  static int samples(const std::string & name, const py::handle & value)
  {
    return static_cast<int>(integer(name, value, 1, MOST_SAMPLES));
  }

  static std::int64_t outputs_of(const Network & network)
  {
    return network.layers[network.count - 1].outputs;
  }

  void read_passes(const py::handle & packed)
  {
    const py::tuple proposals = members("proposals", packed.attr("proposals"), MOST_PARTS);
    const py::tuple counts =
      members("proposal_samples", packed.attr("proposal_samples"), MOST_PARTS);
    if (proposals.empty() || proposals.size() != counts.size()) {
      refuse(
        "proposals", "at least one, each with its proposal_samples",
        std::to_string(proposals.size()) + " with " + std::to_string(counts.size()));
    }
    densities_.reserve(proposals.size());  // what the passes point to stays where it is
    for (std::size_t i = 0; i < proposals.size(); ++i) {
      const std::string place = '[' + std::to_string(i) + ']';
      densities_.push_back(density("proposals" + place, proposals[i]));
      proposals_.push_back({&densities_[i], samples("proposal_samples" + place, counts[i])});
    }
    model_.proposals = proposals_.data();
    model_.proposal_count = static_cast<int>(proposals_.size());
  }

  void read_space(const py::handle & packed)
  {
    model_.near = number("near", packed.attr("near"));
    model_.far = number("far", packed.attr("far"));
    if (!(0.0f <= model_.near && model_.near < model_.far)) {
      refuse(
        "near and far", "in this order and not negative",
        shown(packed.attr("near")) + " and " + shown(packed.attr("far")));
    }
    model_.piecewise = truth("piecewise", packed.attr("piecewise"));
    model_.contracted = truth("contracted", packed.attr("contracted"));
    model_.last_sample = truth("last_sample", packed.attr("last_sample"));
    copy_three("box_low", packed.attr("box_low"), model_.box_low);
    copy_three("box_scale", packed.attr("box_scale"), model_.box_scale);
    copy_three("background", packed.attr("background"), model_.background);
  }

  DensityNetwork density(const std::string & name, const py::handle & packed)
  {
    const HashGrid encoding = grid(name + ".grid", packed.attr("grid"));
    const std::int64_t features = std::int64_t{2} * encoding.pairs * encoding.level_count;
    return {encoding, network(name + ".layers", packed.attr("layers"), features)};
  }

  HashGrid grid(const std::string & name, const py::handle & packed)
  {
    const py::tuple levels = members(name, packed, MOST_PARTS);
    if (levels.empty()) {
      refuse(name, "at least one level", "()");
    }
    std::vector<GridLevel> & copies = grids_.emplace_back();
    std::int64_t pairs = -1;  // any number in the first level, the same in the others
    for (std::size_t i = 0; i < levels.size(); ++i) {
      copies.push_back(level(name + '[' + std::to_string(i) + ']', levels[i], pairs));
    }
    return {copies.data(), static_cast<int>(copies.size()), static_cast<int>(pairs)};
  }

  GridLevel level(const std::string & name, const py::handle & packed, std::int64_t & pairs)
  {
    const Array tables = floats(name + ".tables", packed.attr("tables"), {pairs, -1, 2});
    pairs = tables.shape(0);
    const std::int64_t entries = tables.shape(1);
    if (pairs < 1 || pairs > MOST_WIDTH || entries < 1 || entries > MOST_ENTRIES) {
      refuse(
        name + ".tables", "1 to " + std::to_string(MOST_WIDTH) + " pairs of 1 to " +
        std::to_string(MOST_ENTRIES) + " entries", shown(tables));
    }
    const float scaling = number(name + ".scaling", packed.attr("scaling"));
    if (!(0.0f <= scaling && scaling <= MOST_CELLS)) {
      refuse(
        name + ".scaling", "from 0 to " + std::to_string(MOST_CELLS),
        shown(packed.attr("scaling")));
    }
    const std::int64_t side = integer(name + ".side", packed.attr("side"), 0, MOST_CELLS);
    if (side) {
      check_own_entries(name, scaling, side, entries);
    } else if (entries & (entries - 1)) {
      refuse(name + ".tables", "a power of two of entries, as side is 0", std::to_string(entries));
    }
    return {scaling, static_cast<int>(side), kept(tables), entries};
  }

  static void check_own_entries(
    const std::string & name, float scaling, std::int64_t side, std::int64_t entries)
  {
    // A position just below 1 may be rounded up to the last corner, which has a neighbour too.
    const std::int64_t least = static_cast<std::int64_t>(scaling) + 2;
    if (side < least) {
      refuse(
        name + ".side", "0 or at least " + std::to_string(least) + ", the corners along " +
        std::to_string(least - 2) + " cells", std::to_string(side));
    }
    if (entries % side || entries / side % side || entries / side / side != side) {
      refuse(
        name + ".side", "the cube root of " + std::to_string(entries) + " entries",
        std::to_string(side));
    }
  }

  Network network(const std::string & name, const py::handle & packed, std::int64_t inputs)
  {
    const py::tuple layers = members(name, packed, MOST_PARTS);
    if (layers.empty()) {
      refuse(name, "at least one layer", "()");
    }
    std::vector<Dense> & copies = layers_.emplace_back();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      copies.push_back(dense(name + '[' + std::to_string(i) + ']', layers[i], inputs));
      inputs = copies.back().outputs;
    }
    return {copies.data(), static_cast<int>(copies.size())};
  }

  // :param inputs: what comes from the layer or grid before.
  Dense dense(const std::string & name, const py::handle & packed, std::int64_t inputs)
  {
    const std::int64_t own = integer(name + ".inputs", packed.attr("inputs"), 0, MOST_WIDTH);
    if (own != inputs) {
      refuse(
        name + ".inputs", std::to_string(inputs) + ", which come from before it",
        std::to_string(own));
    }
    const std::int64_t outputs = integer(name + ".outputs", packed.attr("outputs"), 1, MOST_WIDTH);
    const std::int64_t blocks = (outputs + OUTPUT_BLOCK - 1) / OUTPUT_BLOCK;
    return {
      static_cast<int>(inputs), static_cast<int>(outputs),
      kept(floats(name + ".weights", packed.attr("weights"), {blocks, inputs, OUTPUT_BLOCK})),
      kept(floats(name + ".biases", packed.attr("biases"), {blocks * OUTPUT_BLOCK}))};
  }

  // Where the array's values are, as long as this lives.
  const float * kept(Array array)
  {
    arrays_.push_back(std::move(array));
    return arrays_.back().data();
  }

  std::vector<Array> arrays_;
  std::vector<std::vector<GridLevel>> grids_;
  std::vector<std::vector<Dense>> layers_;
  std::vector<DensityNetwork> densities_;
  std::vector<ProposalPass> proposals_;
  Model model_{};
};

}  // namespace nerfacto
