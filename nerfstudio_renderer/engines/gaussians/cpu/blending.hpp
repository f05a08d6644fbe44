// SPDX-License-Identifier: Apache-2.0
// The colours of a tile's pixels, from its Gaussians in the order of their depths.

#pragma once

#include <cstdint>

#include "ellipses.hpp"
#include "frame.hpp"
#include "scene.hpp"
#include "tiles.hpp"
#include "vectors.hpp"
#include "view.hpp"

namespace gaussians
{
namespace INSTRUCTION_SET
{

// A block is as many pixels as a vector has elements, 4 in a row.
constexpr int BLOCK_WIDTH = 4;
constexpr int BLOCK_HEIGHT = WIDTH / BLOCK_WIDTH;
constexpr int BLOCK_COLUMNS = TILE / BLOCK_WIDTH;
constexpr int BLOCK_ROWS = TILE / BLOCK_HEIGHT;
constexpr int BLOCKS = BLOCK_COLUMNS * BLOCK_ROWS;
// Gaussians that are read at a time; a multiple of 64.
constexpr int BATCH = 128;

constexpr float MOST_OPAQUE = 0.999f;
// The Gaussian that would leave no more than this of what is behind it is not drawn any more.
constexpr float LEAST_TRANSMITTANCE = 1e-4f;

// What a block's pixels have gathered.
struct Block
{
  Floats red, green, blue, depth;
  Floats transmittance;
  // The opacity, of base 2, from which on anything is drawn; infinite where nothing more is.
  Floats faintest;
  // Positions of the pixels' centres in the picture.
  Floats x, y;
  bool open;
};

// Gaussians of a tile, and which of its blocks each reaches.
struct Batch
{
  alignas(64) Splat splats[BATCH];
  // [block]: bit i belongs to splats[i].
  std::uint64_t hits[BLOCKS][BATCH / 64];
};

INLINE void begin_block(const View & view, int column, int row, Block & block)
{
  const Ints places = counting();
  block.red = block.green = block.blue = block.depth = Floats{};
  block.transmittance = splat(1.0f);
  block.x = to_floats((places & (BLOCK_WIDTH - 1)) + column) + 0.5f;
  block.y = to_floats((places >> 2) + row) + 0.5f;
  const Mask inside = both(
    below(block.x, splat(static_cast<float>(view.width))),
    below(block.y, splat(static_cast<float>(view.height))));
  block.faintest = where(inside, splat(LOG_FAINTEST), splat(__builtin_inff()));
  block.open = any(inside);
}

// The first eight fields of as many Splats as a vector has elements.
INLINE void load_ellipses(const Splat * splats, Floats (& fields)[8])
{
  const auto row = [&](int number) {return &splats[number].x;};
#if VECTOR_FLOATS == 16
  for (int i = 0; i < 8; ++i) {
    fields[i] = _mm512_insertf32x8(
      _mm512_castps256_ps512(_mm256_load_ps(row(i))), _mm256_load_ps(row(i + 8)), 1);
  }
  transpose(fields);
#elif VECTOR_FLOATS == 8
  for (int i = 0; i < 8; ++i) {
    fields[i] = load(row(i));
  }
  transpose(fields);
#else
  for (int i = 0; i < 4; ++i) {
    fields[i] = load(row(i));
    fields[i + 4] = load(row(i) + 4);
  }
  transpose(reinterpret_cast<Floats (&)[4]>(fields[0]));
  transpose(reinterpret_cast<Floats (&)[4]>(fields[4]));
#endif
}

// Find out which blocks the Gaussians reach that begin with number ``first`` of the batch.
INLINE void find_hits(Batch & batch, int first, const Block * blocks, float left, float top)
{
  Floats fields[8];
  load_ellipses(batch.splats + first, fields);
  const Floats reach = reach_of(fields[3]);
  const Ellipses ellipses{
    fields[0] - left, fields[1] - top, fields[2], fields[4], fields[5], fields[6], reach,
    root(reach)};
#pragma GCC unroll 1
  for (int row = 0; row < BLOCK_ROWS; ++row) {
    const Block * const row_blocks = blocks + row * BLOCK_COLUMNS;
    if (!(row_blocks[0].open | row_blocks[1].open | row_blocks[2].open | row_blocks[3].open)) {
      continue;
    }
    const float height = row * BLOCK_HEIGHT + 0.5f;
    const Span crossing = span(ellipses, splat(height), splat(height + (BLOCK_HEIGHT - 1)));
    if (!any(crossing.crossed)) {
      continue;
    }
    for (int column = 0; column < BLOCK_COLUMNS; ++column) {
      const float begin = column * BLOCK_WIDTH + 0.5f - SLACK;
      const float end = begin + (BLOCK_WIDTH - 1) + 2.0f * SLACK;
      const Mask hit = both(
        crossing.crossed,
        both(at_most(crossing.left, splat(end)), at_most(splat(begin), crossing.right)));
      batch.hits[row * BLOCK_COLUMNS + column][first / 64] |=
        static_cast<std::uint64_t>(truths(hit)) << (first % 64);
    }
  }
}

// Blend the Gaussians that reach a block over each other.
INLINE void blend_block(const Batch & batch, const std::uint64_t * hits, Block & block)
{
  // In registers, which a copy of the whole would not be.
  const Floats x = block.x;
  const Floats y = block.y;
  Floats red = block.red;
  Floats green = block.green;
  Floats blue = block.blue;
  Floats depth = block.depth;
  Floats transmittance = block.transmittance;
  Floats faintest = block.faintest;
  const Splat * splats = batch.splats;
  for (int word = 0; word < BATCH / 64 && block.open; ++word, splats += 64) {
    for (std::uint64_t left = hits[word]; left; left &= left - 1) {
      const Splat & s = splats[__builtin_ctzll(left)];
      const Floats d_x = x - s.x;
      const Floats d_y = y - s.y;
      const Floats v = d_y * s.v_y;
      const Floats u = d_x * s.u_x + d_y * s.u_y;
      const Floats log_opacity = (s.log_opacity - v * v) - u * u;
      const Mask drawn = at_most(faintest, log_opacity);
      const Floats opacity =
        only(drawn, smaller(power_of_two(log_opacity), splat(MOST_OPAQUE)));
      Floats next = transmittance - opacity * transmittance;
      const Mask finished = at_most(next, splat(LEAST_TRANSMITTANCE));
      if (__builtin_expect(any(finished), 0)) {
        next = where(finished, transmittance, next);
        faintest = where(finished, splat(__builtin_inff()), faintest);
        if (!any(below(faintest, Floats{}))) {
          // Nothing of this Gaussian is drawn in any pixel.
          block.open = false;
          break;
        }
      }
      const Floats weight = transmittance - next;
      transmittance = next;
      red += weight * s.red;
      green += weight * s.green;
      blue += weight * s.blue;
      depth += weight * s.depth;
    }
  }
  block.red = red;
  block.green = green;
  block.blue = blue;
  block.depth = depth;
  block.transmittance = transmittance;
  block.faintest = faintest;
}

// Write a block's pixels over the background.
INLINE void write_block(const Scene & scene, const View & view, const Block & block, float * picture)
{
  alignas(64) float values[CHANNELS][WIDTH];
  const Floats sums[3] = {block.red, block.green, block.blue};
  for (int c = 0; c < 3; ++c) {
    const Floats colour = sums[c] + block.transmittance * scene.background[c];
    store(values[c], bounded(colour, Floats{}, splat(1.0f)));
  }
  const Floats accumulation = 1.0f - block.transmittance;
  store(values[3], block.depth / larger(accumulation, splat(1e-10f)));
  store(values[4], accumulation);
  const int column = static_cast<int>(block.x[0]);
  const int row = static_cast<int>(block.y[0]);
  for (int i = 0; i < BLOCK_HEIGHT && row + i < view.height; ++i) {
    float * to = picture + (static_cast<std::int64_t>(row + i) * view.width + column) * CHANNELS;
    for (int j = 0; j < BLOCK_WIDTH && column + j < view.width; ++j) {
      for (int c = 0; c < CHANNELS; ++c) {
        *to++ = values[c][i * BLOCK_WIDTH + j];
      }
    }
  }
}

// What a batch is filled up with: it reaches no pixel.
INLINE void clear(Splat & splat_)
{
  __builtin_memset(&splat_, 0, sizeof(splat_));
  splat_.log_opacity = -__builtin_inff();
}

// Blend sorted entries over each other, as long as any block is open. Returns whether one is.
INLINE bool blend_run(
  const Frame & frame, const Entry * entries, std::int64_t count, float left, float top,
  Batch & batch, Block (& blocks)[BLOCKS])
{
  constexpr int AHEAD = 32;
  for (int i = 0; i < AHEAD && i < count; ++i) {
    __builtin_prefetch(frame.splats + static_cast<std::uint32_t>(entries[i]));
  }
  bool open = true;
  for (std::int64_t begin = 0; begin < count && open; begin += BATCH) {
    const int some = count - begin < BATCH ? static_cast<int>(count - begin) : BATCH;
    __builtin_memset(batch.hits, 0, sizeof(batch.hits));
    for (int first = 0; first < some; first += WIDTH) {
      for (int i = first; i < first + WIDTH; ++i) {
        if (i >= some) {
          clear(batch.splats[i]);
          continue;
        }
        if (begin + i + AHEAD < count) {
          __builtin_prefetch(frame.splats + static_cast<std::uint32_t>(entries[begin + i + AHEAD]));
        }
        batch.splats[i] = frame.splats[static_cast<std::uint32_t>(entries[begin + i])];
      }
      find_hits(batch, first, blocks, left, top);
    }
    open = false;
    for (int i = 0; i < BLOCKS; ++i) {
      if (blocks[i].open) {
        blend_block(batch, batch.hits[i], blocks[i]);
        open |= blocks[i].open;
      }
    }
  }
  return open;
}

// Render a tile from its entries in the order of their depths.
INLINE void blend_tile(
  const Scene & scene, const View & view, const Frame & frame, int tile, const Runs & runs)
{
  const int left = tile % view.columns * TILE;
  const int top = tile / view.columns * TILE;
  Block blocks[BLOCKS];
  for (int i = 0; i < BLOCKS; ++i) {
    begin_block(
      view, left + i % BLOCK_COLUMNS * BLOCK_WIDTH, top + i / BLOCK_COLUMNS * BLOCK_HEIGHT,
      blocks[i]);
  }
  Batch batch;
  const Entry * entries;
  std::int64_t count;
  bool open = true;
  while (open && runs.next(runs.order, &entries, &count)) {
    open = blend_run(
      frame, entries, count, static_cast<float>(left), static_cast<float>(top), batch, blocks);
  }
  for (int i = 0; i < BLOCKS; ++i) {
    write_block(scene, view, blocks[i], frame.picture);
  }
}

}  // namespace INSTRUCTION_SET
}  // namespace gaussians
