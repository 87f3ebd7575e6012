// SPDX-License-Identifier: Apache-2.0
#include "tools/report/sample.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nearline::tools {
namespace {

/// Queries between two looks at whether to stop.
constexpr std::size_t kRowsAtOnce = 16;

/// Distances up to this are those of copies: a cosine of f32 sums is this far from 1 for vectors that are equal.
constexpr float kSame = 1e-6F;

double local_dimension(std::span<const float> distances) {
  const auto apart = [](float distance) { return distance > kSame && std::isfinite(distance); };
  const auto first = std::find_if(distances.begin(), distances.end(), apart);
  const auto last = std::find_if_not(first, distances.end(), apart);
  if (last - first < 2) return 0;
  // Distances are squares of Euclidean ones (for cosine of chords, up to a factor, which cancels): half the logarithm.
  double sum = 0;
  for (auto at = first; at != last; ++at) sum += std::log(double{*at} / double{*(last - 1)}) / 2;
  return sum < 0 ? -static_cast<double>(last - first) / sum : 0;
}

}  // namespace

Result<Trial> sample_records(const Index& index, std::size_t count, std::uint64_t seed) {
  const Schema& schema = index.info().schema;
  Trial trial;
  NEARLINE_TRY(ids, index.sample_ids(count, seed));
  trial.own = std::move(ids);
  trial.bytes.resize(trial.own.size() * vector_bytes(schema.type, schema.dim));
  NEARLINE_CHECK(index.get(trial.own, trial.bytes));
  trial.queries = {trial.bytes.data(), trial.own.size(), schema.dim, schema.type};
  return trial;
}

Result<SearchResult> search_exactly(OpenSearch& open, const SearchSetup& setup, std::uint32_t k, bool as_stored,
                                    const ProgressFn& progress) {
  const MatrixView all = open.queries;
  SearchResult whole;
  whole.k = k;
  for (std::size_t first = 0; first < all.rows; first += kRowsAtOnce) {
    if (!progress({"exact neighbours", first, all.rows}))
      return Error{Code::kCancelled, "stopped before the end", setup.index.string()};
    open.queries = {all.row(first), std::min(kRowsAtOnce, all.rows - first), all.dim, all.type};
    auto part = search_all(open, setup, {.k = k, .exact = true, .as_stored = as_stored});
    open.queries = all;
    if (!part) return part;
    whole.ids.insert(whole.ids.end(), part->ids.begin(), part->ids.end());
    whole.distances.insert(whole.distances.end(), part->distances.begin(), part->distances.end());
    whole.counts.insert(whole.counts.end(), part->counts.begin(), part->counts.end());
  }
  return whole;
}

SearchResult without_own(const SearchResult& found, std::span<const Id> own) {
  SearchResult others;
  others.k = found.k - 1;
  others.stats = found.stats;
  for (std::size_t row = 0; row < own.size(); ++row) {
    const auto begin = found.ids.begin() + static_cast<std::ptrdiff_t>(row * found.k);
    const auto left_out = static_cast<std::size_t>(std::find(begin, begin + others.k, own[row]) - begin);
    for (std::size_t i = 0; i < found.k; ++i) {
      if (i == left_out) continue;
      others.ids.push_back(found.ids[row * found.k + i]);
      others.distances.push_back(found.distances[row * found.k + i]);
    }
    const std::uint32_t count = found.counts[row];
    others.counts.push_back(left_out < count ? count - 1 : std::min(count, others.k));
  }
  return others;
}

NeighborTable as_truth(const SearchResult& exact, std::uint32_t k) {
  NeighborTable truth{.queries = exact.counts.size(), .k = k, .ids = {}, .distances = {}};
  for (std::size_t row = 0; row < exact.counts.size(); ++row) {
    const auto first = static_cast<std::ptrdiff_t>(row * exact.k);
    truth.ids.insert(truth.ids.end(), exact.ids.begin() + first, exact.ids.begin() + first + k);
    truth.distances.insert(truth.distances.end(), exact.distances.begin() + first, exact.distances.begin() + first + k);
  }
  return truth;
}

std::vector<double> local_dimensions(const SearchResult& exact) {
  std::vector<double> dimensions;
  for (std::size_t row = 0; row < exact.counts.size(); ++row) {
    const double dimension = local_dimension(std::span(exact.distances).subspan(row * exact.k, exact.counts[row]));
    if (dimension > 0) dimensions.push_back(dimension);
  }
  std::sort(dimensions.begin(), dimensions.end());
  return dimensions;
}

}  // namespace nearline::tools
