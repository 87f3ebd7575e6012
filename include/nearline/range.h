// SPDX-License-Identifier: Apache-2.0
/// All records within a distance: what a user says of it, and what comes back.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "nearline/search.h"
#include "nearline/types.h"

namespace nearline {

/// What `Index::range_search` looks for, and how surely.
struct RangeOptions {
  /// Records as near as this are answers, those at just this distance included. In the units of the metric's distances:
  /// squared under l2, 1 - the product under ip and cosine (so that it may be negative there), bits under hamming.
  /// Has to be given.
  float radius = std::numeric_limits<float>::quiet_NaN();
  /// The nearest so many of each query are kept where there are more; 0: all. What is kept takes 12 bytes each, beside
  /// the memory budget.
  std::uint64_t max_results = 0;
  bool exact = false;  ///< all of them for certain: as SearchOptions::exact, by the same means
  /// The share of those within the radius that answers shall hold in the mean, above 0 and below 1, by the calibration
  /// of the k nearest (SearchOptions::recall). 0: `l` decides.
  float recall = 0;
  std::uint32_t l = 64;                     ///< as SearchOptions::l, at first; grows with what is found
  std::uint32_t beam_width = Count::kAuto;  ///< as SearchOptions::beam_width
  std::string filter{};                     ///< as SearchOptions::filter
  bool as_stored = false;                   ///< as SearchOptions::as_stored
  std::uint32_t prefix = 0;                 ///< as SearchOptions::prefix; the radius is of distances by it
  std::vector<float> mask{};                ///< as SearchOptions::mask, likewise
  std::string field{};                      ///< as SearchOptions::field
};

/// Answers of `rows` queries, one behind the other: those of query i are [offsets[i], offsets[i + 1]), nearest first,
/// ties to the smaller id.
struct RangeResult {
  std::vector<std::uint64_t> offsets;  ///< [rows + 1]
  std::vector<Id> ids;                 ///< [offsets[rows]]
  std::vector<float> distances;        ///< [offsets[rows]]
  /// [rows]; up to this distance, itself included, a query's answer is as complete as `expected_recall` says: the
  /// radius, or less where the answer was cut.
  std::vector<float> complete_to;
  std::vector<bool> cut;          ///< [rows]; whether max_results left some out
  std::vector<QueryStats> stats;  ///< [rows]
  float expected_recall = 1;      ///< as SearchResult::expected_recall, of the records within complete_to
};

}  // namespace nearline
