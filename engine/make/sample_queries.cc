// SPDX-License-Identifier: Apache-2.0
#include "engine/make/sample_queries.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "engine/kernels/kernels.h"
#include "engine/space/convert_rows.h"
#include "engine/space/unfit.h"
#include "engine/vectors/exact_scan.h"
#include "format/calibration.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kBlockBytes = 1u << 20;

/// Sums in another order may differ so much, relative to the distance; where distances are what is left of 1, also
/// relative to that.
constexpr float kRounding = 1e-5F, kRoundingOfOne = 2e-6F;

/// Shows all live records of the segment to the scan, which knows them by their place among these.
Result<void> show_live(const Segment& index, ExactScan& scan, const std::function<Result<void>(double)>& progress) {
  const Schema& schema = index.schema();
  const auto together =
      static_cast<std::uint32_t>(std::max<std::uint64_t>(1, kBlockBytes / vector_bytes(schema.type, schema.dim)));
  const auto count = static_cast<std::uint32_t>(index.count());
  std::vector<std::uint32_t> rows;
  std::vector<Id> ids;
  std::vector<std::byte> vectors;
  std::uint64_t shown = 0;
  for (std::uint32_t first = 0; first < count;) {
    NEARLINE_CHECK(progress(static_cast<double>(first) / count));
    rows.resize(std::min(together, count - first));
    std::iota(rows.begin(), rows.end(), first);
    first += static_cast<std::uint32_t>(rows.size());
    std::erase_if(rows, [&](std::uint32_t row) { return index.dead().has(Row(row)); });
    if (rows.empty()) continue;
    NEARLINE_CHECK(index.read_rows(rows, ids, vectors));
    scan.show({vectors.data(), rows.size(), schema.dim, schema.type}, shown);
    shown += rows.size();
  }
  return {};
}

/// `count` places evenly over the live records.
std::vector<std::uint64_t> even_places(std::uint64_t live, std::uint32_t count) {
  std::vector<std::uint64_t> places;
  for (std::uint64_t i = 0; i < count; ++i) places.push_back((2 * i + 1) * live / (std::uint64_t{2} * count));
  return places;
}

/// The rows of the records at those places. places: ascending.
std::vector<std::uint32_t> rows_at(const Segment& index, std::span<const std::uint64_t> places) {
  std::vector<std::uint32_t> rows;
  std::uint32_t row = 0;
  std::uint64_t place = 0;  // of `row`, once that is live
  for (const std::uint64_t wanted : places) {
    if (index.dead().count() == 0) {
      rows.push_back(static_cast<std::uint32_t>(wanted));
      continue;
    }
    for (; index.dead().has(Row(row)) || place < wanted; ++row) place += index.dead().has(Row(row)) ? 0 : 1;
    rows.push_back(row);
  }
  return rows;
}

float largest_norm_of(const MatrixView& rows, Metric metric) {
  float largest = 0;
  if (metric != Metric::kIp) return largest;
  for (std::size_t i = 0; i < rows.rows; ++i) {
    largest = std::max(largest, kernels::squared_norm(rows.type, rows.row(i), rows.dim));
  }
  return std::sqrt(largest);
}

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

}  // namespace

