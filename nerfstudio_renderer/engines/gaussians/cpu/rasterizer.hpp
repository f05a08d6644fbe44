// SPDX-License-Identifier: Apache-2.0
// One picture from the first pass to the last, by as many threads as come.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "buffer.hpp"
#include "frame.hpp"
#include "instruction_sets.hpp"
#include "packed_scene.hpp"
#include "passes.hpp"
#include "sorting.hpp"
#include "native/thread_pool.hpp"
#include "view.hpp"

namespace gaussians
{

// Whether a picture is still wanted.
struct Cancelled
{
  std::function<bool()> ask = [] {return false;};
  // Whether only the thread that has called may ask.
  bool caller_asks = false;
};

// Renders one picture at a time.
class Rasterizer
{
public:
  // :param most_entries: Gaussians in tiles that are held at a time, if no single tile has more.
  Rasterizer(
    std::shared_ptr<const PackedScene> scene, const Kernels & kernels, int threads,
    std::uint64_t most_entries)
  : scene_(std::move(scene)), kernels_(kernels), most_entries_(most_entries), pool_(threads - 1),
    scratch_(threads)
  {
    const Scene & packed = scene_->scene();
    const std::size_t room = static_cast<std::size_t>(packed.chunks) * CHUNK;
    splats_ = Buffer<Splat>(room);
    footprints_ = Buffer<Footprint>(room);
    splat_counts_ = Buffer<std::int32_t>(packed.chunks);
    // Enough for an even share of the work: parts behind the camera take no time.
    parts_ = std::max(1, std::min(packed.chunks, threads * 8));
  }

  // :param picture: [height][width][CHANNELS], overwritten.
  // :param cancelled: asked between pieces of work.
  // :returns: whether the picture is finished, which it is unless cancelled.
  // :throws std::bad_alloc: if there is too little memory.
  bool render(const View & view, float * picture, const Cancelled & cancelled)
  {
    const std::int32_t tiles = view.columns * view.rows;
    tile_counts_.reserve(parts_ * tile_counts_room(view));
    tile_starts_.reserve(tiles + 1);
    band_count_ = 0;
    Frame frame{
      splats_.data(), footprints_.data(), splat_counts_.data(), tile_counts_.data(), parts_,
      nullptr, tile_starts_.data(), picture};
    const Scene & scene = scene_->scene();
    const std::thread::id caller = std::this_thread::get_id();
    Stop stop;
    Pass project, prepare;
    std::atomic<int> workers{0};
    const auto wanted = [&] {
        const bool may_ask = !cancelled.caller_asks || std::this_thread::get_id() == caller;
        if (may_ask && cancelled.ask()) {
          stop.request();
        }
        return !stop.requested();
      };
    pool_.run(
      [&] {
        Buffer<Entry> & scratch = scratch_[workers.fetch_add(1)];
        project.run(
          parts_, stop, [&](std::int32_t part) {
            if (wanted()) {
              kernels_.project(scene, view, frame, part);
            }
          });
        prepare.run(
          1, stop, [&](std::int32_t) {
            arrange(tiles, tile_counts_room(view));
            frame.entries = entries_.data();
          });
        for (int i = 0; i < band_count_; ++i) {
          Band & band = bands_[i];
          band.fill.run(
            parts_, stop, [&](std::int32_t part) {
              if (wanted()) {
                kernels_.fill(scene, view, frame, part, band.tiles);
              }
            });
          band.blend.run(
            band.tiles.end - band.tiles.first, stop, [&](std::int32_t tile) {
              if (wanted()) {
                blend(view, frame, band.tiles, band.tiles.first + tile, scratch.data());
              }
            });
        }
      });
    stop.rethrow();
    return !stop.requested();
  }

  const char * instruction_set() const {return kernels_.name;}

private:
  // Tiles whose entries are in memory at the same time: all of a picture, but for scenes that would
  // need more memory than there is.
  struct Band
  {
    Range tiles;
    Pass fill, blend;
  };

  void blend(
    const View & view, const Frame & frame, const Range & band, std::int32_t tile, Entry * scratch)
  {
    const std::uint64_t start = tile_starts_[tile] - tile_starts_[band.first];
    const std::int64_t count = tile_starts_[tile + 1] - tile_starts_[tile];
    TileOrder order(scene_->scene(), splats_.data(), frame.entries + start, scratch, count);
    const auto next = [](void * of, const Entry ** run, std::int64_t * entries) {
        return static_cast<TileOrder *>(of)->next(run, entries);
      };
    kernels_.blend(scene_->scene(), view, frame, tile, {&order, next});
  }

  // Give each tile a place for its entries, and each part of the scene the first of its places in
  // there; make room for them.
  void arrange(std::int32_t tiles, std::int64_t room)
  {
    // In 32 bits, which the compiler makes vectors of: no tile has more than the scene.
    next_.assign(tiles, 0);
    for (std::int32_t part = 0; part < parts_; ++part) {
      std::uint32_t * const counts = tile_counts_.data() + part * room;
      for (std::int32_t tile = 0; tile < tiles; ++tile) {
        const std::uint32_t before = next_[tile];
        next_[tile] = before + counts[tile];
        counts[tile] = before;
      }
    }
    std::uint64_t sum = 0;
    std::uint32_t most = 0;
    for (std::int32_t tile = 0; tile < tiles; ++tile) {
      tile_starts_[tile] = sum;
      sum += next_[tile];
      most = std::max(most, next_[tile]);
    }
    tile_starts_[tiles] = sum;
    entries_.reserve(divide(tiles));
    for (Buffer<Entry> & scratch : scratch_) {
      scratch.reserve(most);
    }
  }

  // Divide the picture into bands. Returns the most entries of any.
  std::uint64_t divide(std::int32_t tiles)
  {
    std::uint64_t most = 0;
    for (std::int32_t first = 0, end; first < tiles; first = end) {
      end = first + 1;
      while (end < tiles && tile_starts_[end + 1] - tile_starts_[first] <= most_entries_) {
        ++end;
      }
      if (band_count_ == static_cast<int>(bands_.size())) {
        bands_.emplace_back();
      }
      Band & band = bands_[band_count_++];
      band.tiles = {first, end};
      band.fill.reset();
      band.blend.reset();
      most = std::max(most, tile_starts_[end] - tile_starts_[first]);
    }
    return most;
  }

  std::shared_ptr<const PackedScene> scene_;
  Kernels kernels_;
  std::uint64_t most_entries_;
  int parts_;
  native::ThreadPool pool_;
  Buffer<Splat> splats_;
  Buffer<Footprint> footprints_;
  Buffer<std::int32_t> splat_counts_;
  Buffer<std::uint32_t> tile_counts_;
  Buffer<std::uint64_t> tile_starts_;
  std::vector<std::uint32_t> next_;
  Buffer<Entry> entries_;
  // Of each thread, for sorting a tile.
  std::vector<Buffer<Entry>> scratch_;
  // Kept from picture to picture; of this one, the first band_count_.
  std::deque<Band> bands_;
  int band_count_ = 0;
};

}  // namespace gaussians
