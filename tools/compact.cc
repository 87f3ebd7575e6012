// SPDX-License-Identifier: Apache-2.0
/// nearline compact: one dense segment, in place or as a new file.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "nearline/index.h"
#include "nearline/writer.h"
#include "tools/commands.h"
#include "tools/commit_report.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/outputs.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index, output;
  WriterOptions writer;
  bool dry_run = false, force = false, json = false, progress = false;
};

/// What a compaction would be worth.
int tell(const Options& options) {
  const auto index =
      Index::open(options.index, {.io = IoMode::kPread, .threads = 1, .untrusted = options.writer.untrusted});
  if (!index) return fail(index.error());
  const IndexInfo& info = index.value().info();
  const auto fresh =
      estimate(info.count, info.schema, {.degree = info.degree > 0 ? info.degree : 32, .code_bytes = info.code_bytes});
  if (!fresh) return fail(fresh.error());
  const std::uint64_t dense = fresh.value().file_bytes;
  const std::uint64_t gain = info.file_bytes > dense ? info.file_bytes - dense : 0;
  if (options.json) {
    JsonLine line;
    line.put("index", options.index.string()).put("file_bytes", info.file_bytes).put("free_bytes", info.free_bytes);
    line.put("deleted", info.deleted).put("segments", info.segments).put("dense_bytes", dense);
    line.put("reclaimable_bytes", gain).print();
    return 0;
  }
  fmt::print("{}: {}, {} of it free, {} deleted records in {} segment{}\n", options.index.string(),
             bytes_text(static_cast<double>(info.file_bytes)), bytes_text(static_cast<double>(info.free_bytes)),
             info.deleted, info.segments, info.segments == 1 ? "" : "s");
  fmt::print("a new dense file would take about {}, {} less\n", bytes_text(static_cast<double>(dense)),
             bytes_text(static_cast<double>(gain)));
  return 0;
}

int to_file(const Options& options) {
  const auto onto_itself = same_name(options.output, options.index);
  if (!onto_itself) return fail(onto_itself.error());
  if (!*onto_itself) {
    const auto differ = check_differ({"--output", &options.output}, {"INDEX", &options.index});
    if (!differ) return fail(differ.error());
  }
  auto writer = Writer::open(options.index, options.writer);
  if (!writer) return fail(writer.error());
  const auto report = writer->compact_to(options.output, options.force || *onto_itself);
  if (!report) return fail(report.error());
  clear_progress_line();
  if (options.json) {
    JsonLine line;
    line.put("index", options.output.string()).put("count", report.value().count);
    line.put("file_bytes", report.value().file_bytes).put("seconds", report.value().seconds).print();
    return 0;
  }
  fmt::print("{}: {} vectors, {}, {}\n", options.output.string(), report.value().count,
             bytes_text(static_cast<double>(report.value().file_bytes)), seconds_text(report.value().seconds));
  return 0;
}

int in_place(const Options& options) {
  auto writer = Writer::open(options.index, options.writer);
  if (!writer) return fail(writer.error());
  const auto report = writer->compact();
  if (!report) return fail(report.error());
  clear_progress_line();
  print_commit(options.index, "compacted", report.value().count, report.value(), options.json);
  return 0;
}

int run(Options& options) {
  options.writer.progress = progress_line(options.progress);
  if (options.dry_run) return tell(options);
  return options.output.empty() ? in_place(options) : to_file(options);
}

}  // namespace

Action declare_compact(Args& args) {
  auto options = std::make_shared<Options>();
  args.changed("INDEX", options->index, "the index");
  args.replacement("-o,--output", options->output,
                   "write a new file and leave INDEX as it is; INDEX itself: replace it when done");
  args.flag("--dry-run", options->dry_run, "only say what it would be worth");
  args.size("--memory", options->writer.memory_bytes, "bound on what it allocates");
  args.threads(options->writer.threads, "threads; auto means one a processor");
  args.wait(options->writer.lock_timeout);
  args.untrusted(options->writer.untrusted);
  args.force(options->force);
  args.json(options->json);
  args.progress(options->progress);
  args.example("nearline compact photos.near -o photos.near");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
