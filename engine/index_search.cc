// SPDX-License-Identifier: Apache-2.0
/// A search of the whole index: one segment after the other, the largest first, so that small ones need only look as
/// far as what was found already.
#include <algorithm>
#include <limits>
#include <string>

#include "engine/index_impl.h"
#include "engine/kernels/kernels.h"

namespace nearline {
namespace {

bool is_float(ElementType type) noexcept {
  return type == ElementType::kF32 || type == ElementType::kF16 || type == ElementType::kBF16;
}

void add(const QueryStats& more, QueryStats& sum) noexcept {
  sum.hops += more.hops;
  sum.distance_computations += more.distance_computations;
  sum.estimates += more.estimates;
  sum.page_reads += more.page_reads;
  sum.cache_hits += more.cache_hits;
  sum.bytes_read += more.bytes_read;
  sum.nanoseconds += more.nanoseconds;
}

/// Puts the answers of another segment among those that were found.
void merge(const SearchResult& more, SearchResult& all) {
  std::vector<engine::Hit> hits;
  for (std::size_t row = 0; row < all.counts.size(); ++row) {
    const std::size_t first = row * all.k;
    hits.clear();
    for (const SearchResult* from : {const_cast<const SearchResult*>(&all), &more}) {
      for (std::size_t i = first; i < first + from->counts[row]; ++i) {
        hits.push_back({from->distances[i], from->ids[i]});
      }
    }
    std::sort(hits.begin(), hits.end());
    hits.resize(std::min<std::size_t>(hits.size(), all.k));
    for (std::size_t i = 0; i < hits.size(); ++i) {
      all.ids[first + i] = hits[i].id;
      all.distances[first + i] = hits[i].distance;
    }
    all.counts[row] = static_cast<std::uint32_t>(hits.size());
    add(more.stats[row], all.stats[row]);
  }
}

/// The k-th distance of each query, infinite where there are fewer answers.
std::vector<float> bounds_of(const SearchResult& result) {
  std::vector<float> bounds(result.counts.size());
  for (std::size_t row = 0; row < bounds.size(); ++row) bounds[row] = result.distances[(row + 1) * result.k - 1];
  return bounds;
}

}  // namespace

Result<void> Index::Impl::check_search(const MatrixView& queries, const SearchOptions& options) const {
  const auto invalid = [](std::string what) { return Error{.code = Code::kInvalidArgument, .what = std::move(what)}; };
  if (queries.dim != info.schema.dim) {
    return invalid("queries of dimension " + std::to_string(queries.dim) + ": the index holds dimension " +
                   std::to_string(info.schema.dim));
  }
  if (queries.type != info.schema.type && !(is_float(queries.type) && is_float(info.schema.type))) {
    return invalid("queries of type " + std::string(name(queries.type)) + ": the index holds " +
                   std::string(name(info.schema.type)));
  }
  if (options.k == 0 || options.k > info.count) {
    return invalid("k of " + std::to_string(options.k) + ": expected 1 to " + std::to_string(info.count) +
                   ", the number of records");
  }
  if (!(options.recall == 0 || (options.recall > 0 && options.recall < 1))) {
    return invalid("recall of " + std::to_string(options.recall) + ": expected 0 for none, or a share below 1");
  }
  if (options.beam_width > engine::kMaxBatch) {
    return invalid("beam width of " + std::to_string(options.beam_width) + ": expected 0 to " +
                   std::to_string(engine::kMaxBatch));
  }
  return {};
}

Result<void> Index::Impl::check_row(const MatrixView& queries, std::size_t row) const {
  const std::byte* vector = queries.row(row);
  if (!kernels::all_finite(queries.type, vector, queries.dim)) {
    return Error{.code = Code::kBadInput,
                 .what = "query " + std::to_string(row) + " holds NaN or infinity: expected finite values"};
  }
  if (info.schema.metric == Metric::kCosine) {
    if (!engine::has_direction(kernels::squared_norm(queries.type, vector, queries.dim))) {
      return Error{
          .code = Code::kBadInput,
          .what = "query " + std::to_string(row) + " has no direction: expected a length above 0 under cosine"};
    }
  }
  return {};
}

Result<SearchResult> Index::Impl::search(const MatrixView& queries, const SearchOptions& options) {
  NEARLINE_CHECK(check_search(queries, options));
  for (std::size_t row = 0; row < queries.rows; ++row) NEARLINE_CHECK(check_row(queries, row));
  SearchResult result;
  std::vector<float> bounds;
  for (const auto& segment : segments_) {
    NEARLINE_TRY(plan, segment->plan(queries.rows, options, segments_.front()->calibration()));
    plan.bounds = bounds;
    NEARLINE_TRY(answers, segment->answer(queries, options.k, plan));
    if (segment == segments_.front()) {
      result = std::move(answers);
    } else {
      merge(answers, result);
    }
    if (segments_.size() > 1) bounds = bounds_of(result);
  }
  return result;
}

}  // namespace nearline
