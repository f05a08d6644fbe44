// SPDX-License-Identifier: Apache-2.0
// Fewer Gaussians that look like many: each has the moments of those in one cell of a k-d tree.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "moments.hpp"
#include "packed_scene.hpp"
#include "passes.hpp"
#include "native/thread_pool.hpp"

namespace gaussians
{

struct Point
{
  float position[3];
  std::uint32_t index;
};

// Points from first to before the end.
struct Cell
{
  std::int64_t first, end;
};

// Divides points into cells of the same size by planes across the longest edge.
class Division
{
public:
  // :param size: points of a cell; the last one may have fewer.
  Division(Point * points, std::int64_t size)
  : points_(points), size_(size) {}

  // Divide until no cell has more than ``most`` points, and call ``use`` with each.
  template<typename Use>
  void divide(Cell cell, std::int64_t most, const Use & use) const
  {
    if (cell.end - cell.first <= most) {
      use(cell);
      return;
    }
    const std::int64_t middle = split(cell);
    divide({cell.first, middle}, most, use);
    divide({middle, cell.end}, most, use);
  }

private:
  // Whole cells go to both sides.
  std::int64_t split(const Cell & cell) const
  {
    const std::int64_t cells = (cell.end - cell.first + size_ - 1) / size_;
    const std::int64_t middle = cell.first + cells / 2 * size_;
    const int axis = longest_edge(cell);
    std::nth_element(
      points_ + cell.first, points_ + middle, points_ + cell.end,
      [axis](const Point & a, const Point & b) {
        return a.position[axis] < b.position[axis];
      });
    return middle;
  }

  int longest_edge(const Cell & cell) const
  {
    float size[3];
    for (int axis = 0; axis < 3; ++axis) {
      float low = points_[cell.first].position[axis];
      float high = low;
      for (std::int64_t i = cell.first; i < cell.end; ++i) {
        low = std::min(low, points_[i].position[axis]);
        high = std::max(high, points_[i].position[axis]);
      }
      size[axis] = high - low;
    }
    return static_cast<int>(std::max_element(size, size + 3) - size);
  }

  Point * points_;
  std::int64_t size_;
};

// The Gaussian with the moments of some, which count by what they cover.
class Merger
{
public:
  explicit Merger(int harmonics)
  : harmonics_(harmonics) {}

  void add(const Gaussian & g)
  {
    const double weight = std::exp2(g.log_opacity) * shadow(g.covariance) + 1e-30;
    if (!std::isfinite(weight)) {
      return;  // of no size that numbers have; it is not seen either
    }
    const double * const m = g.mean;
    const Triangle & c = g.covariance;
    weight_ += weight;
    for (int axis = 0; axis < 3; ++axis) {
      mean_[axis] += weight * m[axis];
    }
    second_.xx += weight * (c.xx + m[0] * m[0]);
    second_.yx += weight * (c.yx + m[1] * m[0]);
    second_.yy += weight * (c.yy + m[1] * m[1]);
    second_.zx += weight * (c.zx + m[2] * m[0]);
    second_.zy += weight * (c.zy + m[2] * m[1]);
    second_.zz += weight * (c.zz + m[2] * m[2]);
    for (int k = 0; k < harmonics_; ++k) {
      colours_[k] += static_cast<float>(weight) * g.harmonics[k];
    }
  }

  void finish(Gaussian & g) const
  {
    if (weight_ == 0.0) {
      g = {};
      g.log_opacity = -std::numeric_limits<double>::infinity();
      return;
    }
    const double scale = 1.0 / weight_;
    double * const m = g.mean;
    for (int axis = 0; axis < 3; ++axis) {
      m[axis] = mean_[axis] * scale;
    }
    g.covariance = {
      second_.xx * scale - m[0] * m[0], second_.yx * scale - m[1] * m[0],
      second_.yy * scale - m[1] * m[1], second_.zx * scale - m[2] * m[0],
      second_.zy * scale - m[2] * m[1], second_.zz * scale - m[2] * m[2]};
    // As much is covered as before, as far as one Gaussian can.
    const double opacity = weight_ / std::max(shadow(g.covariance), 1e-30);
    g.log_opacity = std::log2(std::clamp(opacity, FAINTEST, MOST_OPAQUE));
    for (int k = 0; k < harmonics_; ++k) {
      g.harmonics[k] = colours_[k] * static_cast<float>(scale);
    }
  }

private:
  static constexpr double FAINTEST = 1e-3;
  static constexpr double MOST_OPAQUE = 0.995;

  int harmonics_;
  double weight_ = 0.0;
  double mean_[3]{};
  Triangle second_{};
  float colours_[MOST_COEFFICIENTS * 3]{};
};

// Merge the Gaussians of each cell into one.
// :param size: Gaussians of a cell.
inline std::shared_ptr<PackedScene> merge(const PackedScene & packed, int size, int threads)
{
  const std::int64_t count = packed.scene().count;
  const Appearance appearance = packed.appearance();
  std::vector<Point> points(count);
  const float * const geometry = packed.scene().geometry;
  for (std::int64_t i = 0; i < count; ++i) {
    const float * const chunk = geometry + i / CHUNK * FIELDS * CHUNK + i % CHUNK;
    points[i] = {
      {chunk[MEAN_X * CHUNK], chunk[MEAN_Y * CHUNK], chunk[MEAN_Z * CHUNK]},
      static_cast<std::uint32_t>(i)};
  }
  const Division division(points.data(), size);
  // Large cells first, which threads then divide and merge on their own.
  std::vector<Cell> large;
  if (count) {
    division.divide(
      {0, count}, std::max<std::int64_t>(size, count / (threads * 8)),
      [&](const Cell & cell) {large.push_back(cell);});
  }
  std::vector<Gaussian> merged((count + size - 1) / size);
  Stop stop;
  Pass pass;
  native::ThreadPool pool(threads - 1);
  pool.run(
    [&] {
      pass.run(
        static_cast<std::int32_t>(large.size()), stop, [&](std::int32_t piece) {
          Gaussian gaussian;
          division.divide(
            large[piece], size, [&](const Cell & cell) {
              Merger merger(appearance.coefficients * 3);
              for (std::int64_t i = cell.first; i < cell.end; ++i) {
                packed.get(points[i].index, gaussian);
                merger.add(gaussian);
              }
              merger.finish(merged[cell.first / size]);
            });
        });
    });
  stop.rethrow();
  std::vector<float> means(merged.size() * 3);
  for (std::size_t i = 0; i < merged.size(); ++i) {
    std::copy(merged[i].mean, merged[i].mean + 3, &means[i * 3]);
  }
  return std::make_shared<PackedScene>(
    means.data(), static_cast<std::int64_t>(merged.size()), appearance, threads,
    [&](std::uint32_t i, Gaussian & gaussian) {gaussian = merged[i];});
}

}  // namespace gaussians
