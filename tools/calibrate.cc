// SPDX-License-Identifier: Apache-2.0
/// nearline calibrate: measures with queries of the user's what a recall takes, for searches with --recall.
#include <fmt/format.h>

#include <memory>

#include "nearline/writer.h"
#include "tools/commands.h"
#include "tools/commit_report.h"
#include "tools/console.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index, queries;
  std::string form, field;
  WriterOptions writer;
  bool json = false, progress = false;
};

Result<CommitReport> calibrate(const Options& options, std::size_t& rows) {
  std::vector<std::byte> bytes;
  MatrixView queries;
  if (!options.queries.empty()) {
    NEARLINE_TRY(file, open_vectors(options.queries, options.form));
    if (file.rows() == 0)
      return Error{Code::kBadInput, "a file of no rows: expected queries", options.queries.string()};
    NEARLINE_TRY(all, file.read_all());
    bytes = std::move(all);
    queries = {bytes.data(), static_cast<std::size_t>(file.rows()), file.dim(), file.type()};
  }
  rows = queries.rows;
  NEARLINE_TRY(writer, Writer::open(options.index, options.writer));
  auto report = writer.calibrate(queries, options.field);
  if (!report && (report.error().code == Code::kBadInput || report.error().code == Code::kInvalidArgument))
    return std::move(report).error().in(options.queries.string());
  return report;
}

int run(Options& options) {
  options.writer.progress = progress_line(options.progress);
  std::size_t rows = 0;
  const auto report = calibrate(options, rows);
  if (!report) return fail(report.error());
  clear_progress_line();
  const char* done = options.json              ? "queries"
                     : options.queries.empty() ? "queries, so calibrated with its records"
                                               : "queries calibrated with";
  print_commit(options.index, done, rows, *report, options.json);
  return 0;
}

}  // namespace

Action declare_calibrate(Args& args) {
  auto options = std::make_shared<Options>();
  args.changed("INDEX", options->index, "the index");
  args.vectors("QUERIES", options->queries,
               "at least 32 queries like those to come, of which the index keeps 512; without, its records serve again",
               false);
  args.form(options->form);
  args.field(options->field);
  args.size("--memory", options->writer.memory_bytes, "bound on what the calibration allocates");
  args.threads(options->writer.threads, "threads; auto means one a processor");
  args.untrusted(options->writer.untrusted);
  args.wait(options->writer.lock_timeout);
  args.json(options->json);
  args.progress(options->progress);
  args.example("nearline calibrate photos.near queries.fbin");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