Result<std::vector<std::byte>> sample_of(const MatrixView& queries, const Schema& schema) {
  if (queries.dim != schema.dim) {
    return invalid("queries of dimension " + std::to_string(queries.dim) + ": the index holds dimension " +
                   std::to_string(schema.dim));
  }
  if (!convertible(queries.type, schema.type)) {
    return invalid("queries of type " + std::string(name(queries.type)) + ": the index holds " +
                   std::string(name(schema.type)));
  }
  if (queries.rows < kLeastQueries) {
    return invalid(std::to_string(queries.rows) + " queries: expected at least " + std::to_string(kLeastQueries) +
                   ", and better 500");
  }
  const std::size_t bytes = vector_bytes(schema.type, schema.dim);
  const std::size_t count = std::min<std::size_t>(queries.rows, format::kMaxSampleQueries);
  std::vector<std::byte> sample(count * bytes);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t row = i * queries.rows / count;
    const MatrixView one(queries.row(row), 1, queries.dim, queries.type);
    const char* fault = unfit_query(schema.metric, queries.type, queries.row(row), queries.dim);
    if (fault == nullptr && convert_rows(one, schema.type, sample.data() + i * bytes)) {
      fault = "holds a number that the index's element type has no room for";
    }
    if (fault == nullptr) fault = unfit(schema.metric, schema.type, sample.data() + i * bytes, schema.dim);
    if (fault != nullptr) return Error{.code = Code::kBadInput, .what = "query " + std::to_string(row) + " " + fault};
  }
  return sample;
}

std::uint64_t SampleQueries::bytes_per_query(const Schema& schema, std::uint32_t k) noexcept {
  return 12 + vector_bytes(schema.type, schema.dim) + k * sizeof(float) +
         ExactScan::bytes_per_query(schema.type, schema.dim, k + 1);
}

Result<SampleQueries> SampleQueries::of_records(const Segment& index, std::uint32_t count, const Options& options) {
  SampleQueries sample(index, count, options.k);
  const std::vector<std::uint64_t> places = even_places(index.live(), count);
  sample.own_ = rows_at(index, places);
  std::vector<Id> ids;
  NEARLINE_CHECK(index.read_rows(sample.own_, ids, sample.vectors_));
  sample.largest_norm_ = largest_norm_of(sample.queries(), sample.schema_.metric);
  NEARLINE_CHECK(sample.find_nearest(index, places, options));
  return sample;
}

Result<SampleQueries> SampleQueries::of_queries(const Segment& index, std::vector<std::byte> rows,
                                                const Options& options) {
  const Schema& schema = index.schema();
  const auto count = static_cast<std::uint32_t>(rows.size() / vector_bytes(schema.type, schema.dim));
  SampleQueries sample(index, count, options.k);
  if (schema.metric == Metric::kIp) {
    const auto some = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, index.live()));
    std::vector<Id> ids;
    NEARLINE_CHECK(index.read_rows(rows_at(index, even_places(index.live(), some)), ids, sample.vectors_));
    sample.largest_norm_ = largest_norm_of({sample.vectors_.data(), some, schema.dim, schema.type}, schema.metric);
  }
  sample.vectors_ = std::move(rows);
  NEARLINE_CHECK(sample.find_nearest(index, {}, options));
  return sample;
}

Result<void> SampleQueries::find_nearest(const Segment& index, std::span<const std::uint64_t> places,
                                         const Options& options) {
  ExactScan scan(queries(), schema_.type, {.metric = schema_.metric, .k = k_ + 1, .threads = options.threads});
  NEARLINE_CHECK(show_live(index, scan, options.progress));
  nearest_.reserve(std::size_t{count_} * k_);
  for (std::uint32_t q = 0; q < count_; ++q) {
    std::uint32_t taken = 0;
    for (const NearRow& near : scan.hits(q)) {
      if ((!places.empty() && near.row == places[q]) || taken == k_) continue;
      nearest_.push_back(near.distance);
      ++taken;
    }
  }
  return {};
}

std::uint32_t SampleQueries::hits(std::size_t query, std::span<const float> distances) const noexcept {
  if (distances.empty()) return 0;
  const float last = nearest_[query * k_ + distances.size() - 1];
  const bool cancels = schema_.metric == Metric::kIp || schema_.metric == Metric::kCosine;
  const float most = last + std::max(kRounding * std::fabs(last), cancels ? kRoundingOfOne : 0.0F);
  return static_cast<std::uint32_t>(std::upper_bound(distances.begin(), distances.end(), most) - distances.begin());
}

}  // namespace nearline::engine
