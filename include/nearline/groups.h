// SPDX-License-Identifier: Apache-2.0
/// The nearest groups of records, of those that say the same of one attribute: pages of one document, views of one
/// thing, descriptors of one picture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nearline/attributes.h"
#include "nearline/search.h"
#include "nearline/types.h"

namespace nearline {

/// What `Index::search_groups` looks for.
struct GroupOptions {
  /// An attribute of type i64, string or bool. Records that say nothing of it are in no group and are no answers.
  std::string group_by{};
  std::uint32_t per_group = 1;  ///< g: the nearest so many records of each group, from 1 to kMaxPaddedK
  /// How the search is done: k counts groups, and k times per_group is at most kMaxPaddedK; L, recall and exact are of
  /// each search that is made for them. walk_prefix and explain: left as they are.
  SearchOptions search{};
};

/// Groups of `rows` queries, `k` of each: the one whose nearest record is nearest first, ties to the smaller id.
/// A query's groups are all there are where they are fewer than k, and a group's records all it has where they are
/// fewer than per_group: groups are filled, however far their other records are. What is not there is no value, kNoId
/// and +infinity.
struct GroupResult {
  std::uint32_t k = 0;
  std::uint32_t per_group = 0;
  std::vector<Value> groups;          ///< [rows x k]; what the group's records say
  std::vector<std::uint32_t> counts;  ///< [rows]; groups of each, fewer than k only where there are not more
  std::vector<std::uint32_t> sizes;   ///< [rows x k]; records of each group that are here, at most per_group
  std::vector<Id> ids;                ///< [rows x k x per_group]; of each group its nearest first
  std::vector<float> distances;       ///< [rows x k x per_group]
  std::vector<QueryStats> stats;      ///< [rows]; of all searches that a query took
  /// The least of what SearchResult::expected_recall says of those searches; 1 where all were exact.
  float expected_recall = 1;
  std::uint64_t matches = 0;       ///< records that are in a group, and match the filter where there is one
  std::uint64_t group_count = 0;   ///< groups that these are in
  std::uint64_t filter_reads = 0;  ///< as SearchResult::filter_reads
};

}  // namespace nearline
