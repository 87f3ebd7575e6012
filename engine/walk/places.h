// SPDX-License-Identifier: Apache-2.0
/// Where a record stands: page and byte within it, without a division per neighbour.
#pragma once

#include <cstdint>

#include "format/graph_page.h"

namespace nearline::engine {

class Places {
 public:
  explicit Places(const format::PageShape& shape) noexcept
      : reciprocal_(~std::uint64_t{0} / shape.slots + 1), slots_(shape.slots), slot_bytes_(shape.slot_bytes) {}

  struct Place {
    std::uint32_t page;
    std::uint32_t byte;
  };

  [[nodiscard]] Place of(std::uint32_t ordinal) const noexcept {
    const std::uint32_t page = page_of(ordinal);
    const std::uint32_t slot = ordinal - page * slots_;
    return {page, static_cast<std::uint32_t>(sizeof(format::GraphPageHeader)) + slot * slot_bytes_};
  }

 private:
  /// ordinal / slots by multiplication: exact for 32-bit ordinals, since the reciprocal's error times the ordinal stays
  /// below one part in slots. One slot per page makes the reciprocal wrap to 0: the ordinal is the page then.
  [[nodiscard]] std::uint32_t page_of(std::uint32_t ordinal) const noexcept {
    __extension__ using Wide = unsigned __int128;
    if (reciprocal_ == 0) return ordinal;
    return static_cast<std::uint32_t>(static_cast<Wide>(reciprocal_) * ordinal >> 64);
  }

  std::uint64_t reciprocal_;
  std::uint32_t slots_;
  std::uint32_t slot_bytes_;
};

}  // namespace nearline::engine
