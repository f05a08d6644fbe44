// SPDX-License-Identifier: Apache-2.0
// The ellipses in which Gaussians are drawn, and which rows of a picture they cross where.

#pragma once

#include "vectors.hpp"

namespace gaussians
{
namespace INSTRUCTION_SET
{

// log2(1 / 255): below this opacity nothing is drawn.
constexpr float LOG_FAINTEST = -7.9943534f;

// In each element another Gaussian, or each the same.
struct Ellipses
{
  Floats x, y, v_y, shear, inverse_u_x, turn;
  // The largest u^2 + v^2 at which it is drawn, and its square root. A little more than exact:
  // this decides what is looked at, not what is drawn.
  Floats reach, reach_root;
};

INLINE Floats reach_of(Floats log_opacity)
{
  return (log_opacity - LOG_FAINTEST) * 1.0001f + 1e-4f;
}

struct Span
{
  // Positions in the picture, pixels.
  Floats left, right;
  // Whether there is anything between.
  Mask crossed;
};

// Where ellipses cross the band between two heights, both in the picture's pixels.
INLINE Span span(const Ellipses & e, Floats top, Floats bottom)
{
  const Floats first = (top - e.y) * e.v_y;
  const Floats last = (bottom - e.y) * e.v_y;
  const Mask crossed = both(at_most(first, e.reach_root), at_most(-e.reach_root, last));
  // The widest point on either side, or the one next to it in the band.
  const Floats right_v = bounded(e.turn, first, last);
  const Floats left_v = bounded(-e.turn, first, last);
  const Floats nothing{};
  const Floats right_u = root(larger(e.reach - right_v * right_v, nothing)) - e.shear * right_v;
  const Floats left_u = root(larger(e.reach - left_v * left_v, nothing)) + e.shear * left_v;
  return {e.x - left_u * e.inverse_u_x, e.x + right_u * e.inverse_u_x, crossed};
}

}  // namespace INSTRUCTION_SET
}  // namespace gaussians
