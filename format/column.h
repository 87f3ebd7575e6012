// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 7, columns: the values of one attribute over the rows of one segment.
///
/// Every value is an unsigned number of 64 bits, its *key*, and keys are ordered as the values are: an i64 with its
/// sign bit turned, an f64 likewise with all bits turned where it is negative, false and true as 0 and 1, a string or a
/// tag as its place in the column's sorted dictionary, a place on earth by place_key.h. Rows stand in runs of 4096,
/// each with the least and the largest of its keys, which lets a reader pass it by, and keys are packed as what they
/// are above the least.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "format/endian.h"
#include "nearline/attributes.h"
#include "nearline/result.h"

namespace nearline::format {

inline constexpr std::uint32_t kRunRows = 4096;

struct ColumnHeader {
  le64 rows;                             //  0  of the segment
  le64 nulls;                            //  8  rows without a value
  le64 values;                           // 16  keys: of tags any number a row, else one for each row that is not null
  le64 entries;                          // 24  of the dictionary; 0 but for strings and tags
  le64 dictionary;                       // 32  where it begins, from the section's start; a multiple of 8
  le64 strings;                          // 40  where the bytes of its strings begin
  le64 postings;                         // 48  where postings begin; a multiple of 8
  std::uint8_t type;                     // 56
  std::array<std::uint8_t, 7> reserved;  // 57
};
static_assert(sizeof(ColumnHeader) == 64 && offsetof(ColumnHeader, type) == 56);

struct RunRow {
  le64 offset;                           //  0  of its data, from the section's start; a multiple of 8
  le64 least;                            //  8  of its keys; 0 without any
  le64 most;                             // 16
  le32 nulls;                            // 24
  le32 values;                           // 28  keys
  std::uint8_t bits;                     // 32  of a packed key
  std::uint8_t end_bits;                 // 33  tags: of a packed end
  std::array<std::uint8_t, 6> reserved;  // 34
};
static_assert(sizeof(RunRow) == 40 && offsetof(RunRow, bits) == 32);

/// An entry of the dictionary. One more follows the last, and says where its string and its posting end.
struct EntryRow {
  le64 string;                           //  0  where its bytes begin, from ColumnHeader::strings
  le64 posting;                          //  8  where its rows begin, counted in rows, in the postings
  le32 rows;                             // 16  that have it
  std::array<std::uint8_t, 4> reserved;  // 20
};
static_assert(sizeof(EntryRow) == 24);

/// Rows of a run, its parts and their places. A run has a bit for each row, set where there is no value, where some
/// rows have one and some have none; of tags then how many keys there are up to the end of each row; then the keys, one
/// for each row unless they are tags. Each part is filled up to 8 bytes.
struct RunShape {
  std::uint32_t rows = 0;
  std::uint32_t nulls = 0;
  std::uint32_t values = 0;
  std::uint8_t bits = 0;
  std::uint8_t end_bits = 0;
  bool tags = false;

  [[nodiscard]] constexpr bool has_null_bits() const noexcept { return nulls > 0 && nulls < rows; }
  /// Keys that stand there: rows without a value have a packed one of 0.
  [[nodiscard]] constexpr std::uint32_t packed() const noexcept {
    if (tags) return values;
    return values == 0 ? 0 : rows;
  }
  [[nodiscard]] constexpr std::uint64_t ends_at() const noexcept {
    return has_null_bits() ? whole_words((rows + 7) / 8) : 0;
  }
  [[nodiscard]] constexpr std::uint64_t keys_at() const noexcept {
    return ends_at() + (tags && values > 0 ? whole_words((std::uint64_t{rows} * end_bits + 7) / 8) : 0);
  }
  [[nodiscard]] constexpr std::uint64_t bytes() const noexcept {
    return keys_at() + whole_words((std::uint64_t{packed()} * bits + 7) / 8);
  }

  static constexpr std::uint64_t whole_words(std::uint64_t bytes) noexcept { return (bytes + 7) / 8 * 8; }
};

constexpr std::uint64_t runs_of(std::uint64_t rows) noexcept {
  return (rows + kRunRows - 1) / kRunRows;
}
constexpr std::uint32_t rows_in_run(std::uint64_t rows, std::uint64_t run) noexcept {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(kRunRows, rows - run * kRunRows));
}

