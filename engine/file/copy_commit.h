// SPDX-License-Identifier: Apache-2.0
/// A copy of one commit as a file of its own, dense.
#pragma once

#include <filesystem>

#include "engine/file/index_file.h"
#include "nearline/types.h"

namespace nearline::engine {

/// As Index::snapshot.
Result<void> copy_commit(const IndexFile& commit, io::FileSystem& fs, const std::filesystem::path& output, bool replace,
                         const ProgressFn& progress);

}  // namespace nearline::engine
