// SPDX-License-Identifier: Apache-2.0
/// Codes cut to their first parts, for who has no room for whole ones. Of the parts that are cut off there is one set
/// for each few records that stand side by side, since these are near in space: what lies near their mean. Offset and
/// factor take a byte each. Made of whole codes, so that nothing but these is in the file.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "format/code_book.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Threads: any number, once all codes were added.
class ShortCodes {
 public:
  static constexpr std::uint32_t kHeadBytes = 2;
  static constexpr std::uint32_t kShared = 16;  ///< records that share what is cut off
  static constexpr std::size_t kBatch = 64;     ///< codes that are added together

  static std::uint64_t memory_bytes(std::uint64_t count, std::uint32_t all_parts, std::uint32_t parts) noexcept {
    return count * (kHeadBytes + parts) + (count + kShared - 1) / kShared * (all_parts - parts);
  }

  /// book: of the whole codes.  parts: that are kept, from 1 on and below all.
  ShortCodes(const format::CodeBook& book, Metric metric, std::uint64_t count, std::uint32_t parts);

  [[nodiscard]] std::uint32_t parts() const noexcept { return parts_; }

  /// The next whole codes, by ordinal: kBatch of them, fewer only at the end.
  void add(std::span<const std::byte> codes);

  /// To be called before the first code is asked for. Gives back what only adding takes. Returns the book by which
  /// short codes are read when they have been made long again.
  format::CodeBook finish();

  /// Asks the processor for a code.
  void prefetch(std::uint32_t ordinal) const noexcept {
    __builtin_prefetch(kept_.data() + std::uint64_t{ordinal} * stride_);
    __builtin_prefetch(shared_.data() + std::uint64_t{ordinal / kShared} * (all_parts_ - parts_));
  }

  /// Writes a code of full length, whose last parts are those that its neighbours share.
  void lengthen(std::uint32_t ordinal, std::byte* out) const noexcept;

 private:
  [[nodiscard]] const float* table(std::size_t part) const noexcept {
    return book_->centroids.data() + first_axis_[part] * format::kCentroids;
  }
  void share(std::span<const std::byte> codes, std::size_t count);
  [[nodiscard]] std::pair<float, float> numbers_of(const std::byte* code, const std::byte* shared) const noexcept;

  const format::CodeBook* book_;  ///< of whole codes, until all were added
  Metric metric_;
  std::uint32_t all_parts_, parts_, code_bytes_, stride_;
  float push_ = 0;          ///< how far factors go towards what makes a vector's product with itself exact
  format::Scale16 offset_;  ///< of short codes
  format::Scale16 factor_;
  float error_ = 0;
  std::vector<std::size_t> first_axis_;  ///< of each part
  std::vector<float> squares_;           ///< [all parts x 256] of each centroid
  std::vector<float> means_;             ///< of those that share, [axes] each
  std::vector<std::uint8_t> nearest_;    ///< [all parts] each
  std::vector<std::byte> kept_;
  std::vector<std::byte> shared_;
  std::uint64_t added_ = 0;
};

}  // namespace nearline::engine
