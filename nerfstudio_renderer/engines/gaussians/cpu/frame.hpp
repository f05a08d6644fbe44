// SPDX-License-Identifier: Apache-2.0
// What the passes over one picture hand to each other.

#pragma once

#include <cstdint>

#include "view.hpp"

namespace gaussians
{

// From the first to before the end.
struct Range
{
  std::int32_t first, end;
};

// A Gaussian in the picture, one line of the cache.
//
// With d = pixel - (x, y): its opacity there is 2^(log_opacity - u^2 - v^2), where
// u = u_x d_x + u_y d_y and v = v_y d_y.
struct alignas(64) Splat
{
  // The first eight say which pixels it reaches.
  float x, y;
  float v_y;
  float log_opacity;
  // Of the ellipse in which it is drawn: u_y / v_y, 1 / u_x, and the v of its rightmost point.
  float shear;
  float inverse_u_x;
  float turn;
  float depth;
  float u_x, u_y;
  float red, green, blue;
  // Among the scene's Gaussians.
  std::int32_t position;
  // The tiles that it may reach: from first to last, each as column + 65536 row.
  std::uint32_t first_tile, last_tile;
};

// Which tiles a Gaussian reaches.
struct Footprint
{
  // The bits of its depth, which sort as the depths do.
  std::uint32_t depth;
  // The first tile's number, row * columns + column.
  std::uint32_t tile;
  // Bit 4 i + j: the tile i rows and j columns further on; 0 if it may reach more than 4 x 4.
  std::uint32_t tiles;
};

// A Gaussian in a tile: its depth in the upper half, the number of its Splat in the lower one.
typedef std::uint64_t Entry;

// A tile's entries in the order of their depths, some at a time.
struct Runs
{
  void * order;
  // Get the next ones. Returns false if there are none left.
  bool (* next)(void * order, const Entry ** run, std::int64_t * count);
};

struct Frame
{
  // [chunk][CHUNK], of which each chunk's first splat_counts[chunk] are meant.
  Splat * splats;
  Footprint * footprints;
  std::int32_t * splat_counts;
  // [part][tile_counts_room(view)]: how many Gaussians of a part of the scene reach a tile; later, how many are
  // before them in the tile.
  std::uint32_t * tile_counts;
  // Parts into which the scene's chunks are divided.
  std::int32_t parts;
  // The Gaussians of a band's tiles, tile by tile.
  Entry * entries;
  // [tile + 1]: entries of all tiles before it.
  const std::uint64_t * tile_starts;
  // [height][width][CHANNELS]
  float * picture;
};

// Of a pixel: red, green, blue, depth, accumulation.
constexpr int CHANNELS = 5;

// Tiles, and some room behind them for counting without looking where the picture ends.
inline __attribute__((always_inline)) std::int64_t tile_counts_room(const View & view)
{
  return static_cast<std::int64_t>(view.columns) * (view.rows + 1) + 2;
}

// The chunks of a part.
inline __attribute__((always_inline)) Range chunks_of(
  std::int32_t part, std::int32_t parts, std::int32_t chunks)
{
  return {
    static_cast<std::int32_t>(static_cast<std::int64_t>(chunks) * part / parts),
    static_cast<std::int32_t>(static_cast<std::int64_t>(chunks) * (part + 1) / parts)};
}

}  // namespace gaussians
