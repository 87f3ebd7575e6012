// SPDX-License-Identifier: Apache-2.0
#include "tools/commit_report.h"

#include <fmt/format.h>

#include <vector>

#include "tools/console.h"
#include "tools/json_line.h"

namespace nearline::tools {

void print_commit(const std::filesystem::path& index, const char* done, std::uint64_t records,
                  const CommitReport& report, bool json, const CommitNotes& notes) {
  if (json) {
    JsonLine line;
    line.put("index", index.string()).put(done, records).put("generation", report.generation);
    line.put("count", report.count).put("segments", report.segments).put("merged_records", report.merged_records);
    line.put("file_bytes", report.file_bytes).put("free_bytes", report.free_bytes);
    if (notes.unknown) line.put("unknown", *notes.unknown);
    if (!notes.given.empty()) {
      std::vector<std::uint64_t> first, last;
      for (const IdRun& run : notes.given) {
        first.push_back(run.first);
        last.push_back(run.last);
      }
      line.put("first_ids", first).put("last_ids", last);
    }
    line.print();
    return;
  }
  fmt::print("{}: {} {}; generation {} holds {} in {} segment{}\n", index.string(), records, done, report.generation,
             report.count, report.segments, report.segments == 1 ? "" : "s");
  fmt::print("{}, {} of it free for the next commits; {} older records written anew\n",
             bytes_text(static_cast<double>(report.file_bytes)), bytes_text(static_cast<double>(report.free_bytes)),
             report.merged_records);
  if (notes.unknown.value_or(0) > 0) fmt::print("{} ids that no record has\n", *notes.unknown);
  for (const IdRun& run : notes.given) {
    if (run.first == run.last) {
      fmt::print("the new record has id {}\n", run.first);
    } else {
      fmt::print("the new records have ids {} to {}\n", run.first, run.last);
    }
  }
}

}  // namespace nearline::tools
