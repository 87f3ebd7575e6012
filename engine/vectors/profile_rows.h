// SPDX-License-Identifier: Apache-2.0
/// The part of a profile that needs each row once: norms, invalid, zero and duplicate rows, constant components.
#pragma once

#include <cstdint>
#include <vector>

#include "format/checksum.h"
#include "nearline/exact.h"
#include "nearline/types.h"

namespace nearline::engine {

class RowStatistics {
 public:
  /// Holds 16 bytes per row.
  RowStatistics(Metric metric, ElementType type, std::uint32_t dim, unsigned threads);

  /// rows: all of the file in order, block by block.
  void add(const MatrixView& rows);

  /// Enters rows, dim, type, norms and counts.
  void write(Profile& profile);

 private:
  void look_at(const MatrixView& rows, std::size_t begin, std::size_t end, std::vector<std::uint8_t>& changed);
  [[nodiscard]] float norm(const MatrixView& rows, std::size_t i) const noexcept;
  [[nodiscard]] std::uint64_t constant_components() const noexcept;
  [[nodiscard]] std::uint64_t duplicates();

  Metric metric_;
  ElementType type_;
  std::uint32_t dim_;
  unsigned threads_;
  std::vector<format::Hash128> hashes_;  ///< of the rows so far
  std::vector<float> norms_;             ///< of the block being added; negative for one that has none to count
  std::vector<std::byte> zeros_;         ///< a vector without set bits
  std::vector<std::uint8_t> first_;      ///< the first row
  std::vector<std::vector<std::uint8_t>> changed_;  ///< per thread: bits in which some row differs from the first
  Profile sums_;                                    ///< norms and counts; norm_mean holds the sum
};

}  // namespace nearline::engine
