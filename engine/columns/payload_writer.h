// SPDX-License-Identifier: Apache-2.0
/// Writes the payloads of a segment (format/payload.h).
#pragma once

#include <cstdint>
#include <span>

#include "engine/columns/staged_values.h"
#include "engine/file/index_file_writer.h"

namespace nearline::engine {

/// Of the segment that is being written. places: the staged row of each row, or 2^32 - 1. Nothing is written where no
/// row has a payload.
Result<void> write_payloads(IndexFileWriter& writer, StagedValues& staged, std::span<const std::uint32_t> places);

}  // namespace nearline::engine
