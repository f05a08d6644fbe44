// SPDX-License-Identifier: Apache-2.0
// Gaussians in the order and form in which the kernels read them.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "buffer.hpp"
#include "moments.hpp"
#include "passes.hpp"
#include "scene.hpp"
#include "native/thread_pool.hpp"

namespace gaussians
{

// The places of a number's 21 bits, with two between each.
inline std::uint64_t spread(std::uint64_t bits)
{
  bits = (bits | bits << 32) & 0x001f00000000ffff;
  bits = (bits | bits << 16) & 0x001f0000ff0000ff;
  bits = (bits | bits << 8) & 0x100f00f00f00f00f;
  bits = (bits | bits << 4) & 0x10c30c30c30c30c3;
  return (bits | bits << 2) & 0x1249249249249249;
}

// The indices of points, (count, 3), along a Morton curve: neighbours are mostly near each other.
inline std::vector<std::uint32_t> morton_order(const float * points, std::int64_t count)
{
  float low[3], high[3];
  std::fill(low, low + 3, std::numeric_limits<float>::infinity());
  std::fill(high, high + 3, -std::numeric_limits<float>::infinity());
  for (std::int64_t i = 0; i < count; ++i) {
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], points[i * 3 + axis]);
      high[axis] = std::max(high[axis], points[i * 3 + axis]);
    }
  }
  constexpr double CELLS = (1 << 21) - 1;
  double size = 0.0;
  for (int axis = 0; axis < 3; ++axis) {
    size = std::max(size, static_cast<double>(high[axis]) - low[axis]);
  }
  const double scale = size > 0.0 ? CELLS / size : 0.0;
  struct Key
  {
    std::uint64_t code;
    std::uint32_t index;
  };
  std::vector<Key> keys(count);
  for (std::int64_t i = 0; i < count; ++i) {
    keys[i] = {0, static_cast<std::uint32_t>(i)};
    for (int axis = 0; axis < 3; ++axis) {
      const double cell = (static_cast<double>(points[i * 3 + axis]) - low[axis]) * scale;
      keys[i].code |= spread(static_cast<std::uint64_t>(std::clamp(cell, 0.0, CELLS))) << axis;
    }
  }
  std::sort(
    keys.begin(), keys.end(), [](const Key & a, const Key & b) {
      return a.code != b.code ? a.code < b.code : a.index < b.index;
    });
  std::vector<std::uint32_t> order(count);
  for (std::int64_t i = 0; i < count; ++i) {
    order[i] = keys[i].index;
  }
  return order;
}

// What all Gaussians of a scene have in common.
struct Appearance
{
  std::int32_t coefficients;
  bool antialiased;
  float background[3];
};

// Owns what a Scene points to.
class PackedScene
{
public:
  // :param means: (count, 3)
  // :param read: called by several threads with the number of a Gaussian and where to put it.
  template<typename Read>
  PackedScene(
    const float * means, std::int64_t count, const Appearance & appearance, int threads,
    const Read & read)
  : PackedScene(count, appearance)
  {
    order_ = morton_order(means, count);
    scene_.order = order_.data();
    constexpr std::int32_t SOME = 16;  // chunks
    Stop stop;
    Pass pass;
    native::ThreadPool pool(threads - 1);
    pool.run(
      [&] {
        pass.run(
          (scene_.chunks + SOME - 1) / SOME, stop, [&](std::int32_t piece) {
            const std::int32_t end = std::min((piece + 1) * SOME, scene_.chunks);
            for (std::int32_t chunk = piece * SOME; chunk < end; ++chunk) {
              put_chunk(chunk, read);
            }
          });
      });
    stop.rethrow();
  }

  const Scene & scene() const {return scene_;}

  Appearance appearance() const
  {
    return {
      scene_.coefficients, scene_.antialiased,
      {scene_.background[0], scene_.background[1], scene_.background[2]}};
  }

  // The Gaussian at a place of the scene, as it is drawn.
  void get(std::int64_t i, Gaussian & gaussian) const
  {
    for (int axis = 0; axis < 3; ++axis) {
      gaussian.mean[axis] = field(i, MEAN_X + axis);
    }
    gaussian.covariance = square(
      {field(i, FACTOR_XX), field(i, FACTOR_YX), field(i, FACTOR_YY), field(i, FACTOR_ZX),
        field(i, FACTOR_ZY), field(i, FACTOR_ZZ)});
    gaussian.log_opacity = field(i, LOG_OPACITY);
    for (int c = 0; c < 3; ++c) {
      gaussian.harmonics[c] = (base_[base_index(i, c)] - 0.5f) / DEGREE_0;
    }
    for (int k = 0; k < details(); ++k) {
      gaussian.harmonics[3 + k] = detail_[detail_index(i, k)] * factor_[i];
    }
  }

private:
  static constexpr float DEGREE_0 = 0.28209479177387814f;

