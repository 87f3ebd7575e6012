// SPDX-License-Identifier: Apache-2.0
/// Columns and payloads in memory from the format room's encoders alone, beside tiny_index.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nearline/attributes.h"
#include "tests/support/tiny_index.h"

namespace nearline::testing {

/// The keys of a row, ascending; none where it has no value.
using Cell = std::optional<std::vector<std::uint64_t>>;

struct TinyColumn {
  AttributeType type = AttributeType::kI64;
  std::vector<Cell> rows{};
  std::vector<std::string> dictionary{};  ///< in order; of strings and tags
};

/// The section of a column.
std::vector<std::byte> column_bytes(const TinyColumn& column);

/// The section of payloads, each of `frames` in a frame of its own. Frames are closed without compression, as zstd
/// allows it, so that their bytes do not depend on the release of zstd.
std::vector<std::byte> payload_bytes(const std::vector<std::vector<std::string>>& frames);

/// A column of each type over so many rows: nulls, negative numbers, -0.0, text beyond ASCII, no tags. Of more rows
/// than a run has, some runs have no value.
std::vector<TinyColumn> tiny_columns(std::uint32_t rows);
/// As many payloads as rows, in at most three frames, some of them empty.
std::vector<std::vector<std::string>> tiny_payloads(std::uint32_t rows);

/// Adds these to segment 0 of an index of so many records.
void add_values(IndexAssembler& file, const std::vector<TinyColumn>& columns,
                const std::vector<std::vector<std::string>>& payloads);

/// An index of 130 records with a column of each type and payloads in three frames.
std::vector<std::byte> index_with_columns();
/// One of 4100 records, so that each column has two runs.
std::vector<std::byte> index_with_two_runs();

}  // namespace nearline::testing
