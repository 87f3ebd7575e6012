// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 7, columns: the key of a place. Latitude and longitude count in 1e-7 degrees (11 mm) from the south
/// pole and from 180 degrees west; their bits alternate, so that keys between two keys hold what lies in a rectangle.
#pragma once

#include <cmath>
#include <cstdint>

#include "nearline/attributes.h"

namespace nearline::format {

inline constexpr double kPlaceUnits = 1e7;  ///< to a degree
inline constexpr std::uint32_t kMostLatitude = 1'800'000'000;
inline constexpr std::uint32_t kMostLongitude = 3'600'000'000;

/// The bits of a number at every second place, beginning with the lowest.
constexpr std::uint64_t spread(std::uint32_t number) noexcept {
  std::uint64_t bits = number;
  bits = (bits | bits << 16) & 0x0000'FFFF'0000'FFFF;
  bits = (bits | bits << 8) & 0x00FF'00FF'00FF'00FF;
  bits = (bits | bits << 4) & 0x0F0F'0F0F'0F0F'0F0F;
  bits = (bits | bits << 2) & 0x3333'3333'3333'3333;
  return (bits | bits << 1) & 0x5555'5555'5555'5555;
}
constexpr std::uint32_t gather(std::uint64_t bits) noexcept {
  bits &= 0x5555'5555'5555'5555;
  bits = (bits | bits >> 1) & 0x3333'3333'3333'3333;
  bits = (bits | bits >> 2) & 0x0F0F'0F0F'0F0F'0F0F;
  bits = (bits | bits >> 4) & 0x00FF'00FF'00FF'00FF;
  bits = (bits | bits >> 8) & 0x0000'FFFF'0000'FFFF;
  return static_cast<std::uint32_t>(bits | bits >> 16);
}

constexpr std::uint64_t place_key(std::uint32_t latitude, std::uint32_t longitude) noexcept {
  return spread(latitude) << 1 | spread(longitude);
}
/// Precondition: the place is on earth.
inline std::uint64_t key_of(const Place& place) noexcept {
  const auto units = [](double degrees) { return std::llround(degrees * kPlaceUnits); };
  return place_key(static_cast<std::uint32_t>(units(place.lat) + kMostLatitude / 2),
                   static_cast<std::uint32_t>(units(place.lon) + kMostLongitude / 2));
}
constexpr bool is_place_key(std::uint64_t key) noexcept {
  return gather(key >> 1) <= kMostLatitude && gather(key) <= kMostLongitude;
}
constexpr Place place_of(std::uint64_t key) noexcept {
  const auto degrees = [](std::int64_t units) { return static_cast<double>(units) / kPlaceUnits; };
  return {.lat = degrees(std::int64_t{gather(key >> 1)} - kMostLatitude / 2),
          .lon = degrees(std::int64_t{gather(key)} - kMostLongitude / 2)};
}

}  // namespace nearline::format
