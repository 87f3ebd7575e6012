// SPDX-License-Identifier: Apache-2.0
/// nearline delete: takes records out of an index, by id or by what they say.
#include <fmt/format.h>

#include <memory>

#include "nearline/writer.h"
#include "tools/commands.h"
#include "tools/commit_report.h"
#include "tools/console.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index;
  IdSource ids;
  std::string filter, field;
  WriterOptions writer;
  bool strict = false, json = false, progress = false;
};

Result<CommitReport> erase_where(const Options& options, EraseReport& erased) {
  NEARLINE_TRY(writer, Writer::open(options.index, options.writer));
  NEARLINE_TRY(report, writer.erase_where(options.filter));
  erased = report;
  return writer.commit();
}

Result<CommitReport> erase(const Options& options, EraseReport& erased) {
  if (options.ids.given() == !options.filter.empty()) {
    return Error{Code::kInvalidArgument, "expected --ids, or --filter: what to delete"};
  }
  if (!options.filter.empty() && !options.field.empty()) {
    return Error{Code::kInvalidArgument, "--field: expected --ids with it, whose vectors in the field are deleted"};
  }
  if (!options.filter.empty()) return erase_where(options, erased);
  NEARLINE_TRY(ids, options.ids.read());
  NEARLINE_TRY(writer, Writer::open(options.index, options.writer));
  NEARLINE_TRY(report, options.field.empty() ? writer.erase(ids) : writer.erase_field(options.field, ids));
  erased = report;
  if (options.strict && erased.unknown > 0) {
    return Error{Code::kNotFound,
                 fmt::format("{} of {} ids: expected a record for each, found none", erased.unknown, ids.size()),
                 options.ids.name()};
  }
  return writer.commit();
}

int run(Options& options) {
  options.writer.progress = progress_line(options.progress);
  options.writer.background_merges = false;  // one commit, and what it leaves is merged when it returns
  EraseReport erased;
  const auto report = erase(options, erased);
  if (!report) return fail(report.error());
  clear_progress_line();
  print_commit(options.index, "deleted", erased.erased, *report, options.json, {.unknown = erased.unknown});
  return 0;
}

}  // namespace

Action declare_delete(Args& args) {
  auto options = std::make_shared<Options>();
  args.changed("INDEX", options->index, "the index");
  args.ids("--ids", options->ids, "ids of the records to delete; files are .u64bin, .npy or text");
  args.filter(options->filter);
  args.text("--field", options->field, "NAME", "delete only what the records have in this further field");
  args.flag("--strict", options->strict, "delete nothing when an id is unknown");
  args.size("--memory", options->writer.memory_bytes, "bound on what the commit allocates");
  args.threads(options->writer.threads, "threads; auto means one a processor");
  args.wait(options->writer.lock_timeout);
  args.untrusted(options->writer.untrusted);
  args.json(options->json);
  args.progress(options->progress);
  args.example("nearline delete photos.near --ids gone.txt");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
