// SPDX-License-Identifier: Apache-2.0
/// Places on earth: great-circle distances, and the records whose place is nearest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nearline/attributes.h"
#include "nearline/export.h"
#include "nearline/types.h"

namespace nearline {

inline constexpr double kEarthRadiusMetres = 6'371'008.8;  ///< mean radius R1 of the IUGG; of a sphere

/// Metres along the great circle between two places on a sphere, whose difference from the ellipsoid is up to 0.6 %.
/// Rounding is less than a centimetre anywhere, at the antipodes too. Source: Vincenty's formula for a sphere.
[[nodiscard]] NEARLINE_API double great_circle_metres(const Place& a, const Place& b) noexcept;

/// What `Index::nearest_places` looks for.
struct PlaceOptions {
  std::string attribute{};  ///< of type place; records that say nothing of it are no answers
  Place at{};               ///< latitude from -90 to 90, longitude from -180 to 180
  std::uint32_t k = 10;     ///< from 1 to kMaxPaddedK
  std::string filter{};     ///< as SearchOptions::filter
};

/// The k nearest, exactly, nearest first, ties to the smaller id; fewer where there are not so many.
struct PlaceResult {
  std::vector<Id> ids;
  std::vector<Place> places;   ///< of each
  std::vector<double> metres;  ///< from PlaceOptions::at, by the place as it is kept
  std::uint64_t matches = 0;   ///< records that have a place, and match the filter where there is one
};

}  // namespace nearline
