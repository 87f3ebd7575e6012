// SPDX-License-Identifier: Apache-2.0
#include "tools/recall.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nearline::tools {
namespace {}  // namespace

Result<NeighborTable> read_truth(const std::filesystem::path& path, std::uint64_t queries, std::uint32_t k) {
  NEARLINE_TRY(truth, read_neighbors(path));
  if (truth.queries != queries)
    return Error{
        Code::kBadInput,
        fmt::format("queries: expected {}, as many as there are to search for, found {}", queries, truth.queries),
        path.string()};
  if (truth.k < k)
    return Error{Code::kBadInput,
                 fmt::format("neighbours of each query: expected at least k = {}, found {}", k, truth.k),
                 path.string()};
  return truth;
}

Recall::Recall(const NeighborTable& truth, const Schema& schema, std::uint32_t k)
    : truth_(truth), schema_(schema), k_(k) {
  if (truth.distances.empty()) return;
  bool ascends = true;
  bool descends = true;
  for (std::uint64_t q = 0; q < truth.queries; ++q) {
    const auto row = truth.distances.begin() + static_cast<std::ptrdiff_t>(q * truth.k);
    ascends = ascends && std::is_sorted(row, row + truth.k);
    descends = descends && std::is_sorted(row, row + truth.k, std::greater<>());
  }
  const bool similarities_exist = schema.metric == Metric::kIp || schema.metric == Metric::kCosine;
  descends = descends && similarities_exist;
  scores_ = ascends && descends ? Scores::kEither
            : ascends           ? Scores::kDistances
            : descends          ? Scores::kSimilarities
                                : Scores::kNone;
}

double Recall::slack(double distance) const noexcept {
  if (!is_float(schema_.type)) return 0;
  const bool shifted = schema_.metric == Metric::kIp || schema_.metric == Metric::kCosine;  // 1 - product
  return 1e-5 * (shifted ? std::max(1.0, std::abs(1.0 - distance)) : std::abs(distance));
}

/// Those among the truth's first k that are not padding.
std::uint32_t Recall::neighbors_of(std::size_t row) const {
  const auto ids = truth_.ids.begin() + static_cast<std::ptrdiff_t>(row * truth_.k);
  return static_cast<std::uint32_t>(std::find(ids, ids + k_, kNoId) - ids);
}

/// Whether most records that both name have another distance in the truth.
bool Recall::contradicted(const SearchResult& result, Scores scores) const {
  std::size_t agree = 0;
  std::size_t differ = 0;
  for (std::size_t q = 0; q < result.counts.size(); ++q) {
    const auto ids = truth_.ids.begin() + static_cast<std::ptrdiff_t>(q * truth_.k);
    for (std::size_t i = q * k_; i < q * k_ + result.counts[q]; ++i) {
      const auto place = std::find(ids, ids + k_, result.ids[i]);
      if (place == ids + k_) continue;
      const double truth = distance_of(truth_.distances[static_cast<std::size_t>(place - truth_.ids.begin())], scores);
      const double allowed = 100 * slack(truth) + 1e-3 * std::abs(truth);
      ++(std::abs(truth - double{result.distances[i]}) <= allowed ? agree : differ);
    }
  }
  return differ > agree;
}

Recall::Scores Recall::usable(const SearchResult& result) const {
  switch (scores_) {
    case Scores::kNone: return Scores::kNone;
    case Scores::kEither:
      return !contradicted(result, Scores::kDistances)      ? Scores::kDistances
             : !contradicted(result, Scores::kSimilarities) ? Scores::kSimilarities
                                                            : Scores::kNone;
    default: return contradicted(result, scores_) ? Scores::kNone : scores_;
  }
}

std::size_t Recall::hits(const SearchResult& result, std::size_t row, Scores scores) const {
  const auto ids = truth_.ids.begin() + static_cast<std::ptrdiff_t>(row * truth_.k);
  const std::uint32_t wanted = neighbors_of(row);
  double reach = -std::numeric_limits<double>::infinity();
  if (scores != Scores::kNone && wanted > 0) {
    const double last = distance_of(truth_.distances[row * truth_.k + wanted - 1], scores);
    reach = last + slack(last);
  }
  std::size_t found = 0;
  for (std::size_t i = row * k_; i < row * k_ + result.counts[row]; ++i)
    if (double{result.distances[i]} <= reach || std::find(ids, ids + wanted, result.ids[i]) != ids + wanted) ++found;
  return std::min<std::size_t>(found, wanted);
}

double Recall::of(const SearchResult& result) const {
  const Scores scores = usable(result);
  std::size_t found = 0, wanted = 0;
  for (std::size_t row = 0; row < result.counts.size(); ++row) {
    found += hits(result, row, scores);
    wanted += neighbors_of(row);
  }
  return wanted > 0 ? static_cast<double>(found) / static_cast<double>(wanted) : 0;
}

}  // namespace nearline::tools
