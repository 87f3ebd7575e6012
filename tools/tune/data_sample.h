// SPDX-License-Identifier: Apache-2.0
/// Some of the user's records, to build small indexes of, and queries that are not among them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "nearline/builder.h"
#include "nearline/vector_file.h"

namespace nearline::tools {

struct DataSource {
  std::filesystem::path input;    ///< a file of vectors, or an index
  std::filesystem::path queries;  ///< empty: records are held out
  std::optional<Metric> metric;   ///< unless said, that of the index, else what suits the type
  std::uint32_t rows = 20'000;    ///< records to take, or all where there are fewer
  std::uint64_t seed = 1;
  bool untrusted = false;  ///< the input, where it is an index
};

struct DataSample {
  std::uint64_t total = 0;  ///< records in the input
  Schema schema;            ///< of the input
  std::vector<std::byte> row_bytes, query_bytes;
  MatrixView rows, queries;
};

/// The same seed takes the same records, evenly over the input.
/// Errors: kInvalidArgument for fewer than 2,000 records, another metric, or queries that do not fit; those of
/// VectorFile and Index; kCancelled.
Result<DataSample> draw_data(const DataSource& source, const ProgressFn& progress);

/// The types that could store these vectors: their own, f16 for f32, and u8 or i8 where every value of f32 is one.
std::vector<ElementType> types_for(const DataSample& sample);

}  // namespace nearline::tools
