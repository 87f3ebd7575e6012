// SPDX-License-Identifier: Apache-2.0
/// Reads a file of vectors front to back, in blocks that fit a memory budget and stay in the last-level cache.
#pragma once

#include <algorithm>
#include <vector>

#include "nearline/result.h"
#include "nearline/vector_file.h"

namespace nearline::engine {

inline constexpr std::uint64_t kRowBlockBytes = 16u << 20;

/// Calls see(rows, first_row), a Result<void>, for consecutive blocks of at most `most_bytes` (one row at least).
/// The rows are borrowed for the call. Errors: those of the file and of `see`.
template <class See>
Result<void> for_each_block(const VectorFile& file, std::uint64_t most_bytes, See&& see) {
  const std::uint64_t size = vector_bytes(file.type(), file.dim());
  const std::uint64_t step = std::max<std::uint64_t>(1, std::min(most_bytes, kRowBlockBytes) / size);
  std::vector<std::byte> block(static_cast<std::size_t>(std::min(step, file.rows()) * size));
  for (std::uint64_t first = 0; first < file.rows(); first += step) {
    const std::uint64_t count = std::min(step, file.rows() - first);
    NEARLINE_CHECK(file.read(first, count, std::span(block).first(static_cast<std::size_t>(count * size))));
    const MatrixView rows(block.data(), static_cast<std::size_t>(count), file.dim(), file.type());
    NEARLINE_CHECK(see(rows, first));
  }
  return {};
}

}  // namespace nearline::engine
