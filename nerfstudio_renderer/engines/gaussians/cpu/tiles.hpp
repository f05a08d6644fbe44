// SPDX-License-Identifier: Apache-2.0
// The tiles of a picture that a Gaussian reaches.

#pragma once

#include <cstdint>

#include "ellipses.hpp"
#include "frame.hpp"
#include "vectors.hpp"
#include "view.hpp"

namespace gaussians
{
namespace INSTRUCTION_SET
{

// Tiles of an edge of the square for which a Footprint has bits.
constexpr int FOOTPRINT = 4;
// Pixels by which positions may be off that are computed in 32 bits, and more.
constexpr float SLACK = 0.01f;

// In each element those of another Gaussian; numbers of columns and rows.
struct TileRectangles
{
  Floats first_column, last_column, first_row, last_row;
};

INLINE Mask not_empty(const TileRectangles & r)
{
  return both(at_most(r.first_column, r.last_column), at_most(r.first_row, r.last_row));
}

// Tiles from the first to the last whose pixel centres reach from ``low`` to ``high``.
INLINE void narrow(Floats low, Floats high, float tiles, Floats & first, Floats & last)
{
  const Floats nothing{};
  const Floats all = splat(tiles);
  const float margin = 0.5f - SLACK;
  first = larger(
    first, round_up(bounded((low - (TILE - margin)) * (1.0f / TILE), nothing, all)));
  last = smaller(
    last, round_down(bounded((high - margin) * (1.0f / TILE), splat(-1.0f), all)));
}

// Which of the first 4 x 4 tiles of their rectangles ellipses reach: bits as in Footprint.
INLINE Ints footprint_bits(const Ellipses & ellipses, const TileRectangles & r, int rows, int columns)
{
  Ints found{};
  for (int i = 0; i <= rows; ++i) {
    const Floats row = r.first_row + static_cast<float>(i);
    const Floats top = row * TILE + 0.5f;
    const Span crossing = span(ellipses, top, top + (TILE - 1.0f));
    const Mask in_rows = both(crossing.crossed, at_most(row, r.last_row));
    for (int j = 0; j <= columns; ++j) {
      const Floats column = r.first_column + static_cast<float>(j);
      const Floats left = column * TILE + (0.5f - SLACK);
      const Mask in_columns = both(
        at_most(column, r.last_column),
        both(at_most(crossing.left, left + (TILE - 1.0f + 2.0f * SLACK)),
        at_most(left, crossing.right)));
      found |= only(both(in_rows, in_columns), splat(1 << (i * FOOTPRINT + j)));
    }
  }
  return found;
}

// The tiles of one row from the first to before the end.
struct TileRow
{
  std::int32_t first, end;
};

// For each row of tiles that a Gaussian may reach, those that it reaches. Never inlined, so that
// who counts them and who fills them in get the same.
__attribute__((noinline)) void find_tile_rows(
  const Splat & splat_, const View & view, TileRow * found)
{
  const int first_row = splat_.first_tile >> 16;
  const int last_row = splat_.last_tile >> 16;
  const Floats reach = reach_of(splat(splat_.log_opacity));
  const Ellipses ellipse{
    splat(splat_.x), splat(splat_.y), splat(splat_.v_y), splat(splat_.shear),
    splat(splat_.inverse_u_x), splat(splat_.turn), reach, root(reach)};
  const float first_column = static_cast<float>(splat_.first_tile & 0xffff);
  const float last_column = static_cast<float>(splat_.last_tile & 0xffff);
  for (int row = first_row; row <= last_row; row += WIDTH) {
    const Floats rows = to_floats(counting() + row);
    const Floats top = rows * TILE + 0.5f;
    const Span crossing = span(ellipse, top, top + (TILE - 1.0f));
    Floats first = splat(first_column);
    Floats last = splat(last_column);
    narrow(
      crossing.left, crossing.right, static_cast<float>(view.columns), first, last);
    last = where(crossing.crossed, last, splat(-1.0f));
    alignas(64) float firsts[WIDTH], lasts[WIDTH];
    store(firsts, first);
    store(lasts, last);
    for (int i = 0; i < WIDTH && row + i <= last_row; ++i) {
      const int tile = (row + i) * view.columns;
      *found++ = {tile + static_cast<int>(firsts[i]), tile + static_cast<int>(lasts[i]) + 1};
    }
  }
}

template<typename Use>
INLINE void for_each_tile(
  const Footprint & footprint, const Splat & splat_, const View & view, TileRow * rows, Use use)
{
  if (footprint.tiles == 1) {
    use(footprint.tile);
  } else if (footprint.tiles != 0) {
    for (std::uint32_t left = footprint.tiles; left; left &= left - 1) {
      const int bit = __builtin_ctz(left);
      use(footprint.tile + (bit / FOOTPRINT) * view.columns + bit % FOOTPRINT);
    }
  } else {
    find_tile_rows(splat_, view, rows);
    const int count = (splat_.last_tile >> 16) - (splat_.first_tile >> 16) + 1;
    for (int i = 0; i < count; ++i) {
      for (int tile = rows[i].first; tile < rows[i].end; ++tile) {
        use(tile);
      }
    }
  }
}

// Write a part's Gaussians to the lists of those tiles of a band that they reach.
INLINE void fill_tiles(
  const Scene & scene, const View & view, const Frame & frame, int part, const Range & band)
{
  TileRow rows[MOST_TILE_ROWS];
  // How many of the part a tile has got so far, and those of the parts before it.
  std::uint32_t * const next =
    frame.tile_counts + part * tile_counts_room(view);
  const std::uint32_t first = band.first;
  const std::uint32_t size = band.end - band.first;
  const std::uint64_t begin = frame.tile_starts[band.first];
  const Range chunks = chunks_of(part, frame.parts, scene.chunks);
  for (std::int64_t chunk = chunks.first; chunk < chunks.end; ++chunk) {
    const std::int64_t end = chunk * CHUNK + frame.splat_counts[chunk];
    for (std::int64_t i = chunk * CHUNK; i < end; ++i) {
      const Footprint & footprint = frame.footprints[i];
      const Entry entry = static_cast<Entry>(footprint.depth) << 32 | static_cast<Entry>(i);
      for_each_tile(
        footprint, frame.splats[i], view, rows,
        [&](std::uint32_t tile) {
          if (tile - first < size) {
            frame.entries[frame.tile_starts[tile] - begin + next[tile]++] = entry;
          }
        });
    }
  }
}

}  // namespace INSTRUCTION_SET
}  // namespace gaussians
