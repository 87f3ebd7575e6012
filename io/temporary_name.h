// SPDX-License-Identifier: Apache-2.0
/// Files under a name that nobody uses yet.
#pragma once

#include "io/file.h"

namespace nearline::io {

/// Creates ".nearline-PID-NUMBER.tmp" in `directory`, trying other numbers while the name is taken.
/// Errors: those of FileSystem::create_new.
Result<std::unique_ptr<File>> create_temporary(FileSystem& fs, const std::filesystem::path& directory);

}  // namespace nearline::io
