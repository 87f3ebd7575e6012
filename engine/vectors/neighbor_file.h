// SPDX-License-Identifier: Apache-2.0
/// The bodies of read_neighbors, write_neighbors and read_ids over any file system.
#pragma once

#include <filesystem>
#include <vector>

#include "io/file.h"
#include "nearline/vector_file.h"

namespace nearline::engine {

Result<NeighborTable> read_neighbors(io::FileSystem& fs, const std::filesystem::path& path);
Result<void> write_neighbors(io::FileSystem& fs, const std::filesystem::path& path, const NeighborTable& table,
                             bool replace);
Result<std::vector<Id>> read_ids(io::FileSystem& fs, const std::filesystem::path& path);
/// Of a stream of text.
Result<std::vector<Id>> read_ids(const io::File& stream);
Result<void> write_ids(io::FileSystem& fs, const std::filesystem::path& path, std::span<const Id> ids, bool replace);

}  // namespace nearline::engine
