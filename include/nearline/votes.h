// SPDX-License-Identifier: Apache-2.0
/// Votes of many local queries, such as the descriptors of one picture, for the groups that records are in: which
/// picture of the index do they show?
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nearline/attributes.h"
#include "nearline/search.h"
#include "nearline/types.h"

namespace nearline {

/// How queries vote. Each finds its nearest groups, each group by its nearest record, and gives a group
/// 1 - distance / cap where that is above 0: a score from 0 to 1, capped by the distance from which on a group gets
/// nothing. A group's score is the sum, so that it counts once for each query, however many of its records are near.
/// Under l2 distances are squared. Source: local naive-Bayes nearest neighbours (McCann and Lowe, CVPR 2012) for
/// the cap by the first group that is not voted for, and capped similarities (Aiger, Araujo and Lynen, "Yes, we CANN",
/// ICCV 2023) for a fixed one.
struct VoteOptions {
  std::string group_by{};        ///< as GroupOptions::group_by
  std::uint32_t top = 10;        ///< groups that are ranked for each set of queries, at least 1
  std::uint32_t neighbors = 10;  ///< groups that a query looks for; all but the last may get its votes. At least 2
  float cap = 0;                 ///< the distance that gives no score; 0: each query's own, that of its last group
  SearchOptions search{};        ///< as GroupOptions::search; k counts nothing
};

/// A group and what it got.
struct RankedGroup {
  Value group{};
  double score = 0;         ///< the sum of what queries gave it
  std::uint32_t votes = 0;  ///< queries that gave it something
  /// Of these the ones that gave no other group more: what voting for the nearest alone would count.
  std::uint32_t nearest = 0;
};

/// Groups of each set of queries, one set behind the other: those of set i are [offsets[i], offsets[i + 1]), the
/// highest score first, ties to the group with more votes, then to the smaller value.
struct VoteResult {
  std::vector<std::uint64_t> offsets;  ///< [sets + 1]
  std::vector<RankedGroup> groups;
  std::vector<std::uint64_t> queries;  ///< [sets]; of each: a score is at most this
  std::vector<QueryStats> stats;       ///< [sets]; of all their queries
  float expected_recall = 1;           ///< as GroupResult::expected_recall
};

}  // namespace nearline
