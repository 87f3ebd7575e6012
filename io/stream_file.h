// SPDX-License-Identifier: Apache-2.0
/// What can be read once, front to back: a pipe, a terminal, the standard input of a command.
#pragma once

#include <filesystem>
#include <memory>

#include "io/file.h"

namespace nearline::io {

/// Bytes at the start of a stream that are kept, so that a header can be looked at before the rest is read.
inline constexpr std::size_t kStreamHeadBytes = 128 << 10;

/// Whether the name leads to a stream: a pipe, a character device or a socket. False where nothing is.
bool is_stream(const std::filesystem::path& path) noexcept;

/// Opens a stream for reading, and waits for a writer where it is a pipe without one. Its reads must follow each other,
/// but for the first kStreamHeadBytes; another order is kInvalidArgument, and so is all else that takes a file.
/// Errors: kNotFound, kPermission, kIo.
Result<std::unique_ptr<File>> open_stream(const std::filesystem::path& path);

}  // namespace nearline::io
