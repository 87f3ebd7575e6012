// SPDX-License-Identifier: Apache-2.0
/// Makes the code of a vector (format/code_book.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/kernels/code_kernels.h"
#include "format/code_book.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Borrows the book. Threads: any number, one Scratch each.
class CodeEncoder {
 public:
  explicit CodeEncoder(const format::CodeBook& book, Metric metric = Metric::kL2);

  /// Vectors that are coded at once.
  static constexpr std::size_t kTogether = kernels::kPartsTogether;

  struct Scratch {
    std::vector<float> centered;          ///< [kTogether x dim]
    std::vector<float> turned;            ///< [kTogether x axes]
    std::vector<std::uint8_t> centroids;  ///< [kTogether x parts]
  };
  /// The exact numbers of a code, before they are rounded to 16 bits.
  struct Head {
    float offset = 0;
    float factor = 0;
  };

  /// vector: [dim] f32, of unit length under cosine. turned: [axes], the vector less the mean in its axes.
  /// centered: [dim], to work with.
  void turn(const float* vector, float* centered, float* turned) const;

  /// The heads of at most kTogether vectors; the bytes of their codes are left in scratch.centroids.
  std::array<Head, kTogether> heads(const float* vectors, std::size_t count, Scratch& scratch) const;

  /// vectors: [count x dim]. out: [count x code_bytes].
  void encode(const float* vectors, std::size_t count, std::byte* out, Scratch& scratch) const;

 private:
  [[nodiscard]] Head head(const float* vector, const float* centered, const float* turned,
                          const std::uint8_t* centroids) const;

  const format::CodeBook& book_;
  Metric metric_;
  std::vector<const std::byte*> axes_;  ///< first byte of each axis, as kernels take them
};

}  // namespace nearline::engine
