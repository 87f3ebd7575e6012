// SPDX-License-Identifier: Apache-2.0
/// Sees to it that walks over fused pages can come everywhere: a table without room for all neighbours may have cut the
/// only edge to a page.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/file/append_file.h"
#include "format/graph_page.h"

namespace nearline::engine {

/// targets: of each page, count u32 and ordinals u32 [shape.targets]. Adds to `entries` the first record of each page
/// that no path from them leads to. Errors: those of the file.
Result<void> reach_all_pages(const AppendFile& targets, const format::PageShape& shape, std::uint64_t count,
                             std::vector<std::uint32_t>& entries);

}  // namespace nearline::engine
