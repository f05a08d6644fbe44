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

struct Depths
{
  std::uint32_t nearest, farthest;
};

inline Depths depths_of(const Entry * entries, std::int64_t count)
{
  Depths depths{~std::uint32_t{0}, 0};
  for (std::int64_t i = 0; i < count; ++i) {
    depths.nearest = std::min(depths.nearest, depth_of(entries[i]));
    depths.farthest = std::max(depths.farthest, depth_of(entries[i]));
  }
  return depths;
}

// Long digits take few passes, but each pass costs as much as a digit has values.
inline Digits choose_digits(const Entry * entries, std::int64_t count)
{
  const auto [nearest, farthest] = depths_of(entries, count);
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

// A tile's entries in their order, nearest first, some at a time: behind what is opaque, none are
// asked for, and those that are not are not sorted.
class TileOrder
{
public:
  // :param other: has as much room as ``entries``; both are used up.
  TileOrder(
    const Scene & scene, const Splat * splats, Entry * entries, Entry * other, std::int64_t count)
  : scene_(scene), splats_(splats), entries_(entries), other_(other), count_(count)
  {
    if (count > WHOLE) {
      partition();
    }
  }

  // Get the next ones. Returns false if there are none left.
  bool next(const Entry ** run, std::int64_t * count)
  {
    if (begin_ == count_) {
      return false;
    }
    std::int64_t end = count_;
    if (buckets_) {
      for (; end_bucket_ < buckets_ && ends_[end_bucket_] - begin_ < least_; ++end_bucket_) {}
      least_ *= 2;
      end = end_bucket_ < buckets_ ? ends_[end_bucket_++] : count_;
    }
    *run = sort(begin_, end);
    *count = end - begin_;
    begin_ = end;
    return true;
  }

private:
  // So many are sorted at once; else a run has at least FIRST, and the next ones twice as many.
  static constexpr std::int64_t WHOLE = 512;
  static constexpr std::int64_t FIRST = 192;
  static constexpr int MOST_BUCKETS = 256;

  // Put those first whose depths begin with the smallest digit, and so on.
  void partition()
  {
    const auto [nearest, farthest] = depths_of(entries_, count_);
    const int places = nearest == farthest ? 0 : 32 - __builtin_clz(farthest - nearest);
    const int shift = std::max(places - 8, 0);
    const auto bucket = [&, smallest = nearest](Entry entry) {
        return (depth_of(entry) - smallest) >> shift;
      };
    std::memset(ends_, 0, sizeof(ends_));
    for (std::int64_t i = 0; i < count_; ++i) {
      ++ends_[bucket(entries_[i])];
    }
    std::uint32_t sum = 0;
    for (std::uint32_t & end : ends_) {
      sum += std::exchange(end, sum);
    }
    for (std::int64_t i = 0; i < count_; ++i) {
      other_[ends_[bucket(entries_[i])]++] = entries_[i];
    }
    std::swap(entries_, other_);
    buckets_ = MOST_BUCKETS;
  }

  const Entry * sort(std::int64_t begin, std::int64_t end)
  {
    constexpr int FEW = 24;
    const std::int64_t count = end - begin;
    Entry * entries = entries_ + begin;
    if (count > FEW) {
      entries = sort_digits(entries, other_ + begin, count);
    } else {
      insert_in_order(entries, count);
    }
    settle_ties(scene_, splats_, entries, count);
    return entries;
  }

  const Scene & scene_;
  const Splat * splats_;
  Entry * entries_;
  Entry * other_;
  std::int64_t count_;
  std::int64_t begin_ = 0;
  std::int64_t least_ = FIRST;
  // Where each bucket's entries end; of those before end_bucket_, all have been got.
  std::uint32_t ends_[MOST_BUCKETS];
  int buckets_ = 0;
  int end_bucket_ = 0;
};

}  // namespace gaussians
