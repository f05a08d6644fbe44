// SPDX-License-Identifier: Apache-2.0
// A camera as the kernels read it.

#pragma once

#include <cstdint>

namespace gaussians
{

// Edge of a tile, pixels. It is part of the definition: a Gaussian is cut off at tiles of this size.
constexpr int TILE = 16;
// Of a picture; positions in it keep 10 bits behind the point.
constexpr int MOST_PIXELS = 16384;
constexpr int MOST_TILE_ROWS = MOST_PIXELS / TILE;

struct View
{
  // World to camera: x right, y down, z forward.
  float rotation[3][3];
  // The row that gives z, and what is added, in 64 bits: equal depths must stay equal.
  double depth_row[3];
  double depth_offset;
  // Where the camera is, as the sum of two floats.
  float position[3];
  float position_rest[3];
  float fx, fy, cx, cy;
  float near;
  std::int32_t width, height;
  // Tiles of a row and of a column.
  std::int32_t columns, rows;
  // Tangents beyond which the projection's derivative is taken at the bound.
  float low_x, high_x, low_y, high_y;
};

}  // namespace gaussians
