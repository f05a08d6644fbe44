// SPDX-License-Identifier: Apache-2.0
// Means, covariances and opacities of Gaussians, in 64 bits.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gaussians
{

// Coefficients of one colour at degree 3.
constexpr int MOST_COEFFICIENTS = 16;

// A symmetric matrix or a lower triangle.
struct Triangle
{
  double xx, yx, yy, zx, zy, zz;
};

struct Gaussian
{
  double mean[3];
  Triangle covariance;
  double log_opacity;                            // of base 2
  float harmonics[MOST_COEFFICIENTS * 3];        // [coefficient][colour]
};

// :param quaternion: w, x, y, z, of any length.
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

// L L^T
inline Triangle square(const Triangle & l)
{
  return {
    l.xx * l.xx, l.xx * l.yx, l.yx * l.yx + l.yy * l.yy, l.xx * l.zx, l.yx * l.zx + l.yy * l.zy,
    l.zx * l.zx + l.zy * l.zy + l.zz * l.zz};
}

// No variance in any direction is larger (Gershgorin).
inline double variance_bound(const Triangle & c)
{
  const double yx = std::fabs(c.yx), zx = std::fabs(c.zx), zy = std::fabs(c.zy);
  return std::min(
    c.xx + c.yy + c.zz, std::max({c.xx + yx + zx, yx + c.yy + zy, zx + zy + c.zz}));
}

// The area of an ellipsoid's shadow, on average over the directions of light, up to a factor.
inline double shadow(const Triangle & c)
{
  const double minors =
    c.xx * c.yy - c.yx * c.yx + c.xx * c.zz - c.zx * c.zx + c.yy * c.zz - c.zy * c.zy;
  return std::sqrt(std::max(minors, 0.0));
}

// log2(sigmoid(logit))
inline double log_opacity(double logit)
{
  const double softplus =
    logit > 0.0 ? std::log1p(std::exp(-logit)) : std::log1p(std::exp(logit)) - logit;
  return -softplus / std::log(2.0);
}

}  // namespace gaussians
