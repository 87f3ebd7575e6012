// SPDX-License-Identifier: Apache-2.0
/// Where a symbolic link leads.
#pragma once

#include <filesystem>

#include "nearline/result.h"

namespace nearline::io {

/// See FileSystem::resolve. Errors: kPermission where the system does not let this link be followed; kBadInput for
/// links in a circle; kIo.
Result<std::filesystem::path> target_of_link(const std::filesystem::path& path);

}  // namespace nearline::io
