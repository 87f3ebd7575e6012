// SPDX-License-Identifier: Apache-2.0
/// Local intrinsic dimensionality: in how many directions the data extends around a point, as seen by how fast the
/// number of its neighbours grows with distance.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/vectors/exact_scan.h"
#include "nearline/types.h"

namespace nearline::engine {

/// A scan without distances that are zero but for rounding: those of a row to itself and to its copies. Under ip it
/// compares by cosine, since the LID is that of directions.
[[nodiscard]] ScanOptions dimension_scan(Metric metric, std::uint32_t k, unsigned threads) noexcept;

/// The maximum likelihood estimate from the hits of one row, nearest first, or 0 where there is none: with fewer than
/// two finite distances, or all of them equal.
/// Source: Amsaleg et al., "Estimating local intrinsic dimensionality", KDD 2015, equation 5.
[[nodiscard]] double local_dimension(std::span<const NearRow> hits) noexcept;

/// `count` different numbers below `below`, ascending; all of them where there are not more. Depends on seed alone.
[[nodiscard]] std::vector<std::uint64_t> sample_rows(std::uint64_t below, std::uint64_t count, std::uint64_t seed);

}  // namespace nearline::engine
