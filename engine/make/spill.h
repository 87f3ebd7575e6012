// SPDX-License-Identifier: Apache-2.0
/// Records waiting to be linked, in a file without a name beside the output: what is added need not fit in memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "io/file.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::engine {

class Spill {
 public:
  /// vector_bytes: of each record.
  Spill(std::unique_ptr<io::File> file, std::size_t vector_bytes);

  /// Errors: kNoSpace, kIo. Afterwards the spill must be cut to what it was, and can go on from there.
  Result<void> append(Id id, std::span<const std::byte> vector);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// Forgets the records from `count` on. Precondition: nothing was read since they were appended.
  void cut(std::uint64_t count) noexcept;

  /// Forgets all records; new ones take their place in the file.
  void clear() noexcept;

  /// Reads all records in order. visit(row, id, vector).
  template <class Visit>
  Result<void> for_each(Visit&& visit);

  /// Reads records [first, first + rows) into a buffer of its own, valid until the next call; each id then vector.
  Result<std::span<const std::byte>> read(std::uint64_t first, std::uint64_t rows);

  [[nodiscard]] std::size_t row_bytes() const noexcept { return sizeof(Id) + vector_bytes_; }
  [[nodiscard]] std::uint64_t rows_per_read() const noexcept;

 private:
  Result<void> flush();

  std::unique_ptr<io::File> file_;
  std::size_t vector_bytes_;
  std::uint64_t count_ = 0;
  std::uint64_t written_ = 0;
  std::vector<std::byte> buffer_;
};

template <class Visit>
Result<void> Spill::for_each(Visit&& visit) {
  for (std::uint64_t first = 0; first < count_; first += rows_per_read()) {
    const std::uint64_t rows = std::min(rows_per_read(), count_ - first);
    NEARLINE_TRY(bytes, read(first, rows));
    for (std::uint64_t i = 0; i < rows; ++i) {
      const auto row = bytes.subspan(i * row_bytes(), row_bytes());
      Id id;
      std::memcpy(&id, row.data(), sizeof id);
      NEARLINE_CHECK(visit(first + i, id, row.subspan(sizeof id)));
    }
  }
  return {};
}

}  // namespace nearline::engine
