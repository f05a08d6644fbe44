// SPDX-License-Identifier: Apache-2.0
// Colours from spherical harmonics of up to degree 3.

#pragma once

#include <cstdint>

#include "scene.hpp"
#include "vectors.hpp"

namespace gaussians
{
namespace INSTRUCTION_SET
{

// The real spherical harmonics of degrees 1 to 3 in a direction, with the signs that are usual for
// Gaussians. The recurrences are those of P.-P. Sloan, "Efficient Spherical Harmonic Evaluation",
// JCGT 2 (2), 2013.
INLINE void evaluate_basis(int coefficients, Floats x, Floats y, Floats z, Floats (& basis)[15])
{
  if (coefficients < 4) {
    return;
  }
  basis[0] = y * -0.48860251f;
  basis[1] = z * 0.48860251f;
  basis[2] = x * -0.48860251f;
  if (coefficients < 9) {
    return;
  }
  const Floats square = z * z;
  const Floats cosine = x * x - y * y;
  const Floats sine = x * y * 2.0f;
  const Floats slope = z * -1.0925484f;
  basis[3] = sine * 0.54627422f;
  basis[4] = slope * y;
  basis[5] = square * 0.94617470f - 0.31539157f;
  basis[6] = slope * x;
  basis[7] = cosine * 0.54627422f;
  if (coefficients < 16) {
    return;
  }
  const Floats steep = square * -2.2852290f + 0.45704580f;
  const Floats flat = z * 1.4453057f;
  basis[8] = (x * sine + y * cosine) * -0.59004359f;
  basis[9] = flat * sine;
  basis[10] = steep * y;
  basis[11] = z * (square * 1.8658817f - 1.1195290f);
  basis[12] = steep * x;
  basis[13] = flat * cosine;
  basis[14] = (x * cosine - y * sine) * -0.59004359f;
}

// Colours, 0 or more, of consecutive Gaussians that are seen in unit directions.
INLINE void evaluate_colours(
  const Scene & scene, std::int64_t first, Floats x, Floats y, Floats z, Floats (& colour)[3])
{
  const std::int64_t group = first / GROUP;
  const std::int64_t place = first % GROUP;
  Floats basis[15];
  evaluate_basis(scene.coefficients, x, y, z, basis);
  const std::int16_t * detail =
    scene.detail + group * (scene.coefficients - 1) * 3 * GROUP + place;
  Floats sum[3]{};
  for (int k = 0; k < scene.coefficients - 1; ++k) {
    for (int c = 0; c < 3; ++c) {
      sum[c] += load_shorts(detail + (k * 3 + c) * GROUP) * basis[k];
    }
  }
  const Floats factor = load(scene.factor + first);
  for (int c = 0; c < 3; ++c) {
    const Floats base = load(scene.base + (group * 3 + c) * GROUP + place);
    colour[c] = larger(sum[c] * factor + base, Floats{});
  }
}

}  // namespace INSTRUCTION_SET
}  // namespace gaussians
