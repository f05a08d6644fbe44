// SPDX-License-Identifier: Apache-2.0
// Gaussians in the order and form in which the kernels read them.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "buffer.hpp"
#include "scene.hpp"

namespace gaussians
{

// Gaussians as they are loaded: arrays of rows.
struct Source
{
  std::int64_t count;
  std::int32_t coefficients;
  const float * means;         // (count, 3)
  const float * quaternions;   // (count, 4): w, x, y, z, of any length
  const float * log_scales;    // (count, 3)
  const float * opacities;     // (count,): logits
  const float * harmonics;     // (count, coefficients, 3)
};

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

// A symmetric matrix or a lower triangle: xx, yx, yy, zx, zy, zz.
struct Triangle
{
  double xx, yx, yy, zx, zy, zz;
};

// The covariance of a Gaussian.
inline Triangle covariance(const float * quaternion, const float * log_scales)
{
  double w = quaternion[0], x = quaternion[1], y = quaternion[2], z = quaternion[3];
  const double length = std::sqrt(w * w + x * x + y * y + z * z);
  const double inverse = length > 0.0 ? 1.0 / length : 0.0;
  w *= inverse, x *= inverse, y *= inverse, z *= inverse;
  const double rotation[3][3] = {
    {1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)},
    {2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)},
    {2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)}};
  double variances[3];
  for (int i = 0; i < 3; ++i) {
    variances[i] = std::exp(2.0 * log_scales[i]);
  }
  const auto element = [&](int i, int j) {
      double sum = 0.0;
      for (int k = 0; k < 3; ++k) {
        sum += rotation[i][k] * variances[k] * rotation[j][k];
      }
      return sum;
    };
  return {element(0, 0), element(1, 0), element(1, 1), element(2, 0), element(2, 1), element(2, 2)};
}

// The lower triangle L for which L L^T is a covariance, also of one without volume.
inline Triangle factorize(const Triangle & c)
{
  const auto divided = [](double value, double by) {return by > 0.0 ? value / by : 0.0;};
  Triangle l{};
  l.xx = std::sqrt(std::max(c.xx, 0.0));
  l.yx = divided(c.yx, l.xx);
  l.zx = divided(c.zx, l.xx);
  l.yy = std::sqrt(std::max(c.yy - l.yx * l.yx, 0.0));
  l.zy = divided(c.zy - l.zx * l.yx, l.yy);
  l.zz = std::sqrt(std::max(c.zz - l.zx * l.zx - l.zy * l.zy, 0.0));
  return l;
}

// log2(sigmoid(logit))
inline double log_opacity(double logit)
{
  const double softplus =
    logit > 0.0 ? std::log1p(std::exp(-logit)) : std::log1p(std::exp(logit)) - logit;
  return -softplus / std::log(2.0);
}

// Owns what a Scene points to.
class PackedScene
{
public:
  PackedScene(const Source & source, bool antialiased, const float (& background)[3])
  : PackedScene(source.count, source.coefficients, antialiased, background)
  {
    order_ = morton_order(source.means, source.count);
    scene_.order = order_.data();
    for (std::int64_t i = 0; i < source.count; ++i) {
      const std::int64_t from = order_[i];
      put_geometry(
        i, source.means + from * 3,
        factorize(covariance(source.quaternions + from * 4, source.log_scales + from * 3)),
        log_opacity(source.opacities[from]));
      put_colour(i, source.harmonics + from * source.coefficients * 3);
      widen_bounds(i, source.means + from * 3, source.log_scales + from * 3);
    }
    finish_bounds();
  }

