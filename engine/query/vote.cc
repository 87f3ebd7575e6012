// SPDX-License-Identifier: Apache-2.0
/// Sets of queries vote for groups.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "engine/query/collector.h"
#include "engine/query/groups.h"

namespace nearline::engine {
namespace {

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<void> check(const Schema& schema, const VoteOptions& options, std::span<const std::uint64_t> offsets,
                   std::size_t rows) {
  if (schema.metric == Metric::kIp) {
    return invalid("votes under ip, whose distances may be negative: expected l2, cosine, hamming or jaccard");
  }
  if (!(options.cap >= 0) || std::isinf(options.cap)) {
    return invalid("cap of " + std::to_string(options.cap) +
                   ": expected a distance above 0, or 0 for each query's own");
  }
  if (options.top == 0) return invalid("top of 0 groups: expected 1 at least");
  if (options.neighbors < 2 || options.neighbors > kMaxPaddedK) {
    return invalid("votes by " + std::to_string(options.neighbors) + " neighbours: expected 2 to " +
                   std::to_string(kMaxPaddedK));
  }
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const std::uint64_t least = i == 0 ? 0 : offsets[i - 1], most = i == 0 ? 0 : rows;
    const bool short_of_all = i > 0 && i + 1 == offsets.size() && offsets[i] != rows;
    if (offsets[i] < least || offsets[i] > most || short_of_all) {
      return invalid("offset " + std::to_string(i) + " of sets of queries is " + std::to_string(offsets[i]) +
                     ": expected them to ascend from 0 to the number of queries, " + std::to_string(rows));
    }
  }
  if (offsets.size() == 1) return invalid("one offset of sets of queries: expected where each begins, and the end");
  return {};
}

/// What the queries of one set gave, by what the group's records say.
std::vector<RankedGroup> count(const GroupResult& found, std::size_t first, std::size_t end, float fixed) {
  std::map<Value, RankedGroup> groups;
  for (std::size_t row = first; row < end; ++row) {
    const std::size_t at = row * found.k;
    if (found.counts[row] == 0) continue;
    const float cap = fixed > 0 ? fixed : found.distances[at + found.counts[row] - 1];
    for (std::size_t g = at; g < at + found.counts[row] && found.distances[g] < cap; ++g) {
      RankedGroup& group = groups[found.groups[g]];
      group.score += 1 - static_cast<double>(found.distances[g]) / static_cast<double>(cap);
      ++group.votes;
      group.nearest += found.distances[g] == found.distances[at] ? 1 : 0;
    }
  }
  std::vector<RankedGroup> ranked;
  ranked.reserve(groups.size());
  for (auto& [value, group] : groups) {
    group.group = value;
    ranked.push_back(std::move(group));
  }
  const auto before = [](const RankedGroup& a, const RankedGroup& b) {
    return a.score > b.score || (a.score == b.score && a.votes > b.votes);
  };
  std::ranges::stable_sort(ranked, before);  // they come by value
  return ranked;
}

}  // namespace

Result<VoteResult> vote(const Snapshot& field, const MatrixView& queries, std::span<const std::uint64_t> offsets,
                        const VoteOptions& options) {
  NEARLINE_CHECK(check(field.schema(), options, offsets, queries.rows));
  GroupOptions asked{.group_by = options.group_by, .per_group = 1, .search = options.search};
  asked.search.k = options.neighbors;
  NEARLINE_TRY(found, search_groups(field, queries, asked));
  const std::uint64_t whole[] = {0, queries.rows};
  const std::span<const std::uint64_t> sets = offsets.empty() ? std::span<const std::uint64_t>(whole) : offsets;
  VoteResult result;
  result.expected_recall = found.expected_recall;
  result.offsets.push_back(0);
  for (std::size_t s = 0; s + 1 < sets.size(); ++s) {
    auto ranked = count(found, sets[s], sets[s + 1], options.cap);
    ranked.resize(std::min<std::size_t>(ranked.size(), options.top));
    std::ranges::move(ranked, std::back_inserter(result.groups));
    result.offsets.push_back(result.groups.size());
    result.queries.push_back(sets[s + 1] - sets[s]);
    QueryStats cost;
    for (std::size_t row = sets[s]; row < sets[s + 1]; ++row) add(found.stats[row], cost);
    result.stats.push_back(cost);
  }
  return result;
}

}  // namespace nearline::engine
