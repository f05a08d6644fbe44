// SPDX-License-Identifier: Apache-2.0
// The Gaussians of a tile in the order of their depths.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "frame.hpp"
#include "scene.hpp"

namespace gaussians
{

inline std::uint32_t depth_of(Entry entry) {return static_cast<std::uint32_t>(entry >> 32);}
inline std::uint32_t splat_of(Entry entry) {return static_cast<std::uint32_t>(entry);}

// The most values that a digit has.
constexpr int MOST_DIGITS = 2048;

struct Digits
{
  int bits;     // of a digit
  int passes;   // digits of a depth
};

// Long digits have few passes, but each costs as much as there are values.
inline Digits choose_digits(int bits, std::int64_t count)
{
  const int longest = count < 256 ? 6 : count < 4096 ? 8 : 11;
  const int passes = (bits + longest - 1) / longest;
  return {passes ? (bits + passes - 1) / passes : 0, passes};
}

// Sort a few by insertion.
inline void insert_in_order(Entry * entries, std::int64_t count)
{
  for (std::int64_t i = 1; i < count; ++i) {
    const Entry entry = entries[i];
    std::int64_t j = i;
    for (; j > 0 && entries[j - 1] > entry; --j) {
      entries[j] = entries[j - 1];
    }
    entries[j] = entry;
  }
}

// Sort by depth alone, digit by digit, the last one first; ``other`` has as much room. Returns
// which of both has the result.
inline Entry * sort_digits(Entry * entries, Entry * other, std::int64_t count)
{
  std::uint32_t nearest = ~std::uint32_t{0};
  std::uint32_t farthest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    nearest = std::min(nearest, depth_of(entries[i]));
    farthest = std::max(farthest, depth_of(entries[i]));
  }
  if (nearest == farthest) {
    return entries;
  }
  const Digits digits = choose_digits(32 - __builtin_clz(farthest - nearest), count);
  const std::uint32_t mask = (1u << digits.bits) - 1;
  std::uint32_t counts[MOST_DIGITS];
  for (int pass = 0; pass < digits.passes; ++pass) {
    const int shift = pass * digits.bits;
    std::memset(counts, 0, (mask + 1) * sizeof(*counts));
    for (std::int64_t i = 0; i < count; ++i) {
      ++counts[(depth_of(entries[i]) - nearest) >> shift & mask];
    }
    std::uint32_t sum = 0;
    for (std::uint32_t digit = 0; digit <= mask; ++digit) {
      sum += std::exchange(counts[digit], sum);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      other[counts[(depth_of(entries[i]) - nearest) >> shift & mask]++] = entries[i];
    }
    std::swap(entries, other);
  }
  return entries;
}

// Of equal depths, the one that comes first in the file is in front.
inline void settle_ties(const Scene & scene, const Splat * splats, Entry * entries, std::int64_t count)
{
  for (std::int64_t i = 1; i < count; ++i) {
    if (depth_of(entries[i]) != depth_of(entries[i - 1])) {
      continue;
    }
    std::int64_t end = i + 1;
    while (end < count && depth_of(entries[end]) == depth_of(entries[i])) {
      ++end;
    }
    const auto place = [&](Entry entry) {return scene.order[splats[splat_of(entry)].position];};
    std::sort(
      entries + i - 1, entries + end, [&](Entry a, Entry b) {return place(a) < place(b);});
    i = end;
  }
}

// Sort a tile's entries, nearest first; ``other`` has as much room. Returns which of both has the
// result.
inline Entry * sort_tile(
  const Scene & scene, const Splat * splats, Entry * entries, Entry * other, std::int64_t count)
{
  constexpr int FEW = 24;
  if (count <= FEW) {
    insert_in_order(entries, count);
  } else {
    entries = sort_digits(entries, other, count);
  }
  settle_ties(scene, splats, entries, count);
  return entries;
}

}  // namespace gaussians
