// SPDX-License-Identifier: Apache-2.0
/// Read-only memory maps of open files (Boost.Interprocess).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "io/file.h"

namespace nearline::io {

/// Maps [0, bytes) of an open file; bytes may be 0. Errors: kNoMemory, kIo, kUnsupported (the file cannot be mapped).
Result<std::unique_ptr<Mapping>> map_descriptor(int descriptor, const std::filesystem::path& path, std::uint64_t bytes,
                                                Access access);

}  // namespace nearline::io
