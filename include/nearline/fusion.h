// SPDX-License-Identifier: Apache-2.0
/// Searches over several fields at once: what is near in one and not far in the others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nearline/types.h"

namespace nearline {

/// What is asked of one field.
struct FieldQueries {
  std::string field{};   ///< empty: the first
  MatrixView queries{};  ///< as for Index::search in this field; as many rows in each field
  float weight = 1;      ///< of the field's distances: from 0 on, and not all 0. One of 0 with no limit is left out
  /// Records that are farther than this in the field are no answers, exactly, whatever the search finds otherwise;
  /// none: all may be. A record that lacks the field is as far as FusionOptions::missing says. May have weight 0.
  std::optional<float> limit{};
};

/// How the queries of one call are answered: by the sum of a record's distances in all fields, each times its weight.
/// Smaller is nearer, ties go to the smaller id. Distances are those of each field's metric, as they are: weights make
/// up for their scales, too.
struct FusionOptions {
  std::uint32_t k = 10;  ///< as SearchOptions::k
  /// The k nearest for certain. Otherwise records are taken by estimates from codes, until those that are left are
  /// likely farther than the k-th answer (docs/capabilities.md has what that found).
  bool exact = false;
  /// What a record counts with in a field that it lacks, before the weight; none: such records are no answers.
  std::optional<float> missing{};
  std::string filter{};  ///< as SearchOptions::filter
  /// A field of the call, or empty. With one, only the `candidates` records that a search in this field finds are
  /// compared: a short or binary field chooses, and those of weight decide. It may have weight 0 then.
  std::string choose_by{};
  std::uint32_t candidates = 100;  ///< at least k
};

}  // namespace nearline
