// SPDX-License-Identifier: Apache-2.0
/// Queries whose true neighbours are known, to measure walks with: records of a segment, each hidden from its own walk,
/// or real ones.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/segment/segment.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Fewer queries say too little.
inline constexpr std::uint32_t kLeastQueries = 32;

/// Up to format::kMaxSampleQueries of the queries, evenly, in the element type of the field.
/// Errors: kInvalidArgument for another dimension or type, or too few of them; kBadInput naming the query that the
/// metric cannot compare.
Result<std::vector<std::byte>> sample_of(const MatrixView& queries, const Schema& schema);

class SampleQueries {
 public:
  /// What drawing a sample takes.
  struct Options {
    std::uint32_t k = 0;  ///< neighbours to know of each, fewer than there are live records
    unsigned threads = 1;
    std::function<Result<void>(double share)> progress;
  };

  /// `count` live records evenly over the rows, so evenly over space. The k nearest others of each are found by
  /// comparing with all. Errors: those of reading pages and of progress.
  static Result<SampleQueries> of_records(const Segment& index, std::uint32_t count, const Options& options);
  /// rows: vectors of the segment's schema.
  static Result<SampleQueries> of_queries(const Segment& index, std::vector<std::byte> rows, const Options& options);

  /// Bytes that it holds for each query, and while it draws.
  static std::uint64_t bytes_per_query(const Schema& schema, std::uint32_t k) noexcept;

  [[nodiscard]] std::uint32_t size() const noexcept { return count_; }
  [[nodiscard]] MatrixView queries() const noexcept { return {vectors_.data(), count_, schema_.dim, schema_.type}; }
  /// The row of the record that the query is; none of a real one.
  [[nodiscard]] std::span<const std::uint32_t> hidden(std::size_t query) const noexcept {
    return own_.empty() ? std::span<const std::uint32_t>() : std::span(own_).subspan(query, 1);
  }
  [[nodiscard]] bool are_records() const noexcept { return !own_.empty(); }

  /// How many of the distances, sorted ascending, are among those of the nearest distances.size() records.
  [[nodiscard]] std::uint32_t hits(std::size_t query, std::span<const float> distances) const noexcept;

  /// The largest length among a sample of the records, under ip; 0 under other metrics.
  [[nodiscard]] float largest_norm() const noexcept { return largest_norm_; }

 private:
  SampleQueries(const Segment& index, std::uint32_t count, std::uint32_t k)
      : schema_(index.schema()), k_(k), count_(count) {}

  /// places: of the records that the queries are among the live ones, or none.
  Result<void> find_nearest(const Segment& index, std::span<const std::uint64_t> places, const Options& options);

  Schema schema_;
  std::uint32_t k_;
  std::uint32_t count_;
  float largest_norm_ = 0;
  std::vector<std::uint32_t> own_;  ///< rows of the queries, when they are records
  std::vector<std::byte> vectors_;
  std::vector<float> nearest_;  ///< [queries x k], ascending
};

}  // namespace nearline::engine
