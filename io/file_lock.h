// SPDX-License-Identifier: Apache-2.0
/// Open-file-description locks (F_OFD_SETLK). Unlike POSIX record locks they conflict between two opens in one process
/// and are not dropped when some other descriptor of the file is closed; the kernel drops them when a process dies.
#pragma once

#include <cstdint>
#include <filesystem>

#include "nearline/result.h"

namespace nearline::io {

/// Errors: kBusy when another open file holds a conflicting lock; kIo (EBADF: an exclusive lock needs a descriptor
/// that is open for writing).
Result<void> lock_byte(int descriptor, const std::filesystem::path& path, std::uint64_t at, bool exclusive);
Result<void> unlock_byte(int descriptor, const std::filesystem::path& path, std::uint64_t at);

/// Whether another open file holds any lock in [at, at + bytes).
Result<bool> locked_by_other(int descriptor, const std::filesystem::path& path, std::uint64_t at, std::uint64_t bytes);

}  // namespace nearline::io
