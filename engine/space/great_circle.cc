// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numbers>

#include "nearline/places.h"

namespace nearline {

namespace {

constexpr double kDegree = std::numbers::pi / 180;

/// 0 at the poles, whose places are one.
double cosine_of(double latitude) noexcept {
  return std::fabs(latitude) == 90 ? 0 : std::cos(latitude * kDegree);
}

}  // namespace

double great_circle_metres(const Place& a, const Place& b) noexcept {
  const double sin_a = std::sin(a.lat * kDegree), cos_a = cosine_of(a.lat);
  const double sin_b = std::sin(b.lat * kDegree), cos_b = cosine_of(b.lat);
  const double half = std::sin((b.lon - a.lon) * kDegree / 2);
  const double sin_l = std::sin((b.lon - a.lon) * kDegree);
  // sin(b - a) + sin_a cos_b (1 - cos_l), which does not lose the digits of near places.
  const double along = std::sin((b.lat - a.lat) * kDegree) + 2 * sin_a * cos_b * half * half;
  const double across = cos_b * sin_l;
  const double cosine = sin_a * sin_b + cos_a * cos_b * (1 - 2 * half * half);
  return kEarthRadiusMetres * std::atan2(std::hypot(along, across), cosine);
}

}  // namespace nearline
