// SPDX-License-Identifier: Apache-2.0
/// The keys of one run of a column: packed numbers made plain, and the rules that they keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "format/column.h"
#include "nearline/result.h"

namespace nearline::format {

/// Keys of the rows of one run, and which rows have any.
struct RunKeys {
  std::uint32_t rows = 0;
  std::vector<std::uint64_t> valid{};  ///< a bit each
  std::vector<std::uint64_t> keys{};   ///< of each row, 0 above the least without a value; of tags all, row by row
  std::vector<std::uint32_t> ends{};   ///< of tags: up to which key each row has them

  [[nodiscard]] bool has(std::uint32_t row) const noexcept { return (valid[row / 64] >> (row % 64) & 1) != 0; }
  /// The first key of a row, and the one behind its last.
  [[nodiscard]] std::uint32_t begin_of(std::uint32_t row) const noexcept {
    if (!ends.empty()) return row == 0 ? 0 : ends[row - 1];
    return has(row) ? row : row + 1;
  }
  [[nodiscard]] std::uint32_t end_of(std::uint32_t row) const noexcept { return ends.empty() ? row + 1 : ends[row]; }
};

/// bytes: of the run, as many as its shape says and 16 more that may be read. at: of the column in the file.
/// Errors: kCorrupt where ends of tags do not ascend, or a row has too many.
Result<void> unpack_run(const Run& run, const std::byte* bytes, std::uint64_t at, RunKeys& out);

/// The rules of a run that a reader can do without (SPEC.md section 7): counts, the least and the largest key, zeros
/// where nothing stands, tags of a row in order, and keys that some value of the type has. bytes: as above; keys: what
/// they unpack to. Errors: kCorrupt.
Result<void> check_run(const Run& run, const ColumnShape& column, const std::byte* bytes, const RunKeys& keys,
                       std::uint64_t at);

}  // namespace nearline::format