  const Scene & scene() const {return scene_;}

private:
  PackedScene(
    std::int64_t count, std::int32_t coefficients, bool antialiased, const float (& background)[3])
  : scene_{}, low_high_((count + CHUNK - 1) / CHUNK * 6)
  {
    scene_.count = count;
    scene_.chunks = static_cast<std::int32_t>((count + CHUNK - 1) / CHUNK);
    scene_.coefficients = coefficients;
    scene_.antialiased = antialiased;
    std::copy(background, background + 3, scene_.background);
    const std::size_t room = static_cast<std::size_t>(scene_.chunks) * CHUNK;
    geometry_ = zeros<float>(room * FIELDS);
    bounds_ = zeros<Bounds>(scene_.chunks);
    base_ = zeros<float>(room * 3);
    factor_ = zeros<float>(room);
    detail_ = zeros<std::int16_t>(room * (coefficients - 1) * 3);
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

  float & field(std::int64_t i, int number)
  {
    return geometry_[(i / CHUNK * FIELDS + number) * CHUNK + i % CHUNK];
  }

  void put_geometry(std::int64_t i, const float * mean, const Triangle & factor, double opacity)
  {
    for (int axis = 0; axis < 3; ++axis) {
      field(i, MEAN_X + axis) = mean[axis];
    }
    field(i, FACTOR_XX) = static_cast<float>(factor.xx);
    field(i, FACTOR_YX) = static_cast<float>(factor.yx);
    field(i, FACTOR_YY) = static_cast<float>(factor.yy);
    field(i, FACTOR_ZX) = static_cast<float>(factor.zx);
    field(i, FACTOR_ZY) = static_cast<float>(factor.zy);
    field(i, FACTOR_ZZ) = static_cast<float>(factor.zz);
    field(i, LOG_OPACITY) = static_cast<float>(opacity);
  }

  void put_colour(std::int64_t i, const float * harmonics)
  {
    constexpr double DEGREE_0 = 0.28209479177387814;
    const std::int64_t group = i / GROUP;
    const std::int64_t place = i % GROUP;
    for (int c = 0; c < 3; ++c) {
      base_[(group * 3 + c) * GROUP + place] =
        static_cast<float>(DEGREE_0 * harmonics[c] + 0.5);
    }
    const int details = (scene_.coefficients - 1) * 3;
    float largest = 0.0f;
    for (int k = 0; k < details; ++k) {
      largest = std::max(largest, std::fabs(harmonics[3 + k]));
    }
    constexpr float STEPS = 32767.0f;
    factor_[i] = largest / STEPS;
    for (int k = 0; k < details; ++k) {
      const float steps = largest > 0.0f ? harmonics[3 + k] / largest * STEPS : 0.0f;
      detail_[(group * details + k) * GROUP + place] =
        static_cast<std::int16_t>(std::lrint(steps));
    }
  }

  void widen_bounds(std::int64_t i, const float * mean, const float * log_scales)
  {
    float * const bounds = &low_high_[i / CHUNK * 6];
    const bool first = i % CHUNK == 0;
    for (int axis = 0; axis < 3; ++axis) {
      bounds[axis] = first ? mean[axis] : std::min(bounds[axis], mean[axis]);
      bounds[3 + axis] = first ? mean[axis] : std::max(bounds[3 + axis], mean[axis]);
    }
    float & deviation = bounds_[i / CHUNK].deviation;
    for (int axis = 0; axis < 3; ++axis) {
      deviation = std::max(deviation, std::exp(log_scales[axis]));
    }
  }

  void finish_bounds()
  {
    for (std::int32_t chunk = 0; chunk < scene_.chunks; ++chunk) {
      for (int axis = 0; axis < 3; ++axis) {
        const float low = low_high_[chunk * 6 + axis];
        const float high = low_high_[chunk * 6 + 3 + axis];
        bounds_[chunk].centre[axis] = 0.5f * low + 0.5f * high;
        bounds_[chunk].half_size[axis] = (0.5f * high - 0.5f * low) * 1.0001f;
      }
    }
    low_high_ = {};
  }

  Scene scene_;
  std::vector<std::uint32_t> order_;
  Buffer<float> geometry_;
  Buffer<Bounds> bounds_;
  Buffer<float> base_;
  Buffer<float> factor_;
  Buffer<std::int16_t> detail_;
  std::vector<float> low_high_;
};

}  // namespace gaussians
