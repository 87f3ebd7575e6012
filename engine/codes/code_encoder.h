// SPDX-License-Identifier: Apache-2.0
/// Makes the code of a vector (format/code_book.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "format/code_book.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Borrows the book. Threads: any number, one Scratch each.
class CodeEncoder {
 public:
  explicit CodeEncoder(const format::CodeBook& book, Metric metric = Metric::kL2);

  struct Scratch {
    std::vector<float> centered;  ///< [dim]
    std::vector<float> turned;    ///< [axes]
    std::vector<std::uint8_t> centroids;
  };
  struct Head {
    float offset = 0;
    float factor = 0;
  };

  /// vector: [dim] f32, of unit length under cosine. Leaves it in its axes in scratch.turned.
  void turn(const float* vector, Scratch& scratch) const;

  /// The exact numbers of a code, before they are rounded to 16 bits; its bytes are left in scratch.centroids.
  Head head(const float* vector, Scratch& scratch) const;

  /// out: [code_bytes].
  void encode(const float* vector, std::byte* out, Scratch& scratch) const;

 private:
  const format::CodeBook& book_;
  Metric metric_;
  std::vector<const std::byte*> axes_;  ///< first byte of each axis, as kernels take them
};

}  // namespace nearline::engine
