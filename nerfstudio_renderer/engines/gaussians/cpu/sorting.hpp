// SPDX-License-Identifier: Apache-2.0
// The Gaussians of a tile in the order of their depths.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "frame.hpp"
#include "scene.hpp"

namespace gaussians
{

inline std::uint32_t depth_of(Entry entry) {return static_cast<std::uint32_t>(entry >> 32);}
inline std::uint32_t splat_of(Entry entry) {return static_cast<std::uint32_t>(entry);}

// The most values that a digit has.
constexpr int MOST_DIGITS = 2048;
// Digits of a depth, if they are as short as they get.
constexpr int MOST_PASSES = 6;

// How depths are divided into digits.
struct Digits
{
  // Taken from all: what is left has fewer places.
  std::uint32_t smallest;
  int bits;     // of a digit
  int passes;   // digits
};

inline std::uint32_t digit(const Digits & digits, int pass, Entry entry)
{
  const std::uint32_t above = depth_of(entry) - digits.smallest;
  return above >> (pass * digits.bits) & ((1u << digits.bits) - 1);
}

// Long digits take few passes, but each pass costs as much as a digit has values.
inline Digits choose_digits(const Entry * entries, std::int64_t count)
{
  std::uint32_t nearest = ~std::uint32_t{0};
  std::uint32_t farthest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    nearest = std::min(nearest, depth_of(entries[i]));
    farthest = std::max(farthest, depth_of(entries[i]));
  }
  const int places = nearest == farthest ? 0 : 32 - __builtin_clz(farthest - nearest);
  const int longest = count < 128 ? 6 : count < 8192 ? 8 : 11;
  const int passes = (places + longest - 1) / longest;
  return {nearest, passes ? (places + passes - 1) / passes : 0, passes};
}

// Sort by depth alone, digit by digit, the last one first; ``other`` has as much room. Returns
// which of both has the result.
inline Entry * sort_digits(Entry * entries, Entry * other, std::int64_t count)
{
  const Digits digits = choose_digits(entries, count);
  std::uint32_t counts[MOST_PASSES][MOST_DIGITS];
  const std::uint32_t values = 1u << digits.bits;
  for (int pass = 0; pass < digits.passes; ++pass) {
    std::memset(counts[pass], 0, values * sizeof(**counts));
  }
  for (std::int64_t i = 0; i < count; ++i) {
    for (int pass = 0; pass < digits.passes; ++pass) {
      ++counts[pass][digit(digits, pass, entries[i])];
    }
  }
  for (int pass = 0; pass < digits.passes; ++pass) {
    std::uint32_t sum = 0;
    for (std::uint32_t value = 0; value < values; ++value) {
      sum += std::exchange(counts[pass][value], sum);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      other[counts[pass][digit(digits, pass, entries[i])]++] = entries[i];
    }
    std::swap(entries, other);
  }
  return entries;
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
  if (count > FEW) {
    entries = sort_digits(entries, other, count);
  } else {
    insert_in_order(entries, count);
  }
  settle_ties(scene, splats, entries, count);
  return entries;
}

}  // namespace gaussians
