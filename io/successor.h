// SPDX-License-Identifier: Apache-2.0
/// Files that will take another's name: who may read them, and what becomes of them when their process dies.
#pragma once

#include <filesystem>

#include "io/descriptor.h"
#include "nearline/result.h"

namespace nearline::io {

/// See FileSystem::create_successor. The file is locked for as long as it is open.
Result<Descriptor> open_successor(const std::filesystem::path& path, const std::filesystem::path& target);

/// See FileSystem::remove_stale. A successor whose lock can be had is nobody's.
void remove_stale_successors(const std::filesystem::path& directory);

}  // namespace nearline::io
