// SPDX-License-Identifier: Apache-2.0
/// Where the answers of one segment go, query by query, while the others are still under way.
#pragma once

#include <cstddef>
#include <span>

#include "engine/walk/answers.h"
#include "nearline/search.h"

namespace nearline::engine {

class AnswerSink {
 public:
  virtual ~AnswerSink() = default;

  /// Distance of the k-th answer that a query has so far, of other segments; infinity while there are fewer.
  [[nodiscard]] virtual float bound(std::size_t query) const noexcept = 0;

  /// hits: nearest first; more than k only where the walk was made to look for more.
  virtual void take(std::size_t query, std::span<const Hit> hits, const QueryStats& stats) = 0;
};

}  // namespace nearline::engine
