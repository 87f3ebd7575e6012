// SPDX-License-Identifier: Apache-2.0
/// Writes a segment's keys (format/keys.h).
#pragma once

#include <span>

#include "engine/file/index_file_writer.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Of the segment that is being written, whose least and largest id it notes. ids: by row, all different.
Result<void> write_keys(IndexFileWriter& writer, std::span<const Id> ids);

}  // namespace nearline::engine
