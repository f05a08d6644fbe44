// SPDX-License-Identifier: Apache-2.0
// Where along the rays of a packet samples are taken.

#pragma once

#include "model.hpp"
#include "vectors.hpp"

namespace nerfacto
{
namespace INSTRUCTION_SET
{

// From the spacing in which the first samples are even, 0 to 1, to distances along the ray.
class Spacing
{
public:
  INLINE explicit Spacing(const Model & model)
  : piecewise_(model.piecewise), near_(warped(model.near)), far_(warped(model.far)) {}

  INLINE Lanes distances(const Lanes & s) const
  {
    Lanes result;
    for (int p = 0; p < PARTS; ++p) {
      const Floats x = s.part[p] * far_ + (1.0f - s.part[p]) * near_;
      result.part[p] = piecewise_ ? (x < 0.5f ? 2.0f * x : 1.0f / (2.0f - 2.0f * x)) : x;
    }
    return result;
  }

private:
  INLINE float warped(float distance) const
  {
    if (!piecewise_) {
      return distance;
    }
    return distance < 1.0f ? distance / 2.0f : 1.0f - 1.0f / (2.0f * distance);
  }

  bool piecewise_;
  float near_;
  float far_;
};

// edges[0..samples] at even steps from 0 to 1.
INLINE void even_edges(int samples, Lanes * edges)
{
  const float step = 1.0f / static_cast<float>(samples);
  for (int i = 0; i <= samples; ++i) {
    edges[i] = all(static_cast<float>(i) * step);
  }
}

// cumulative[0..samples]: the cumulative distribution that belongs to the weights.
INLINE void accumulate(const Lanes * weights, int samples, Lanes * cumulative)
{
  constexpr float PADDING = 0.01f;  // so that no part of a ray is left out
  for (int p = 0; p < PARTS; ++p) {
    Floats total{};
    for (int i = 0; i < samples; ++i) {
      total += weights[i].part[p] + PADDING;
    }
    const Floats scale = 1.0f / total;
    Floats sum{};
    cumulative[0].part[p] = sum;
    for (int i = 0; i < samples; ++i) {
      sum += (weights[i].part[p] + PADDING) * scale;
      cumulative[i + 1].part[p] = smaller(sum, splat(1.0f));
    }
  }
}

// Edges of ``count`` samples from the distribution of ``samples`` earlier ones: its cumulative
// form is inverted at even steps.
INLINE void resample(
  const Lanes * edges, const Lanes * cumulative, int samples, int count, Lanes * out)
{
  const float step = 1.0f / static_cast<float>(count + 1);
  for (int p = 0; p < PARTS; ++p) {
    // Each lane is between two of its earlier edges, and only ever moves on.
    Ints below{};
    Floats low{};
    Floats high = pick(cumulative, p, below + 1);
    for (int i = 0; i <= count; ++i) {
      const float u = (static_cast<float>(i) + 0.5f) * step;
      for (;; ) {
        const Ints behind = (high <= u) & (below < samples - 1);
        if (!any(behind)) {
          break;
        }
        below -= behind;  // true is -1
        low = behind ? high : low;
        high = pick(cumulative, p, below + 1);
      }
      const Floats t = smaller(larger((u - low) / (high - low), Floats{}), splat(1.0f));
      const Floats start = pick(edges, p, below);
      out[i].part[p] = start + t * (pick(edges, p, below + 1) - start);
    }
  }
}

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
