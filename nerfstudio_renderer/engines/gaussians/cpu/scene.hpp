// SPDX-License-Identifier: Apache-2.0
// Gaussians as the kernels read them, the same for every instruction set.

#pragma once

#include <cstdint>

namespace gaussians
{

// Gaussians whose bounds are held together.
constexpr int CHUNK = 256;
// Gaussians whose coefficients of the spherical harmonics lie side by side.
constexpr int GROUP = 16;

// What is known of a Gaussian without its colour, in the order in which a chunk holds it: the field
// f of the i-th Gaussian is at f * CHUNK + i.
enum Field
{
  MEAN_X, MEAN_Y, MEAN_Z,
  // The lower triangle of L, where L L^T is the covariance. The shorter axis of a needle is in the
  // smaller numbers; of a covariance in 32 bits it is lost.
  FACTOR_XX, FACTOR_YX, FACTOR_YY, FACTOR_ZX, FACTOR_ZY, FACTOR_ZZ,
  // Of base 2; minus infinity of what only fills the last chunk.
  LOG_OPACITY,
  FIELDS
};

// Where a chunk's Gaussians lie.
struct Bounds
{
  float centre[3];
  float half_size[3];
  // The longest standard deviation of any.
  float deviation;
};

struct Scene
{
  std::int64_t count;
  // Chunks, the last of which is filled up.
  std::int32_t chunks;
  // Of one colour: 1, 4, 9 or 16.
  std::int32_t coefficients;
  const float * geometry;        // [chunk][FIELDS][CHUNK]
  const Bounds * bounds;         // [chunk]
  // Colours: the coefficient of degree 0, with the 0.5 that is added to all; and the others as
  // integers, with a factor for each Gaussian.
  const float * base;            // [group][3][GROUP]
  const float * factor;          // [group][GROUP]
  const std::int16_t * detail;   // [group][coefficients - 1][3][GROUP]
  // Where each was before they were sorted by position.
  const std::uint32_t * order;
  bool antialiased;
  float background[3];
};

}  // namespace gaussians
