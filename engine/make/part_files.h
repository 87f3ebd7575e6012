// SPDX-License-Identifier: Apache-2.0
/// What a build in parts keeps on disk between its passes: the rows of each part, and the lists that each part found.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/make/partition.h"
#include "engine/make/spill.h"
#include "io/file.h"

namespace nearline::engine {

/// The rows of every part, each part's in one run, in ascending order of row.
class PartRows {
 public:
  /// Copies the spill's rows to their parts. buffer_bytes: for all parts together.
  static Result<PartRows> create(std::unique_ptr<io::File> file, Spill& spill, std::span<const PartPair> parts,
                                 std::uint32_t part_count, std::uint64_t buffer_bytes);

  [[nodiscard]] std::uint64_t size(std::uint32_t part) const noexcept { return sizes_[part]; }

  /// One row of a part as it is stored: row number, id, vector.
  struct Row {
    std::uint32_t row;
    Id id;
    std::span<const std::byte> vector;
  };

  /// Visits the rows of a part in order. visit(index in the part, Row) returns Result<void>.
  template <class Visit>
  Result<void> for_each(std::uint32_t part, Visit&& visit);

 private:
  PartRows(std::unique_ptr<io::File> file, std::size_t spill_row_bytes)
      : file_(std::move(file)), row_bytes_(sizeof(std::uint32_t) + spill_row_bytes) {}

  [[nodiscard]] Row decode(std::span<const std::byte> bytes) const noexcept;

  static constexpr std::uint64_t kReadBytes = 1u << 20;

  std::unique_ptr<io::File> file_;
  std::size_t row_bytes_;
  std::vector<std::uint64_t> starts_;  // in rows
  std::vector<std::uint64_t> sizes_;
};

/// Two lists of neighbours per row, by row number: the one from its home part and the other.
class PartLists {
 public:
  PartLists(std::unique_ptr<io::File> file, std::uint32_t degree)
      : file_(std::move(file)), slot_(std::size_t{degree} + 1), united_(2 * slot_.size()) {}

  /// Errors: kNoSpace, kIo. Precondition: list.size() <= degree.
  Result<void> store(std::uint32_t row, bool home, std::span<const std::uint32_t> list);

  /// The union of a row's lists, those of its home part first. Valid until the next call.
  Result<std::span<const std::uint32_t>> unite(std::uint32_t row, bool both);

 private:
  std::unique_ptr<io::File> file_;
  std::vector<std::uint32_t> slot_;  // length, then neighbours
  std::vector<std::uint32_t> united_;
};

template <class Visit>
Result<void> PartRows::for_each(std::uint32_t part, Visit&& visit) {
  const std::uint64_t step = std::max<std::uint64_t>(1, kReadBytes / row_bytes_);
  std::vector<std::byte> buffer;
  for (std::uint64_t first = 0; first < sizes_[part]; first += step) {
    const std::uint64_t rows = std::min(step, sizes_[part] - first);
    buffer.resize(rows * row_bytes_);
    NEARLINE_CHECK(io::read_exact(*file_, (starts_[part] + first) * row_bytes_, buffer));
    for (std::uint64_t i = 0; i < rows; ++i) {
      NEARLINE_CHECK(visit(first + i, decode(std::span(buffer).subspan(i * row_bytes_, row_bytes_))));
    }
  }
  return {};
}

}  // namespace nearline::engine
