// SPDX-License-Identifier: Apache-2.0
/// Files of vectors that a command is given.
#pragma once

#include <filesystem>
#include <string_view>

#include "nearline/vector_file.h"

namespace nearline::tools {

/// VectorFile::open, which says on stderr where the file's values will be converted.
Result<VectorFile> open_vectors(const std::filesystem::path& path, std::string_view form = {});

}  // namespace nearline::tools
