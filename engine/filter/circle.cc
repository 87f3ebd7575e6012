// SPDX-License-Identifier: Apache-2.0
#include "engine/filter/circle.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/filter/ranges.h"
#include "format/place_key.h"

namespace nearline::engine {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
/// What rounding of places and of this arithmetic may be off, in degrees, and more.
constexpr double kSlack = 1e-6;

/// In units from the least; degrees beyond the ends are taken to be there.
std::uint32_t units_of(double degrees, double least, std::uint32_t most) noexcept {
  const double units = std::floor((degrees - least) * format::kPlaceUnits);
  return static_cast<std::uint32_t>(std::clamp(units, 0.0, static_cast<double>(most)));
}

KeyRange rectangle(double south, double north, double west, double east) noexcept {
  using namespace format;  // NOLINT(google-build-using-namespace)
  return {place_key(units_of(south, -90, kMostLatitude), units_of(west, -180, kMostLongitude)),
          place_key(units_of(north, -90, kMostLatitude), units_of(east, -180, kMostLongitude))};
}

}  // namespace

bool Circle::holds(std::uint64_t key) const noexcept {
  const double far = great_circle_metres(centre, format::place_of(key));
  return rim ? far <= metres : far < metres;
}

std::vector<KeyRange> keys_around(const Circle& circle) {
  const double angle = circle.metres / kEarthRadiusMetres / kDegree;
  const double south = circle.centre.lat - angle - kSlack, north = circle.centre.lat + angle + kSlack;
  if (south <= -90 || north >= 90) return {rectangle(south, north, -180, 180)};  // a pole has all longitudes
  // The meridian that touches the circle; it is farther from the centre than its rim.
  const double share = std::sin(angle * kDegree) / std::cos(circle.centre.lat * kDegree);
  const double wide = std::asin(std::min(1.0, share)) / kDegree + kSlack;
  const double west = circle.centre.lon - wide, east = circle.centre.lon + wide;
  std::vector<KeyRange> ranges{rectangle(south, north, west, east)};
  if (west < -180) ranges.push_back(rectangle(south, north, west + 360, 180));
  if (east > 180) ranges.push_back(rectangle(south, north, -180, east - 360));
  join_ranges(ranges);
  return ranges;
}

}  // namespace nearline::engine
