// SPDX-License-Identifier: Apache-2.0
/// nearline verify: damage is listed, one finding a line.
#include <fmt/format.h>

#include <memory>

#include "nearline/verify.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index;
  bool full = false, json = false, progress = false;
};

void print_json(const VerifyReport& report) {
  for (const VerifyFinding& finding : report.findings)
    JsonLine().put("at", finding.at).put("what", finding.what).print();
  JsonLine line;
  line.put("ok", report.finding_count == 0).put("findings", report.finding_count);
  line.put("data_checked", report.full).put("uncommitted_bytes", report.uncommitted_bytes);
  line.put("blocks_checked", report.blocks_checked).put("bytes_checked", report.bytes_checked);
  line.put("records_checked", report.records_checked).print();
}

void print_text(const Options& options, const VerifyReport& report) {
  for (const VerifyFinding& finding : report.findings)
    fmt::print("{}\n", Error{Code::kCorrupt, finding.what, options.index.string(), finding.at}.message());
  if (report.uncommitted_bytes > 0)
    fmt::print(
        "{}: note: {} bytes behind the newest commit, of a writer that is at work or died: the next one takes them\n",
        options.index.string(), report.uncommitted_bytes);
  if (report.finding_count > 0) return;
  if (report.full) {
    fmt::print("{}: good: {} in {} blocks, {} records\n", options.index.string(),
               bytes_text(static_cast<double>(report.bytes_checked)), report.blocks_checked, report.records_checked);
  } else {
    fmt::print("{}: metadata good, {} blocks; data not checked, use --full\n", options.index.string(),
               report.blocks_checked);
  }
}

int run(const Options& options) {
  const auto report = verify(options.index, options.full, progress_line(options.progress));
  if (!report) return fail(report.error());
  clear_progress_line();
  if (options.json) {
    print_json(*report);
  } else {
    print_text(options, *report);
  }
  if (report->finding_count == 0) return 0;
  const VerifyFinding& first = report->findings.front();
  return fail({Code::kCorrupt,
               fmt::format("expected no damage, found {} place{}, the first: {}", report->finding_count,
                           report->finding_count == 1 ? "" : "s", first.what),
               options.index.string(), first.at, 0});
}

}  // namespace

Action declare_verify(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the index");
  args.flag("--full", options->full, "check every block against its checksum, and the graph against its rules");
  args.json(options->json);
  args.progress(options->progress);
  args.example("nearline verify photos.near --full");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
