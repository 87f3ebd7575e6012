// SPDX-License-Identifier: Apache-2.0
#include "engine/write/recalibrate.h"

#include <string>

#include "engine/make/calibrate.h"
#include "engine/make/sample_queries.h"
#include "engine/progress.h"
#include "engine/query/check_queries.h"
#include "engine/segment/effort.h"
#include "engine/threads.h"

namespace nearline::engine {
namespace {

/// The largest segment is calibrated, and any other that was: those without one use the largest one's.
bool is_wanted(const SegmentFile& segment, bool largest, std::uint64_t live) {
  if (segment.flat() || live < kLeastCalibrated) return false;
  return largest || segment.section(format::SectionKind::kCalibration) != nullptr;
}

Result<void> calibrate_segment(const CommitInput& input, std::uint32_t row, IndexFileWriter& writer) {
  const IndexFile written(writer.file(), writer.manifest());
  const SegmentFile segment(written, row);
  const std::uint64_t count = segment.segment().count;
  const auto told = [&](double share) {
    return report(input.options.progress,
                  {"calibrate", static_cast<std::uint64_t>(share * static_cast<double>(count)), count});
  };
  NEARLINE_TRY(calibration, calibrate(segment, {.memory_bytes = input.options.memory_bytes,
                                                .threads = thread_count(input.options.threads),
                                                .queries = *input.queries,
                                                .progress = told}));
  if (!calibration) {
    return Error{.code = Code::kOverBudget,
                 .what = "a memory bound of " + std::to_string(input.options.memory_bytes) +
                         " bytes: expected more, to search a segment of " + std::to_string(count) + " records"};
  }
  writer.drop_section(format::SectionKind::kCalibration, row);
  writer.choose_segment(row);
  return writer.add_optional(format::SectionKind::kCalibration, format::encode(*calibration));
}

}  // namespace

Result<std::vector<std::byte>> queries_to_keep(const Snapshot& index, const MatrixView& queries) {
  const Schema& schema = index.schema();
  if (index.query_transform() == nullptr) return sample_of(queries, schema);
  if (queries.dim != schema.query_dim() || queries.type == ElementType::kB1) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "queries of " + std::to_string(queries.dim) + " components of " +
                         std::string(name(queries.type)) + ": the index takes " + std::to_string(schema.query_dim()) +
                         " numbers"};
  }
  NEARLINE_TRY(rows, transformed(index, queries));
  return sample_of(MatrixView(rows.data(), queries.rows, schema.dim), schema);
}

Result<void> recalibrate(const CommitInput& input, IndexFileWriter& writer) {
  const std::uint32_t field = input.index.field();
  NEARLINE_CHECK(writer.set_queries(field, *input.queries));
  writer.settings(field).calibrate = true;  // of merges and compactions, too, if the index was built without
  bool largest = true;
  for (const auto& segment : input.index.segments()) {
    const SegmentFile& file = segment->file();
    if (is_wanted(file, largest, segment->live())) NEARLINE_CHECK(calibrate_segment(input, file.row(), writer));
    largest = largest && file.flat();
  }
  return {};
}

}  // namespace nearline::engine
