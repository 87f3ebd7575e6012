// SPDX-License-Identifier: Apache-2.0
/// Writes what was staged as the columns and payloads of a segment.
#pragma once

#include <span>

#include "engine/columns/staged_values.h"
#include "engine/file/index_file_writer.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Of the segment that is being written. ids: by row; a record of which nothing was staged has no values, and of one
/// that was staged twice the later counts. An attribute without a value has no column, records without payloads no
/// payloads. Takes some 30 bytes a record while it runs.
Result<void> write_values(IndexFileWriter& writer, StagedValues& staged, std::span<const Id> ids);

/// What `write_values` takes for so many records.
constexpr std::uint64_t value_table_bytes(std::uint64_t records) noexcept {
  return records * 40;
}

}  // namespace nearline::engine
