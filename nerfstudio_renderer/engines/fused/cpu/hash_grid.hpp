// Copyright 2026 The nerfstudio_renderer_ros Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     http://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// The hash encoding of a packet of positions.

#pragma once

#include <utility>

#include "model.hpp"
#include "vectors.hpp"

namespace nerfacto
{
namespace INSTRUCTION_SET
{

constexpr int CORNERS = 8;

// In the unit cube.
struct Positions
{
  Lanes x, y, z;
};

// The grid cells around a packet's positions.
struct Cells
{
  // Bits 0, 1, 2 of a corner's number tell whether it is the upper one in x, y, z.
  alignas(ALIGNMENT) std::uint32_t entry[CORNERS][LANES];
  // Where in its cell each position is, 0..1.
  Lanes x, y, z;
};

INLINE void find_cells(const Positions & positions, float scaling, std::uint32_t mask, Cells & out)
{
  // The spatial hash of Mueller et al. 2022 (Instant-NGP, section 3): its prime for x is 1.
  constexpr std::uint32_t PRIME_Y = 2654435761u;
  constexpr std::uint32_t PRIME_Z = 805459861u;
  for (int p = 0; p < PARTS; ++p) {
    const Floats x = positions.x.part[p] * scaling;
    const Floats y = positions.y.part[p] * scaling;
    const Floats z = positions.z.part[p] * scaling;
    // Positions are not negative, so that cutting off is rounding down.
    const Ints x0 = __builtin_convertvector(x, Ints);
    const Ints y0 = __builtin_convertvector(y, Ints);
    const Ints z0 = __builtin_convertvector(z, Ints);
    out.x.part[p] = x - __builtin_convertvector(x0, Floats);
    out.y.part[p] = y - __builtin_convertvector(y0, Floats);
    out.z.part[p] = z - __builtin_convertvector(z0, Floats);
    const Words low_x = bits<Words>(x0);
    const Words low_y = bits<Words>(y0) * PRIME_Y;
    const Words low_z = bits<Words>(z0) * PRIME_Z;
    const Words xs[2] = {low_x & mask, (low_x + 1) & mask};
    const Words ys[2] = {low_y & mask, (low_y + PRIME_Y) & mask};
    const Words zs[2] = {low_z & mask, (low_z + PRIME_Z) & mask};
    for (int corner = 0; corner < CORNERS; ++corner) {
      *reinterpret_cast<Words *>(out.entry[corner] + p * WIDTH) =
        xs[corner & 1] ^ ys[corner >> 1 & 1] ^ zs[corner >> 2];
    }
  }
}

// Both features of an entry each, for half of a vector's lanes. Single loads, put together in
// registers: faster than the gather instructions of x86, and the same code for all processors.
template<int... LANE>
INLINE Floats look_up(
  const Pair * table, const std::uint32_t * entries, std::integer_sequence<int, LANE...>)
{
  return bits<Floats>(Pairs{table[entries[LANE]]...});
}

INLINE Floats between(Floats low, Floats high, Floats t) {return low + t * (high - low);}

// The trilinear blend of the corners for half of a vector's lanes; both features alternate, so
// each coordinate comes twice.
INLINE Floats blend(
  const Pair * table, const std::uint32_t * entries, Floats x, Floats y, Floats z)
{
  Floats corner[CORNERS];
  for (int i = 0; i < CORNERS; ++i) {
    corner[i] = look_up(table, entries + i * LANES, HalfTheElements{});
  }
  const Floats low = between(
    between(corner[0], corner[1], x), between(corner[2], corner[3], x), y);
  const Floats high = between(
    between(corner[4], corner[5], x), between(corner[6], corner[7], x), y);
  return between(low, high, z);
}

// Interpolate the two features of a pair.
INLINE void interpolate(const Pair * table, const Cells & cells, Lanes * out)
{
  for (int p = 0; p < PARTS; ++p) {
    const Floats x = cells.x.part[p], y = cells.y.part[p], z = cells.z.part[p];
    const std::uint32_t * entries = cells.entry[0] + p * WIDTH;
    const Floats low = blend(table, entries, twice_low(x), twice_low(y), twice_low(z));
    const Floats high = blend(
      table, entries + WIDTH / 2, twice_high(x), twice_high(y), twice_high(z));
    out[0].part[p] = evens(low, high);
    out[1].part[p] = odds(low, high);
  }
}

// out[(level * pairs + pair) * 2 + feature]
inline void encode(const HashGrid & grid, const Positions & positions, Lanes * out)
{
  const Pair * table = reinterpret_cast<const Pair *>(grid.tables);
  Cells cells;
  for (int level = 0; level < grid.levels; ++level) {
    find_cells(positions, grid.scalings[level], grid.mask, cells);
    for (int pair = 0; pair < grid.pairs; ++pair) {
      interpolate(table, cells, out);
      table += std::size_t{grid.mask} + 1;
      out += 2;
    }
  }
}

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
