// SPDX-License-Identifier: Apache-2.0
/// Rows of files whose values are not stored as they are read: doubles, and tables that stand column by column.
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/vector_header.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

/// Makes rows [first, first + count) of header.type at `out`. Of a file by columns each component takes a read.
/// Errors: those of read_input; kBadInput naming the first row found with a double that is finite and beyond f32.
/// Precondition: the rows exist; header.doubles or header.columns.
Result<void> read_converted(const io::File& file, const format::VectorHeader& header, std::uint64_t first,
                            std::uint64_t count, std::byte* out);

}  // namespace nearline::engine
