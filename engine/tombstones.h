// SPDX-License-Identifier: Apache-2.0
/// Which records of a segment are deleted: a bit each, by ordinal (SPEC.md section 7). No bits at all while none is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nearline/result.h"

namespace nearline::engine {

class Tombstones {
 public:
  Tombstones() = default;

  /// bytes: the section. deleted: how many the segment says it has. at: the section's offset, for the error.
  /// Errors: kCorrupt for another number of bits, or one behind the last record.
  static Result<Tombstones> decode(std::span<const std::byte> bytes, std::uint64_t records, std::uint64_t deleted,
                                   std::uint64_t at);

  /// As the section holds them. Precondition: one is deleted.
  [[nodiscard]] std::vector<std::byte> encode(std::uint64_t records) const;

  [[nodiscard]] bool has(std::uint32_t ordinal) const noexcept {
    return !words_.empty() && (words_[ordinal / 64] >> (ordinal % 64) & 1) != 0;
  }
  /// Room for all records of the segment; does nothing the second time.
  void make_room(std::uint64_t records);
  /// False when it was deleted before. Precondition: there is room.
  bool add(std::uint32_t ordinal) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return words_.capacity() * sizeof(std::uint64_t); }

 private:
  std::vector<std::uint64_t> words_;
  std::uint64_t count_ = 0;
};

}  // namespace nearline::engine
