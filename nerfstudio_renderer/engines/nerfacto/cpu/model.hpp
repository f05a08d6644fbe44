// SPDX-License-Identifier: Apache-2.0
// A nerfacto model as the kernels read it: plain views of arrays that packing.py makes, and that
// packed_model.hpp checks and keeps.

#pragma once

#include <cstdint>

namespace nerfacto
{

// Where arrays begin: a cache line, and the widest vector register.
constexpr int ALIGNMENT = 64;

// Outputs of a layer whose weights lie together, and which are summed up together.
constexpr int OUTPUT_BLOCK = 8;

// Spherical harmonics of degrees 0 to 3.
constexpr int DIRECTION_COEFFICIENTS = 16;

// Of a rendered ray: red, green, blue, median depth, accumulation.
constexpr int CHANNELS = 5;

// Outputs of the head: red, green, blue before the sigmoid.
constexpr int COLOURS = 3;

// The largest model that is taken. It is far from any that was trained; what is calculated from
// these numbers stays within 32 bits, and a thread's memory within a gigabyte.
constexpr int MOST_SAMPLES = 1 << 14;       // of a pass
constexpr int MOST_WIDTH = 1 << 14;         // inputs or outputs of a layer, pairs of a level
constexpr int MOST_FIELD_VALUES = 1 << 22;  // outputs of the field for all samples of a ray
constexpr int MOST_PARTS = 1 << 10;         // layers, levels or passes
constexpr int MOST_CELLS = 1 << 30;         // along the unit cube's edge
constexpr std::int64_t MOST_ENTRIES = std::int64_t{1} << 32;  // of a level, for a pair

// weights @ x + biases.
struct Dense
{
  int inputs;
  int outputs;
  // [output / OUTPUT_BLOCK][input][output % OUTPUT_BLOCK], filled up with zeros.
  const float * weights;
  // [output]
  const float * biases;
};

struct Network
{
  const Dense * layers;
  int count;
};

// One resolution of a hash encoding.
struct GridLevel
{
  // Cells along the unit cube's edge.
  float scaling;
  // 0: corners share entries by their hash. Else each has one of its own, in rows of this length.
  int side;
  // [pair][entry][2]
  const float * tables;
  // Entries for one pair of features.
  std::int64_t entries;
};

// A multiresolution hash encoding, whose features are kept in pairs.
struct HashGrid
{
  const GridLevel * levels;
  int level_count;
  int pairs;
};

// From a position in the unit cube to the logarithm of density, and features.
struct DensityNetwork
{
  HashGrid grid;
  Network network;
};

// One round of looking where along the ray something is.
struct ProposalPass
{
  const DensityNetwork * density;
  int samples;
};

struct Model
{
  const ProposalPass * proposals;
  int proposal_count;
  DensityNetwork field;
  int field_samples;
  // What a direction's spherical harmonics add to the head's first layer, its biases included.
  Dense direction;
  // From the field's features to colour before the sigmoid; the first layer without directions.
  Network head;
  float near;
  float far;
  // Samples are even up to distance 1, then in disparity; else all the way.
  bool piecewise;
  // Space is contracted to a cube; else ``box_low`` and 1 / edges say where the scene is.
  bool contracted;
  float box_low[3];
  float box_scale[3];
  // Behind everything lies the colour of the last sample; else ``background``.
  bool last_sample;
  float background[3];
};

// Rays from one point.
struct Rays
{
  float origin[3];
  // [ray][3], unit vectors
  const float * directions;
  // [ray][CHANNELS]
  float * pictures;
  std::int64_t count;
};

}  // namespace nerfacto
