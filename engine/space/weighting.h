// SPDX-License-Identifier: Apache-2.0
/// How the dimensions of a field count in the distances of one call: each once, the first so many, or by a weight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nearline/result.h"
#include "nearline/schema.h"
#include "nearline/types.h"

namespace nearline::engine {

class Weighting {
 public:
  /// Each dimension counts once.
  Weighting() = default;

  /// prefix, mask: as SearchOptions. Errors: kInvalidArgument, naming the option and the value to give.
  static Result<Weighting> of(const Schema& schema, std::uint32_t prefix, std::span<const float> mask);

  /// Whether each dimension counts once.
  [[nodiscard]] bool all() const noexcept { return weights_.empty(); }
  /// Behind the first so many none counts. Precondition of this and of those below: not all().
  [[nodiscard]] std::uint32_t dims() const noexcept { return dims_; }
  /// Whether the first dims() count once each, so that kernels need but be told to stop there.
  [[nodiscard]] bool is_plain() const noexcept { return roots_.empty() && bits_.empty(); }

  [[nodiscard]] std::span<const float> weights() const noexcept { return weights_; }  ///< [dim of the field]
  /// [dims()], square roots of the weights: two vectors multiplied by them are compared as any others are.
  [[nodiscard]] std::span<const float> roots() const noexcept { return roots_; }
  [[nodiscard]] std::span<const std::byte> bits() const noexcept { return bits_; }  ///< of b1: 1 where a bit counts

  /// The share of the dimensions that count, where unequal weights count as fewer equal ones: (sum w)^2 / sum w^2.
  [[nodiscard]] double share() const noexcept { return share_; }

  /// Sum of w x^2. type: any but b1.
  [[nodiscard]] double squared_norm(ElementType type, const std::byte* vector) const noexcept;

  /// Why a query that could be compared without weights cannot be with them, as the end of a sentence; null when it
  /// can.
  [[nodiscard]] const char* unfit_query(Metric metric, ElementType type, const std::byte* query) const noexcept;

  /// For people: "by the first 64 of 512 dimensions".
  [[nodiscard]] std::string text() const;

 private:
  void weigh(const Schema& schema, std::vector<float> weights);

  std::uint32_t dims_ = 0;
  double share_ = 1;
  std::vector<float> weights_;
  std::vector<float> roots_;
  std::vector<std::byte> bits_;
};

}  // namespace nearline::engine
