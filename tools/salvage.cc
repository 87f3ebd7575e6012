// SPDX-License-Identifier: Apache-2.0
/// nearline salvage: what is whole in a damaged index goes into a new one, and what is lost is said.
#include <fmt/format.h>

#include <memory>

#include "nearline/salvage.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index, output;
  SalvageOptions salvage;
  bool json = false, progress = false;
};

void print_json(const Options& options, const SalvageReport& report) {
  for (const LostBytes& lost : report.lost_bytes)
    JsonLine().put("at", lost.at).put("bytes", lost.bytes).put("records", lost.records).print();
  for (const LostIds& lost : report.lost_ids)
    JsonLine().put("first_id", lost.first).put("last_id", lost.last).put("records", lost.records).print();
  JsonLine line;
  line.put("index", options.output.string()).put("complete", report.complete());
  line.put("generation", report.generation).put("by_footer", report.by_footer);
  line.put("newer_generation", report.newer_generation).put("saved", report.saved).put("lost", report.lost);
  line.put("lost_values", report.lost_values).put("lost_transform", report.lost_transform);
  line.put("deleted", report.deleted).put("unsure", report.unsure);
  line.put("repeated", report.repeated).put("file_bytes", report.file_bytes).print();
}

/// "7", "9 to 12", "2 of 20 to 30"; the dots say that there is more.
std::string ids_text(const SalvageReport& report) {
  std::string text;
  std::uint64_t told = 0;
  for (const LostIds& lost : report.lost_ids) {
    text += text.empty() ? "" : ", ";
    if (lost.records <= lost.last - lost.first) text += fmt::format("{} of ", lost.records);
    text += std::to_string(lost.first);
    if (lost.last > lost.first) text += fmt::format(" to {}", lost.last);
    told += lost.records;
  }
  return told < report.lost ? text + ", ..." : text;
}

void print_text(const Options& options, const SalvageReport& report) {
  const std::string name = options.index.string();
  for (const LostBytes& lost : report.lost_bytes)
    fmt::print("{}: lost: {} records in {} bytes at byte {}\n", name, lost.records, lost.bytes, lost.at);
  if (!report.lost_ids.empty()) fmt::print("{}: lost ids: {}\n", name, ids_text(report));
  if (report.newer_generation > 0)
    fmt::print("{}: lost: what generation {} changed, whose manifest is damaged\n", name, report.newer_generation);
  if (report.unsure > 0)
    fmt::print("{}: {} records may have been deleted: their tombstones are damaged\n", name, report.unsure);
  if (report.lost_values > 0)
    fmt::print("{}: lost: {} attributes and payloads of saved records, which have none now\n", name,
               report.lost_values);
  if (report.lost_transform)
    fmt::print("{}: lost: what is done to vectors and queries; the new index takes them as they were stored\n", name);
  if (report.repeated > 0)
    fmt::print("{}: {} older records left out, whose ids newer ones have\n", name, report.repeated);
  fmt::print("{}: {} records of generation {}{}; {} lost, {} deleted ones left out; {}\n", options.output.string(),
             report.saved, report.generation, report.by_footer ? ", found without a superblock" : "", report.lost,
             report.deleted, bytes_text(static_cast<double>(report.file_bytes)));
}

int run(Options& options) {
  options.salvage.progress = progress_line(options.progress);
  const auto report = salvage(options.index, options.output, options.salvage);
  if (!report) return fail(report.error());
  clear_progress_line();
  if (options.json) {
    print_json(options, *report);
  } else {
    print_text(options, *report);
  }
  if (report->complete()) return 0;
  return fail({Code::kCorrupt,
               fmt::format("expected all records of the newest commit, found {} of generation {}, and {} lost{}",
                           report->saved, report->generation, report->lost,
                           report->lost_values > 0 ? fmt::format(", and {} values", report->lost_values) : "") +
                   (report->lost_transform ? ", without the transform" : ""),
               options.index.string()});
}

}  // namespace

Action declare_salvage(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the damaged index, which is only read");
  args.output("-o,--output", options->output, "the index to make", true);
  args.size("--memory", options->salvage.memory_bytes, "bound on what it allocates");
  args.threads(options->salvage.threads, "threads; auto means one a processor");
  args.force(options->salvage.replace);
  args.json(options->json);
  args.progress(options->progress);
  args.example("nearline salvage damaged.near -o saved.near");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
