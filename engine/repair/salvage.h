// SPDX-License-Identifier: Apache-2.0
/// `nearline::salvage` on a file system of the caller's choice.
#pragma once

#include <filesystem>

#include "io/file.h"
#include "nearline/salvage.h"

namespace nearline::engine {

Result<SalvageReport> salvage(io::FileSystem& fs, const std::filesystem::path& path,
                              const std::filesystem::path& output, const SalvageOptions& options = {});

}  // namespace nearline::engine
