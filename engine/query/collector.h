// SPDX-License-Identifier: Apache-2.0
/// The answers of all segments to the queries of one call. It hands each segment the bound that the ones before it set,
/// and fills the result.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/segment/answer_sink.h"
#include "nearline/search.h"

namespace nearline::engine {

/// What several searches cost together.
void add(const QueryStats& more, QueryStats& sum) noexcept;

class Collector final : public AnswerSink {
 public:
  Collector(std::size_t queries, std::uint32_t k);

  [[nodiscard]] float bound(std::size_t query) const noexcept override {
    return result_.distances[(query + 1) * result_.k - 1];  // infinite while the row is not full
  }
  void take(std::size_t query, std::span<const Hit> hits, const QueryStats& stats) override;

  /// What a segment's answers are expected to hold of its nearest: together they hold at least as much as the least.
  void expect(float recall) noexcept { result_.expected_recall = std::min(result_.expected_recall, recall); }

  SearchResult result() && { return std::move(result_); }

 private:
  SearchResult result_;
};

}  // namespace nearline::engine