  PackedScene(std::int64_t count, const Appearance & appearance)
  : scene_{}
  {
    scene_.count = count;
    scene_.chunks = static_cast<std::int32_t>((count + CHUNK - 1) / CHUNK);
    scene_.coefficients = appearance.coefficients;
    scene_.antialiased = appearance.antialiased;
    std::copy(appearance.background, appearance.background + 3, scene_.background);
    const std::size_t room = static_cast<std::size_t>(scene_.chunks) * CHUNK;
    geometry_ = zeros<float>(room * FIELDS);
    bounds_ = zeros<Bounds>(scene_.chunks);
    base_ = zeros<float>(room * 3);
    factor_ = zeros<float>(room);
    detail_ = zeros<std::int16_t>(room * details());
    for (std::size_t i = count; i < room; ++i) {
      field(i, LOG_OPACITY) = -std::numeric_limits<float>::infinity();
    }
    scene_.geometry = geometry_.data();
    scene_.bounds = bounds_.data();
    scene_.base = base_.data();
    scene_.factor = factor_.data();
    scene_.detail = detail_.data();
  }

  template<typename T>
  static Buffer<T> zeros(std::size_t count)
  {
    Buffer<T> buffer(count);
    std::fill(buffer.data(), buffer.data() + count, T{});
    return buffer;
  }

  int details() const {return (scene_.coefficients - 1) * 3;}

  static std::size_t field_index(std::int64_t i, int number)
  {
    return (i / CHUNK * FIELDS + number) * CHUNK + i % CHUNK;
  }
  float & field(std::int64_t i, int number) {return geometry_[field_index(i, number)];}
  float field(std::int64_t i, int number) const {return geometry_[field_index(i, number)];}

  static std::size_t base_index(std::int64_t i, int c)
  {
    return (i / GROUP * 3 + c) * GROUP + i % GROUP;
  }
  std::size_t detail_index(std::int64_t i, int k) const
  {
    return (i / GROUP * details() + k) * GROUP + i % GROUP;
  }

  template<typename Read>
  void put_chunk(std::int64_t chunk, const Read & read)
  {
    const std::int64_t first = chunk * CHUNK;
    const std::int64_t end = std::min(first + CHUNK, scene_.count);
    float low[3], high[3], largest_variance = 0.0f;
    Gaussian gaussian;
    for (std::int64_t i = first; i < end; ++i) {
      read(order_[i], gaussian);
      put_geometry(i, gaussian);
      put_colour(i, gaussian.harmonics);
      for (int axis = 0; axis < 3; ++axis) {
        const float mean = static_cast<float>(gaussian.mean[axis]);
        low[axis] = i == first ? mean : std::min(low[axis], mean);
        high[axis] = i == first ? mean : std::max(high[axis], mean);
      }
      largest_variance =
        std::max(largest_variance, static_cast<float>(variance_bound(gaussian.covariance)));
    }
    Bounds & bounds = bounds_[chunk];
    for (int axis = 0; axis < 3; ++axis) {
      bounds.centre[axis] = 0.5f * low[axis] + 0.5f * high[axis];
      bounds.half_size[axis] = (0.5f * high[axis] - 0.5f * low[axis]) * 1.0001f;
    }
    bounds.deviation = std::sqrt(largest_variance) * 1.0001f;
  }

  void put_geometry(std::int64_t i, const Gaussian & gaussian)
  {
    for (int axis = 0; axis < 3; ++axis) {
      field(i, MEAN_X + axis) = static_cast<float>(gaussian.mean[axis]);
    }
    const Triangle factor = factorize(gaussian.covariance);
    field(i, FACTOR_XX) = static_cast<float>(factor.xx);
    field(i, FACTOR_YX) = static_cast<float>(factor.yx);
    field(i, FACTOR_YY) = static_cast<float>(factor.yy);
    field(i, FACTOR_ZX) = static_cast<float>(factor.zx);
    field(i, FACTOR_ZY) = static_cast<float>(factor.zy);
    field(i, FACTOR_ZZ) = static_cast<float>(factor.zz);
    field(i, LOG_OPACITY) = static_cast<float>(gaussian.log_opacity);
  }

  void put_colour(std::int64_t i, const float * harmonics)
  {
    for (int c = 0; c < 3; ++c) {
      base_[base_index(i, c)] = DEGREE_0 * harmonics[c] + 0.5f;
    }
    float largest = 0.0f;
    for (int k = 0; k < details(); ++k) {
      largest = std::max(largest, std::fabs(harmonics[3 + k]));
    }
    constexpr float STEPS = 32767.0f;
    factor_[i] = largest / STEPS;
    for (int k = 0; k < details(); ++k) {
      const float steps = largest > 0.0f ? harmonics[3 + k] / largest * STEPS : 0.0f;
      detail_[detail_index(i, k)] = static_cast<std::int16_t>(std::lrint(steps));
    }
  }

  Scene scene_;
  std::vector<std::uint32_t> order_;
  Buffer<float> geometry_;
  Buffer<Bounds> bounds_;
  Buffer<float> base_;
  Buffer<float> factor_;
  Buffer<std::int16_t> detail_;
};

}  // namespace gaussians