/// Bits that hold `span`, which may be 0: then none.
constexpr std::uint8_t bits_of_span(std::uint64_t span) noexcept {
  return static_cast<std::uint8_t>(std::bit_width(span));
}

/// The number of `bits` bits, at most 64, that begins at bit `at`, least significant first. Precondition: 9 bytes are
/// readable from the first one on.
inline std::uint64_t packed_number(const std::byte* packed, std::uint64_t at, unsigned bits) noexcept {
  if (bits == 0) return 0;
  const std::byte* const from = packed + at / 8;
  const unsigned shift = static_cast<unsigned>(at % 8);
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  word >>= shift;
  if (bits + shift > 64) word |= static_cast<std::uint64_t>(from[8]) << (64 - shift);
  return bits == 64 ? word : word & ((std::uint64_t{1} << bits) - 1);
}

/// Appends numbers bit by bit.
class BitWriter {
 public:
  explicit BitWriter(std::vector<std::byte>& out) noexcept : out_(out) {}

  void put(std::uint64_t number, unsigned bits) {
    for (unsigned done = 0; done < bits;) {
      const unsigned part = std::min(bits - done, 8 - held_);
      byte_ |= static_cast<unsigned>(number >> done & ((1U << part) - 1)) << held_;
      held_ += part;
      done += part;
      if (held_ == 8) flush();
    }
  }
  /// Fills up the byte that was begun, and zeros up to 8 bytes.
  void end() {
    if (held_ > 0) flush();
    out_.resize(RunShape::whole_words(out_.size()));
  }

 private:
  void flush() {
    out_.push_back(static_cast<std::byte>(byte_));
    byte_ = held_ = 0;
  }

  std::vector<std::byte>& out_;
  unsigned byte_ = 0;
  unsigned held_ = 0;
};

constexpr std::uint64_t key_of(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}
constexpr std::int64_t i64_of(std::uint64_t key) noexcept {
  return static_cast<std::int64_t>(key ^ (std::uint64_t{1} << 63));
}
/// Precondition: not NaN. Both zeros have the key of 0.0.
constexpr std::uint64_t key_of(double value) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);
  return (bits >> 63) != 0 ? ~bits : bits | (std::uint64_t{1} << 63);
}
constexpr double f64_of(std::uint64_t key) noexcept {
  return std::bit_cast<double>((key >> 63) != 0 ? key ^ (std::uint64_t{1} << 63) : ~key);
}

/// What a column's header says, checked: parts lie one behind the other inside the section.
struct ColumnShape {
  AttributeType type = AttributeType::kI64;
  std::uint64_t rows = 0;
  std::uint64_t nulls = 0;
  std::uint64_t values = 0;
  std::uint64_t entries = 0;
  std::uint64_t dictionary = 0;
  std::uint64_t strings = 0;
  std::uint64_t postings = 0;
  std::uint64_t bytes = 0;  ///< of the section

  [[nodiscard]] bool has_dictionary() const noexcept {
    return type == AttributeType::kString || type == AttributeType::kTags;
  }
  [[nodiscard]] std::uint64_t runs() const noexcept { return runs_of(rows); }
  [[nodiscard]] std::uint64_t runs_at() const noexcept { return sizeof(ColumnHeader); }
  [[nodiscard]] std::uint64_t data_at() const noexcept { return runs_at() + runs() * sizeof(RunRow); }
  /// Bits of a row in the postings.
  [[nodiscard]] std::uint8_t posting_bits() const noexcept { return bits_of_span(rows - 1); }
  /// An entry has a posting when fewer rows than that have it.
  [[nodiscard]] std::uint64_t posting_limit() const noexcept { return rows / 64; }
};

/// bytes: at least a header; section_bytes: of the section, which stands at `at` in the file.
/// Errors: kCorrupt for another type or number of rows, for a column without a value, and for parts that do not fit.
Result<ColumnShape> decode_column(std::span<const std::byte> bytes, std::uint64_t section_bytes, AttributeType type,
                                  std::uint64_t rows, std::uint64_t at);
ColumnHeader encode_column(const ColumnShape& shape) noexcept;

/// A run of the column. Errors: kCorrupt, where it does not lie before the dictionary or its counts do not fit its
/// rows.
struct Run {
  RunShape shape;
  std::uint64_t offset = 0;
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};
Result<Run> decode_run(const RunRow& row, const ColumnShape& column, std::uint64_t number, std::uint64_t at);

}  // namespace nearline::format
