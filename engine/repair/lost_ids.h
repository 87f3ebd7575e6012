// SPDX-License-Identifier: Apache-2.0
/// Names of records whose pages are lost: the id index tells between which others they stand.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/file/index_file.h"
#include "nearline/salvage.h"

namespace nearline::engine {

/// Adds what can be said of a segment, until `out` has `most`. Memory: eight bytes per record of the segment, which are
/// at most twice the file's own.
void name_lost_ids(const SegmentFile& segment, std::uint64_t file_bytes, std::size_t most, std::vector<LostIds>& out);

}  // namespace nearline::engine
