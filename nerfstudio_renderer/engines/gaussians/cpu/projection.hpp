// SPDX-License-Identifier: Apache-2.0
// From Gaussians in a scene to ellipses in a picture.
//
// The definition is that of gsplat 1.4.0 (fully_fused_projection and rasterization, Apache-2.0).

#pragma once

#include <cstdint>

#include "ellipses.hpp"
#include "frame.hpp"
#include "scene.hpp"
#include "spherical_harmonics.hpp"
#include "tiles.hpp"
#include "vectors.hpp"
#include "view.hpp"

namespace gaussians
{
namespace INSTRUCTION_SET
{

// What is added to the variances in the picture, so that no Gaussian falls between pixels.
constexpr float BLUR = 0.3f;
constexpr float FAR = 1e10f;
// The length of (u, v) at one standard deviation, the square root of log2(e) / 2.
constexpr float UNIT = 0.84932180f;

INLINE float larger_of(float a, float b) {return a > b ? a : b;}

// The largest of some elements, a small number, 0 or more.
INLINE int largest_of(Mask mask, Floats values)
{
  alignas(64) float some[WIDTH];
  store(some, only(mask, values));
  float largest = 0.0f;
  for (int i = 0; i < WIDTH; ++i) {
    largest = larger_of(largest, some[i]);
  }
  return static_cast<int>(largest);
}

// Write those Gaussians of a vector that are seen one after the other, and return how many.
INLINE int compress(
  unsigned seen, Floats (& fields)[16], Ints tile_number, Ints reached, Splat * splats,
  Footprint * footprints)
{
  static_assert(sizeof(Splat) == sizeof(float[16]), "as many fields");
  alignas(64) std::int32_t tiles[3][WIDTH];
  *reinterpret_cast<Ints *>(tiles[0]) = bits<Ints>(fields[7]);
  *reinterpret_cast<Ints *>(tiles[1]) = tile_number;
  *reinterpret_cast<Ints *>(tiles[2]) = reached;
  for (int field = 0; field < 16; field += WIDTH) {
    transpose(reinterpret_cast<Floats (&)[WIDTH]>(fields[field]));
  }
  int count = 0;
  for (; seen; seen &= seen - 1) {
    const int i = __builtin_ctz(seen);
    float * const to = &splats[count].x;
    for (int field = 0; field < 16; field += WIDTH) {
      store(to + field, fields[field + i]);
    }
    footprints[count++] = {
      static_cast<std::uint32_t>(tiles[0][i]), static_cast<std::uint32_t>(tiles[1][i]),
      static_cast<std::uint32_t>(tiles[2][i])};
  }
  return count;
}

// Whether no Gaussian of a chunk can be in the picture: all are outside one of its edges, or behind.
INLINE bool is_outside(const Bounds & bounds, const View & view)
{
  const auto & r = view.rotation;
  float centre[3];
  for (int i = 0; i < 3; ++i) {
    centre[i] = 0.0f;
    for (int j = 0; j < 3; ++j) {
      centre[i] += r[i][j] * (bounds.centre[j] - view.position[j]);
    }
  }
  // Of a linear function with the gradient ``a`` times the row plus ``b`` times the depth.
  const auto largest = [&](int row, float a, float b) {
      float value = a * centre[row] + b * centre[2];
      for (int j = 0; j < 3; ++j) {
        value += __builtin_fabsf(a * r[row][j] + b * r[2][j]) * bounds.half_size[j];
      }
      return value;
    };
  // The radius is at most ``fixed`` plus ``growing`` over the depth.
  const float fixed = 3.0f * 0.65f + 1.5f;
  const float tangent_x = larger_of(view.low_x, view.high_x);
  const float tangent_y = larger_of(view.low_y, view.high_y);
  const float stretch =
    __builtin_sqrtf(1.0f + tangent_x * tangent_x + tangent_y * tangent_y);
  const float growing = 3.01f * stretch * larger_of(view.fx, view.fy) * bounds.deviation;
  return largest(2, 0.0f, 1.0f) < view.near * 0.999f ||
         largest(0, view.fx, view.cx + fixed) + growing < 0.0f ||
         largest(0, -view.fx, view.width - view.cx + fixed) + growing < 0.0f ||
         largest(1, view.fy, view.cy + fixed) + growing < 0.0f ||
         largest(1, -view.fy, view.height - view.cy + fixed) + growing < 0.0f;
}

// The inner product of a row of the projection's derivative with each column of the factor.
INLINE void through_factor(const float * geometry, const Floats (& row)[3], Floats (& result)[3])
{
  const auto field = [&](int number) {return load(geometry + number * CHUNK);};
  result[0] = row[0] * field(FACTOR_XX) + row[1] * field(FACTOR_YX) + row[2] * field(FACTOR_ZX);
  result[1] = row[1] * field(FACTOR_YY) + row[2] * field(FACTOR_ZY);
  result[2] = row[2] * field(FACTOR_ZZ);
}

INLINE Floats dot(const Floats (& a)[3], const Floats (& b)[3])
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

// The square of the area that two vectors span.
INLINE Floats squared_area(const Floats (& a)[3], const Floats (& b)[3])
{
  const Floats normal[3] = {
    a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
  return dot(normal, normal);
}

// The z of a chunk's Gaussians. In 64 bits: their order is that of these numbers, rounded.
INLINE void find_depths(const float * geometry, const View & view, float (& depths)[CHUNK])
{
  const double x = view.depth_row[0], y = view.depth_row[1], z = view.depth_row[2];
  const double offset = view.depth_offset;
  for (int i = 0; i < CHUNK; ++i) {
    depths[i] = static_cast<float>(
      x * static_cast<double>(geometry[MEAN_X * CHUNK + i]) +
      y * static_cast<double>(geometry[MEAN_Y * CHUNK + i]) +
      z * static_cast<double>(geometry[MEAN_Z * CHUNK + i]) + offset);
  }
}

// As many Gaussians as a vector has elements, from ``geometry`` on, the first of which is the
// scene's ``first``: write those that are in the picture, and return how many.
INLINE int project_vector(
  const Scene & scene, const View & view, const float * geometry, std::int64_t first, Floats depth,
  Splat * splats, Footprint * footprints)
{
  const Floats nothing{};
  Floats log_opacity = load(geometry + LOG_OPACITY * CHUNK);
  Mask seen = both(
    both(at_most(splat(view.near), depth), at_most(depth, splat(FAR))),
    at_most(splat(LOG_FAINTEST), log_opacity));
  if (!any(seen)) {
    return 0;
  }
  const auto & r = view.rotation;
  Floats offset[3];
  for (int i = 0; i < 3; ++i) {
    offset[i] = load(geometry + (MEAN_X + i) * CHUNK) - view.position[i] - view.position_rest[i];
  }
  const Floats inverse_depth = 1.0f / depth;
  const Floats tangent_x =
    (r[0][0] * offset[0] + r[0][1] * offset[1] + r[0][2] * offset[2]) * inverse_depth;
  const Floats tangent_y =
    (r[1][0] * offset[0] + r[1][1] * offset[1] + r[1][2] * offset[2]) * inverse_depth;
  const Floats x = tangent_x * view.fx + view.cx;
  const Floats y = tangent_y * view.fy + view.cy;

  // The derivative of the position, with the tangents bounded, times the covariance's factor.
  const Floats bounded_x = bounded(tangent_x, splat(-view.low_x), splat(view.high_x));
  const Floats bounded_y = bounded(tangent_y, splat(-view.low_y), splat(view.high_y));
  Floats row_x[3], row_y[3];
  for (int i = 0; i < 3; ++i) {
    row_x[i] = (r[0][i] - bounded_x * r[2][i]) * (inverse_depth * view.fx);
    row_y[i] = (r[1][i] - bounded_y * r[2][i]) * (inverse_depth * view.fy);
  }
  Floats a[3], b[3];
  through_factor(geometry, row_x, a);
  through_factor(geometry, row_y, b);
  const Floats sharp_determinant = squared_area(a, b);
  const Floats sharp_xx = dot(a, a);
  const Floats sharp_yy = dot(b, b);
  const Floats xy = dot(a, b);
  const Floats determinant =
    sharp_determinant + (sharp_xx + sharp_yy) * BLUR + BLUR * BLUR;
  const Floats xx = sharp_xx + BLUR;
  const Floats yy = sharp_yy + BLUR;
  if (scene.antialiased) {
    log_opacity += logarithm(sharp_determinant / determinant) * 0.5f;
    seen = both(seen, at_most(splat(LOG_FAINTEST), log_opacity));
  }

  // gsplat's radius: three standard deviations of the longer axis, and the tiles of that square.
  const Floats mean = (xx + yy) * 0.5f;
  const Floats half_difference = (xx - yy) * 0.5f;
  const Floats longest =
    mean + root(larger(half_difference * half_difference + xy * xy, splat(0.01f)));
  const Floats radius = round_up(root(longest) * 3.0f);
  seen = both(seen, both(below(nothing, x + radius), below(nothing, y + radius)));
  seen = both(
    seen, both(
      below(x - radius, splat(static_cast<float>(view.width))),
      below(y - radius, splat(static_cast<float>(view.height)))));
  if (!any(seen)) {
    return 0;
  }
  const float columns = view.columns;
  const float rows = view.rows;
  const auto tile = [](Floats position, float tiles) {
      return bounded(position * (1.0f / TILE), Floats{}, splat(tiles));
    };
  TileRectangles tiles{
    round_down(tile(x - radius, columns)), round_up(tile(x + radius, columns)) - 1.0f,
    round_down(tile(y - radius, rows)), round_up(tile(y + radius, rows)) - 1.0f};
  // Of these, the ones where it is not too faint to be drawn.
  const Floats reach = reach_of(log_opacity);
  const Floats reach_root = root(reach);
  const Floats root_xx = root(xx);
  const Floats root_yy = root(yy);
  const Floats half_width = reach_root * root_xx * (1.0f / UNIT);
  const Floats half_height = reach_root * root_yy * (1.0f / UNIT);
  narrow(x - half_width, x + half_width, columns, tiles.first_column, tiles.last_column);
  narrow(y - half_height, y + half_height, rows, tiles.first_row, tiles.last_row);
  seen = both(seen, not_empty(tiles));
  if (!any(seen)) {
    return 0;
  }

  const Floats root_determinant = root(determinant);
  const Floats inverse_root_yy = 1.0f / root_yy;
  const Floats v_y = inverse_root_yy * UNIT;
  const Floats inverse_root_determinant = 1.0f / root_determinant;
  const Floats shear = -xy * inverse_root_determinant;
  const Ellipses ellipses{
    x, y, v_y, shear, root_determinant * inverse_root_yy * (1.0f / UNIT),
    xy * reach_root * inverse_root_yy / root_xx, reach, reach_root};

  const Floats more_columns = tiles.last_column - tiles.first_column;
  const Floats more_rows = tiles.last_row - tiles.first_row;
  const Floats most = larger(more_columns, more_rows);
  const Mask small = both(seen, below(most, splat(static_cast<float>(FOOTPRINT))));
  Ints reached = splat(1);
  if (any(both(small, below(nothing, most)))) {
    reached = footprint_bits(
      ellipses, tiles, largest_of(small, more_rows), largest_of(small, more_columns));
    // Those that reach no tile are neither large nor seen.
    const Mask missed = both(small, at_most(to_floats(reached), nothing));
    seen = without(seen, missed);
  }
  reached = only(small, reached);

  Floats colour[3];
  const Floats inverse_distance = 1.0f / root(dot(offset, offset));
  evaluate_colours(
    scene, first, offset[0] * inverse_distance, offset[1] * inverse_distance,
    offset[2] * inverse_distance, colour);

  const Ints first_column = to_ints(tiles.first_column);
  const Ints first_row = to_ints(tiles.first_row);
  const Ints last_column = to_ints(tiles.last_column);
  const Ints last_row = to_ints(tiles.last_row);
  Floats fields[16] = {
    x, y, v_y, log_opacity, shear, ellipses.inverse_u_x, ellipses.turn, depth,
    root_yy * inverse_root_determinant * UNIT, shear * v_y, colour[0], colour[1], colour[2],
    bits<Floats>(counting() + static_cast<std::int32_t>(first)),
    bits<Floats>(first_column + (first_row << 16)), bits<Floats>(last_column + (last_row << 16))};
  const Ints tile_number = first_row * view.columns + first_column;
  return compress(truths(seen), fields, tile_number, reached, splats, footprints);
}

// Count a Gaussian in the tiles that it reaches; behind the last tile there is room for one more row
// and two more tiles.
INLINE void count_tiles(
  const Footprint & footprint, const Splat & splat_, const View & view, TileRow * rows,
  std::uint32_t * counts)
{
  // Of most, in whichever of 2 x 2 tiles: without a branch, which would be guessed wrong often.
  constexpr std::uint32_t SQUARE = 1 | 1 << 1 | 1 << FOOTPRINT | 1 << (FOOTPRINT + 1);
  const std::uint32_t bits = footprint.tiles;
  if (bits != 0 && !(bits & ~SQUARE)) {
    std::uint32_t * const above = counts + footprint.tile;
    std::uint32_t * const below = above + view.columns;
    above[0] += bits & 1;
    above[1] += bits >> 1 & 1;
    below[0] += bits >> FOOTPRINT & 1;
    below[1] += bits >> (FOOTPRINT + 1) & 1;
  } else {
    for_each_tile(footprint, splat_, view, rows, [&](std::uint32_t tile) {++counts[tile];});
  }
}

// Project a part's Gaussians, and count how many of them each tile has.
INLINE void project_part(const Scene & scene, const View & view, const Frame & frame, int part)
{
  TileRow rows[MOST_TILE_ROWS];
  const std::int64_t room = tile_counts_room(view);
  std::uint32_t * const counts = frame.tile_counts + part * room;
  __builtin_memset(counts, 0, room * sizeof(*counts));
  const Range chunks = chunks_of(part, frame.parts, scene.chunks);
  for (std::int64_t chunk = chunks.first; chunk < chunks.end; ++chunk) {
    frame.splat_counts[chunk] = 0;
    if (is_outside(scene.bounds[chunk], view)) {
      continue;
    }
    const float * const geometry = scene.geometry + chunk * FIELDS * CHUNK;
    Splat * const splats = frame.splats + chunk * CHUNK;
    Footprint * const footprints = frame.footprints + chunk * CHUNK;
    alignas(64) float depths[CHUNK];
    find_depths(geometry, view, depths);
    int count = 0;
    for (int i = 0; i < CHUNK; i += WIDTH) {
      const int more = project_vector(
        scene, view, geometry + i, chunk * CHUNK + i, load(depths + i), splats + count,
        footprints + count);
      for (int j = count; j < count + more; ++j) {
        count_tiles(footprints[j], splats[j], view, rows, counts);
      }
      count += more;
    }
    frame.splat_counts[chunk] = count;
  }
}

}  // namespace INSTRUCTION_SET
}  // namespace gaussians
