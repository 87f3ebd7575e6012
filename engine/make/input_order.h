// SPDX-License-Identifier: Apache-2.0
/// Puts what was taken in into an order of its own: by hash of the vector, then by id; or by id. What is drawn from the
/// rows later then depends on what was added, and not on when.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "engine/make/spill.h"
#include "format/checksum.h"
#include "io/file.h"

namespace nearline::engine {

struct SortOptions {
  std::uint64_t seed = 1;
  bool by_id = false;              ///< by id alone
  std::uint64_t rows_at_once = 0;  ///< held in memory together; more of them go through a file without a name
  std::function<Result<void>(std::uint64_t done)> progress;
};

/// Memory: kSortBytes a row, and rows_at_once rows.  Returns a hash of all rows and their ids.
/// Errors: those of `progress` and of the files in `directory`; then the spill is of no more use.
Result<format::Hash128> sort_rows(Spill& rows, io::FileSystem& fs, const std::filesystem::path& directory,
                                  const SortOptions& options);

/// The buffer of rows on their way, where they are not held in memory together.
inline constexpr std::uint64_t kSortBufferBytes = 4u << 20;
/// Bytes that sorting holds for each row besides the rows in memory: its key and its rank.
inline constexpr std::uint64_t kSortBytes = 28;

}  // namespace nearline::engine
