// SPDX-License-Identifier: Apache-2.0
/// Names of records whose pages are lost: the keys tell which ids they had.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/file/index_file.h"
#include "nearline/salvage.h"

namespace nearline::engine {

/// Adds what can be said of a segment, until `out` has `most`. Memory: a bit per record that the file has room for.
void name_lost_ids(const SegmentFile& segment, std::uint64_t file_bytes, std::size_t most, std::vector<LostIds>& out);

}  // namespace nearline::engine
