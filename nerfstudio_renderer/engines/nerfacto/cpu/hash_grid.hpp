// SPDX-License-Identifier: Apache-2.0
// The hash encoding of a packet of positions.

#pragma once

#include "model.hpp"
#include "pairs.hpp"
#include "vectors.hpp"

namespace nerfacto
{
namespace INSTRUCTION_SET
{

// Of a cell's edges along x: bits 0 and 1 tell whether it is an upper one in y and z.
constexpr int EDGES = 4;

// In the unit cube.
struct Positions
{
  Lanes x, y, z;
};

// The grid cells around a packet's positions.
struct Cells
{
  // Of each edge's two corners; where corners have entries of their own, the second follows the
  // first and is not noted.
  alignas(ALIGNMENT) std::uint32_t entry[EDGES][2][LANES];
  // Where in its cell each position is, 0..1.
  Lanes x, y, z;
};

INLINE void store(Words words, std::uint32_t * to) {*reinterpret_cast<Words *>(to) = words;}

// Entries of a level whose corners share them, by the spatial hash of Mueller et al. 2022
// (Instant-NGP, section 3); its prime for x is 1.
INLINE void find_shared(Words x, Words y, Words z, std::uint32_t mask, int p, Cells & out)
{
  constexpr std::uint32_t PRIME_Y = 2654435761u;
  constexpr std::uint32_t PRIME_Z = 805459861u;
  const Words low_y = y * PRIME_Y, low_z = z * PRIME_Z;
  const Words xs[2] = {x & mask, (x + 1) & mask};
  const Words ys[2] = {low_y & mask, (low_y + PRIME_Y) & mask};
  const Words zs[2] = {low_z & mask, (low_z + PRIME_Z) & mask};
  for (int edge = 0; edge < EDGES; ++edge) {
    const Words hash = ys[edge & 1] ^ zs[edge >> 1];
    store(xs[0] ^ hash, out.entry[edge][0] + p * WIDTH);
    store(xs[1] ^ hash, out.entry[edge][1] + p * WIDTH);
  }
}

// Entries of a level whose corners have their own, row by row.
INLINE void find_own(Words x, Words y, Words z, std::uint32_t side, int p, Cells & out)
{
  const Words first = x + (y + z * side) * side;
  store(first, out.entry[0][0] + p * WIDTH);
  store(first + side, out.entry[1][0] + p * WIDTH);
  store(first + side * side, out.entry[2][0] + p * WIDTH);
  store(first + side * (side + 1), out.entry[3][0] + p * WIDTH);
}

INLINE void find_cells(const GridLevel & level, const Positions & positions, Cells & out)
{
  for (int p = 0; p < PARTS; ++p) {
    const Floats x = positions.x.part[p] * level.scaling;
    const Floats y = positions.y.part[p] * level.scaling;
    const Floats z = positions.z.part[p] * level.scaling;
    // Positions are not negative, so that cutting off is rounding down.
    const Ints x0 = __builtin_convertvector(x, Ints);
    const Ints y0 = __builtin_convertvector(y, Ints);
    const Ints z0 = __builtin_convertvector(z, Ints);
    out.x.part[p] = x - __builtin_convertvector(x0, Floats);
    out.y.part[p] = y - __builtin_convertvector(y0, Floats);
    out.z.part[p] = z - __builtin_convertvector(z0, Floats);
    const Words xw = bits<Words>(x0), yw = bits<Words>(y0), zw = bits<Words>(z0);
    if (level.side) {
      find_own(xw, yw, zw, level.side, p, out);
    } else {
      find_shared(xw, yw, zw, static_cast<std::uint32_t>(level.entries - 1), p, out);
    }
  }
}

INLINE Floats between(Floats low, Floats high, Floats t) {return low + t * (high - low);}

// Along an edge, for half of a part's lanes from ``lane`` on: the pair of features at ``x``.
template<bool SHARED>
INLINE Floats along_edge(const Pair * table, const Cells & cells, int edge, int lane, Floats x)
{
  const std::uint32_t * entry = cells.entry[edge][0] + lane;
  if (SHARED) {
    return between(
      pairs_at(table, entry, HalfTheElements{}),
      pairs_at(table, cells.entry[edge][1] + lane, HalfTheElements{}), x);
  }
  const Floats first = neighbours_at(table, entry);
  const Floats second = neighbours_at(table, entry + HALF / 2);
  return between(
    parted_pairs<0>(first, second, Elements{}), parted_pairs<1>(first, second, Elements{}), x);
}

// The trilinear blend of a cell's corners, for half of a part's lanes from ``lane`` on.
template<bool SHARED>
INLINE Floats blend(
  const Pair * table, const Cells & cells, int lane, Floats x, Floats y, Floats z)
{
  Floats edges[EDGES];
  for (int edge = 0; edge < EDGES; ++edge) {
    edges[edge] = along_edge<SHARED>(table, cells, edge, lane, x);
  }
  return between(between(edges[0], edges[1], y), between(edges[2], edges[3], y), z);
}

// Interpolate the two features of a pair.
template<bool SHARED>
INLINE void interpolate(const Pair * table, const Cells & cells, Lanes * out)
{
  for (int p = 0; p < PARTS; ++p) {
    const Floats x = cells.x.part[p], y = cells.y.part[p], z = cells.z.part[p];
    const Floats low = blend<SHARED>(
      table, cells, p * WIDTH, doubled_low(x), doubled_low(y), doubled_low(z));
    const Floats high = blend<SHARED>(
      table, cells, p * WIDTH + HALF, doubled_high(x), doubled_high(y), doubled_high(z));
    out[0].part[p] = firsts(low, high);
    out[1].part[p] = seconds(low, high);
  }
}

// out[(level * pairs + pair) * 2 + feature]
inline void encode(const HashGrid & grid, const Positions & positions, Lanes * out)
{
  Cells cells;
  for (int i = 0; i < grid.level_count; ++i) {
    const GridLevel & level = grid.levels[i];
    find_cells(level, positions, cells);
    const Pair * table = reinterpret_cast<const Pair *>(level.tables);
    for (int pair = 0; pair < grid.pairs; ++pair) {
      if (level.side) {
        interpolate<false>(table, cells, out);
      } else {
        interpolate<true>(table, cells, out);
      }
      table += level.entries;
      out += 2;
    }
  }
}

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
