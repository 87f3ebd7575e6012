// SPDX-License-Identifier: Apache-2.0
/// Files that say where sets of rows begin: u32 n + 1, u32 1, n + 1 u64.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "nearline/result.h"

namespace nearline::tools {

/// The offsets, ascending from 0 to `rows`. Errors: kNotFound, kIo; kBadInput for a file that is no such, or whose
/// offsets do not go so.
Result<std::vector<std::uint64_t>> read_offsets(const std::filesystem::path& path, std::uint64_t rows);

}  // namespace nearline::tools
