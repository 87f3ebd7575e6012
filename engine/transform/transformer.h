// SPDX-License-Identifier: Apache-2.0
/// Applies a transform to vectors. Products are sums of the kernels, so that all machines with fused multiply-add make
/// the same of the same vectors, to the byte.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "nearline/transform.h"
#include "nearline/types.h"

namespace nearline::engine {

/// A row that cannot be transformed, and why, as the end of a sentence that begins with its name.
struct UnfitRow {
  std::size_t row = 0;
  const char* fault = nullptr;
};

/// Threads: any number.
class Transformer {
 public:
  /// The steps of `transform`, which transform_fault finds nothing wrong with; those that learned nothing yet must not
  /// be among them.  records: what its step kField stands for; its own steps may be none.
  Transformer(const Transform& transform, const Transform& records);

  [[nodiscard]] std::uint32_t in_dim() const noexcept { return in_dim_; }
  [[nodiscard]] std::uint32_t out_dim() const noexcept { return out_dim_; }

  /// rows: [n x in_dim()], of any type but b1.  out: [n x out_dim()]. Returns the first row that is not finite, or that
  /// a step cannot take; then `out` is of no use.
  [[nodiscard]] std::optional<UnfitRow> apply(const MatrixView& rows, std::span<float> out) const;

 private:
  /// A column and, in the lowest bit, whether it counts as negative.
  using Sign = std::uint32_t;
  struct Step {
    StepKind kind;
    std::uint32_t before, behind;
    std::shared_ptr<const std::vector<float>> numbers;
    std::vector<const std::byte*> rows;  ///< of the numbers, where the step is products with them
    std::vector<Sign> signs;             ///< of kSparseRandom, row behind row
    std::vector<std::size_t> ends;       ///< in signs, of each row
    float scale = 1;
  };

  void add(const Transform& transform);
  static void draw_signs(std::uint64_t seed, Step& step);
  static const char* take(const Step& step, const float* in, float* out) noexcept;

  std::uint32_t in_dim_;
  std::uint32_t out_dim_;
  std::uint32_t widest_;
  std::vector<Step> steps_;
};

/// The first of the steps of a transform that was not learned yet; their number where none is.
std::size_t first_unlearned(const Transform& transform) noexcept;

}  // namespace nearline::engine
