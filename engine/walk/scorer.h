// SPDX-License-Identifier: Apache-2.0
/// How near are records to one query? Exactly, by their vectors, or by estimate, by their codes. Whatever the numbers
/// are, the answers can be ordered: what is no number counts as infinitely far.
#pragma once

#include <limits>
#include <span>

#include "engine/codes/code_query.h"
#include "engine/space/space.h"

namespace nearline::engine {

/// Borrows what it is made of. The query was checked and is in kernel form.
class Scorer {
 public:
  Scorer(const Space& space, const Query& query, const CodeQuery* codes = nullptr) noexcept
      : space_(&space), query_(query), codes_(codes) {}

  /// out[i]: distance to records[i].
  void distances(std::span<const std::byte* const> records, float* out) const noexcept {
    space_->distances(query_, records, out);
    order_all(out, records.size());
  }

  /// out[i]: estimated distance to the vector behind codes[i]. Precondition: made with a CodeQuery.
  void estimates(std::span<const std::byte* const> codes, float* out) const noexcept {
    codes_->estimate(codes, out);
    order_all(out, codes.size());
  }
  /// Standard error of the estimates.
  [[nodiscard]] float error() const noexcept { return codes_->error(); }

 private:
  /// Infinity less infinity, a stored component that is no number, a code book that overflows.
  static void order_all(float* distances, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      distances[i] = distances[i] == distances[i] ? distances[i] : std::numeric_limits<float>::infinity();
    }
  }

  const Space* space_;
  Query query_;
  const CodeQuery* codes_;
};

}  // namespace nearline::engine
