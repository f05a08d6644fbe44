// SPDX-License-Identifier: Apache-2.0
// Dense layers for a packet of rays.

#pragma once

#include "model.hpp"
#include "vectors.hpp"

namespace nerfacto
{
namespace INSTRUCTION_SET
{

// Where the sums of a layer's outputs start: at its biases, the same for all rays ...
struct Biases
{
  const float * values;
  INLINE Floats at(int output, int) const {return splat(values[output]);}
};

// ... or at what was summed up before for each of them.
struct Sums
{
  const Lanes * values;
  INLINE Floats at(int output, int part) const {return values[output].part[part];}
};

// COUNT neighbouring outputs, whose sums stay in registers.
template<int COUNT, bool RECTIFY, typename Start>
INLINE void sum_up(
  const float * weights, Start start, int first, const Lanes * x, int inputs, Lanes * out)
{
  Floats sums[COUNT][PARTS];
  for (int j = 0; j < COUNT; ++j) {
    for (int p = 0; p < PARTS; ++p) {
      sums[j][p] = start.at(first + j, p);
    }
  }
  for (int i = 0; i < inputs; ++i, weights += OUTPUT_BLOCK) {
    for (int j = 0; j < COUNT; ++j) {
      for (int p = 0; p < PARTS; ++p) {
        sums[j][p] += weights[j] * x[i].part[p];
      }
    }
  }
  for (int j = 0; j < COUNT; ++j) {
    for (int p = 0; p < PARTS; ++p) {
      out[first + j].part[p] = RECTIFY ? larger(sums[j][p], Floats{}) : sums[j][p];
    }
  }
}

// out[j] = start[j] + weights[j] @ x, rectified or not. Up to three values behind the last output
// are written too.
template<bool RECTIFY, typename Start>
inline void dense(const Dense & layer, Start start, const Lanes * x, Lanes * out)
{
  constexpr int HALF_BLOCK = OUTPUT_BLOCK / 2;
  // As many sums at once as there are registers for.
  constexpr int AT_ONCE = OUTPUT_BLOCK * PARTS * 2 <= REGISTERS ? OUTPUT_BLOCK : HALF_BLOCK;
  const float * weights = layer.weights;
  int j = 0;
  for (; j + OUTPUT_BLOCK <= layer.outputs; j += OUTPUT_BLOCK) {
    for (int k = 0; k < OUTPUT_BLOCK; k += AT_ONCE) {
      sum_up<AT_ONCE, RECTIFY>(weights + k, start, j + k, x, layer.inputs, out);
    }
    weights += layer.inputs * OUTPUT_BLOCK;
  }
  const int left = layer.outputs - j;
  if (left == 1) {
    sum_up<1, RECTIFY>(weights, start, j, x, layer.inputs, out);
    return;
  }
  for (int k = 0; k < left; k += HALF_BLOCK) {
    sum_up<HALF_BLOCK, RECTIFY>(weights + k, start, j + k, x, layer.inputs, out);
  }
}

// All layers with ReLU between them; ``start`` is the first one's.
template<typename Start>
INLINE void evaluate(
  const Network & network, Start start, const Lanes * x, Buffer<Lanes> (& hidden)[2], Lanes * out)
{
  const int last = network.count - 1;
  if (last == 0) {
    dense<false>(network.layers[0], start, x, out);
    return;
  }
  dense<true>(network.layers[0], start, x, hidden[0].data());
  for (int i = 1; i < last; ++i) {
    const Dense & layer = network.layers[i];
    dense<true>(layer, Biases{layer.biases}, hidden[(i - 1) % 2].data(), hidden[i % 2].data());
  }
  const Dense & layer = network.layers[last];
  dense<false>(layer, Biases{layer.biases}, hidden[(last - 1) % 2].data(), out);
}

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
