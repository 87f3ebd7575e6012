// SPDX-License-Identifier: Apache-2.0
/// `nearline::verify` on a file system of the caller's choice.
#pragma once

#include <filesystem>

#include "io/file.h"
#include "nearline/verify.h"

namespace nearline::engine {

Result<VerifyReport> verify(io::FileSystem& fs, const std::filesystem::path& path, bool full,
                            const ProgressFn& progress = {});

/// What `untrusted` asks for before a file is used. Errors: kCorrupt, which tells the first finding; those of verify.
Result<void> check_untrusted(io::FileSystem& fs, const std::filesystem::path& path);

}  // namespace nearline::engine
