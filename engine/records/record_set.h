// SPDX-License-Identifier: Apache-2.0
/// Some of a segment's records: those that are deleted, those that match a filter. A bit each, by row, and no bits at
/// all while none is in the set. Tombstones stand in files in this form (SPEC.md section 7).
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "nearline/result.h"

namespace nearline::engine {

/// The place of a record in its segment, from 0; neighbour lists call the same number a node. An id is the user's.
enum class Row : std::uint32_t {};
constexpr std::uint32_t number(Row row) noexcept {
  return static_cast<std::uint32_t>(row);
}

class RecordSet {
 public:
  RecordSet() = default;

  /// bytes: the section. deleted: how many the segment says it has. at: the section's offset, for the error.
  /// Errors: kCorrupt for another number of bits, or one behind the last record.
  static Result<RecordSet> decode(std::span<const std::byte> bytes, std::uint64_t records, std::uint64_t deleted,
                                  std::uint64_t at);

  /// words: a bit for each record, zeros behind the last.
  static RecordSet of(std::vector<std::uint64_t> words) noexcept;

  /// As the section holds them. Precondition: the set is not empty.
  [[nodiscard]] std::vector<std::byte> encode(std::uint64_t records) const;

  [[nodiscard]] bool has(Row row) const noexcept {
    return !words_.empty() && (words_[number(row) / 64] >> (number(row) % 64) & 1) != 0;
  }
  /// Room for all records of the segment; does nothing the second time.
  void make_room(std::uint64_t records);
  /// False when it was there before. Precondition: there is room.
  bool add(Row row) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// The first record of the set from `row` on; kNone when there is none.
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};
  [[nodiscard]] std::uint64_t next(std::uint64_t row) const noexcept {
    std::uint64_t word = row / 64;
    if (word >= words_.size()) return kNone;
    for (std::uint64_t bits = words_[word] & (~std::uint64_t{0} << (row % 64));; bits = words_[word]) {
      if (bits != 0) return word * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
      if (++word == words_.size()) return kNone;
    }
  }
  /// A bit for each record; empty while none is in the set.
  [[nodiscard]] std::span<const std::uint64_t> words() const noexcept { return words_; }
  /// The records of this set that the other does not have.
  [[nodiscard]] RecordSet without(const RecordSet& other) const;
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return words_.capacity() * sizeof(std::uint64_t); }

 private:
  std::vector<std::uint64_t> words_;
  std::uint64_t count_ = 0;
};

}  // namespace nearline::engine
