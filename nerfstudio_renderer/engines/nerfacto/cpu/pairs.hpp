// SPDX-License-Identifier: Apache-2.0
// Pairs of floats for half of a vector's lanes: loading, and changing over from and to lanes.
//
// The lanes of a half are in the order 0, n, 1, n + 1, ... with n half their number, in which two
// vectors of neighbouring pairs can be parted by one instruction each.

#pragma once

#include <cstdint>
#include <utility>

#include "vectors.hpp"

#if VECTOR_FLOATS != 4
#include <immintrin.h>
#endif

namespace nerfacto
{
namespace INSTRUCTION_SET
{

constexpr int HALF = WIDTH / 2;
using HalfTheElements = std::make_integer_sequence<int, HALF>;

// The lane of a half whose pair is at a place, and the place of a lane's pair.
constexpr int lane_at(int place) {return place % 2 * (HALF / 2) + place / 2;}
constexpr int place_of(int lane) {return lane % (HALF / 2) * 2 + lane / (HALF / 2);}

// A coordinate of each lane of a half, twice: once for each float of its pair.
template<int START, int... I>
INLINE Floats doubled(Floats x, std::integer_sequence<int, I...>)
{
  return SHUFFLE(x, x, (START + lane_at(I / 2))...);
}
INLINE Floats doubled_low(Floats x) {return doubled<0>(x, Elements{});}
INLINE Floats doubled_high(Floats x) {return doubled<HALF>(x, Elements{});}

// The first or second floats of both halves' pairs, by lane.
template<int WHICH, int... I>
INLINE Floats parted(Floats low, Floats high, std::integer_sequence<int, I...>)
{
  return SHUFFLE(low, high, (I / HALF * WIDTH + place_of(I % HALF) * 2 + WHICH)...);
}
INLINE Floats firsts(Floats low, Floats high) {return parted<0>(low, high, Elements{});}
INLINE Floats seconds(Floats low, Floats high) {return parted<1>(low, high, Elements{});}

// The table's pair at each lane's index. Single loads, put together in registers: faster than the
// gather instructions of x86, and the same code for all processors.
template<int... I>
INLINE Floats pairs_at(
  const Pair * table, const std::uint32_t * index, std::integer_sequence<int, I...>)
{
  return bits<Floats>(Pairs{table[index[lane_at(I)]]...});
}

// The table's pairs at four lanes' indices, or two, or one, and those that follow them.
INLINE Floats neighbours_at(const Pair * table, const std::uint32_t * index)
{
#if VECTOR_FLOATS == 4
  return *reinterpret_cast<const UnalignedFloats *>(table + index[0]);
#else
  const auto two = [&](const std::uint32_t * i) {
      return _mm256_insertf128_pd(
        _mm256_castpd128_pd256(_mm_loadu_pd(table + i[0])), _mm_loadu_pd(table + i[1]), 1);
    };
#if VECTOR_FLOATS == 8
  return bits<Floats>(two(index));
#else
  return bits<Floats>(_mm512_insertf64x4(_mm512_castpd256_pd512(two(index)), two(index + 2), 1));
#endif
#endif
}

// Of two vectors of neighbouring pairs, the first or second of each two.
template<int WHICH, int... I>
INLINE Floats parted_pairs(Floats a, Floats b, std::integer_sequence<int, I...>)
{
  // Floats I, two of which are a pair: pairs come from a and b in turn.
  return SHUFFLE(a, b, (I / 4 * 4 + I % 4 / 2 * WIDTH + WHICH * 2 + I % 2)...);
}

}  // namespace INSTRUCTION_SET
}  // namespace nerfacto
