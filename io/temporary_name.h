// SPDX-License-Identifier: Apache-2.0
/// Files under a name that nobody uses yet.
#pragma once

#include "io/file.h"

namespace nearline::io {

/// Creates ".nearline-PID-NUMBER.tmp" in `directory`, trying other numbers while the name is taken.
/// Errors: those of FileSystem::create_new.
Result<std::unique_ptr<File>> create_temporary(FileSystem& fs, const std::filesystem::path& directory);

/// Where a file's temporary companions belong: beside it, so that a rename is enough.
std::filesystem::path directory_of(const std::filesystem::path& file);

}  // namespace nearline::io
