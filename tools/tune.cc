// SPDX-License-Identifier: Apache-2.0
/// nearline tune: which index serves these vectors best within a memory bound, by trying some on a sample.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/tune/candidate.h"
#include "tools/tune/work_folder.h"

namespace nearline::tools {
namespace {

struct Options {
  DataSource source;
  TuneGoal goal;
  std::filesystem::path work;
  bool json = false, progress = false;
};

struct Findings {
  std::uint64_t total = 0, sample = 0, queries = 0;
  Metric metric = Metric::kL2;
  std::vector<Candidate> candidates;
  std::size_t best = 0;
};

/// The fewest reads; among those that read about as little, the smallest file.
std::optional<std::size_t> best_of(const std::vector<Candidate>& candidates) {
  constexpr double kAbout = 1.1, kHardly = 0.5;
  double fewest = 0;
  bool any = false;
  for (const Candidate& c : candidates) {
    if (!c.reached) continue;
    fewest = any ? std::min(fewest, c.reads) : c.reads;
    any = true;
  }
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& c = candidates[i];
    if (!c.reached || c.reads > fewest * kAbout + kHardly) continue;
    if (!best || c.file_bytes < candidates[*best].file_bytes) best = i;
  }
  return best;
}

/// The lengths of codes to try beside the one that builds choose: a quarter, half and twice as many bytes without the
/// head.
std::vector<std::uint32_t> other_codes(std::uint32_t chosen) {
  constexpr std::uint32_t kHead = 4, kMost = 1028;
  if (chosen <= kHead) return {};
  const std::uint32_t body = chosen - kHead;
  return {kHead + std::max(1U, body / 4), kHead + std::max(1U, body / 2), std::min(kMost, kHead + 2 * body)};
}

Result<void> try_all(const DataSample& sample, const Options& options, const TuneTruth& truth,
                     const ProgressFn& progress, std::vector<Candidate>& candidates) {
  for (const ElementType type : types_for(sample)) {
    NEARLINE_TRY(some, try_out(sample, type, Layout::kLean, Count::kAuto, options.goal, truth, progress));
    candidates.insert(candidates.end(), some.begin(), some.end());
  }
  const auto best = best_of(candidates);
  if (!best) return {};
  const Candidate leader = candidates[*best];
  for (const std::uint32_t bytes : other_codes(leader.chosen_code_bytes)) {
    NEARLINE_TRY(some, try_out(sample, leader.type, Layout::kLean, bytes, options.goal, truth, progress));
    candidates.insert(candidates.end(), some.begin(), some.end());
  }
  if (leader.chosen_code_bytes > 0) {
    NEARLINE_TRY(some, try_out(sample, leader.type, Layout::kFused, Count::kAuto, options.goal, truth, progress));
    candidates.insert(candidates.end(), some.begin(), some.end());
  }
  return {};
}

Result<Findings> find(const Options& options) {
  const ProgressFn progress = progress_line(options.progress);
  NEARLINE_TRY(sample, draw_data(options.source, progress));
  if (options.goal.k > sample.rows.rows)
    return Error{Code::kInvalidArgument, fmt::format("k: expected at most {}, the records of the sample, found {}",
                                                     sample.rows.rows, options.goal.k)};
  NEARLINE_TRY(needs, estimate(sample.total, sample.schema));
  if (options.goal.memory_bytes < needs.search_memory_bytes)
    return Error{Code::kOverBudget,
                 fmt::format("a memory bound of {} bytes: searching so many records needs at least {}",
                             options.goal.memory_bytes, needs.search_memory_bytes)};
  NEARLINE_TRY(folder, WorkFolder::create(options.work.empty() ? options.source.input.parent_path() : options.work));
  TuneTruth truth{.folder = folder.path(), .table = {}};
  NEARLINE_TRY(table, true_neighbors(sample, options.goal, folder.path(), progress));
  truth.table = std::move(table);
  Findings findings{.total = sample.total,
                    .sample = sample.rows.rows,
                    .queries = sample.queries.rows,
                    .metric = sample.schema.metric,
                    .candidates = {}};
  NEARLINE_CHECK(try_all(sample, options, truth, progress, findings.candidates));
  const auto best = best_of(findings.candidates);
  if (!best) {
    double most = 0;
    for (const Candidate& c : findings.candidates) most = std::max(most, c.recall);
    return Error{Code::kInvalidArgument,
                 fmt::format("recall of {:g}: expected at most {:.4f}, which was the most that any index reached on a "
                             "sample of {} records",
                             options.goal.recall, most, findings.sample),
                 options.source.input.string()};
  }
  findings.best = *best;
  return findings;
}

std::string build_line(const Options& options, const Findings& findings) {
  const Candidate& best = findings.candidates[findings.best];
  return fmt::format("nearline build {} -o INDEX --metric {} --type {} --layout {} --code-bytes {}",
                     options.source.input.string(), name(findings.metric), name(best.type), name(best.layout),
                     best.code_bytes);
}

std::string search_line(const Options& options, const Findings& findings) {
  const Candidate& best = findings.candidates[findings.best];
  return fmt::format("nearline search INDEX QUERIES -k {} --recall {:g} --memory {} --io direct{}", options.goal.k,
                     options.goal.recall, size_text(options.goal.memory_bytes),
                     best.layout == Layout::kFused ? "" : fmt::format(" --rank {}", name(best.ranking)));
}

std::vector<std::string> reservations(const Options& options, const Findings& findings) {
  std::vector<std::string> said;
  if (findings.sample < findings.total) {
    said.push_back(
        fmt::format("recall and L were measured among {} of {} records with their share of the memory: "
                    "with all of them L is larger, which search --recall sees to",
                    findings.sample, findings.total));
    said.push_back(
        "reads and queries/s of all records are those of the sample, grown with the logarithm of the records");
  }
  said.push_back("file and memory are arithmetic, not measured");
  if (options.source.queries.empty())
    said.push_back("queries are records held out; other queries may be harder: give some with --queries");
  return said;
}

void print_text(const Options& options, const Findings& findings) {
  fmt::print("recall@{} of {:g} within {}; {} of {} records, {} queries\n\n", options.goal.k, options.goal.recall,
             size_text(options.goal.memory_bytes), findings.sample, findings.total, findings.queries);
  fmt::print(
      "   type  layout  code  ranking     L  recall   queries/s   reads  all: queries/s   reads        file  least "
      "memory\n");
  for (std::size_t i = 0; i < findings.candidates.size(); ++i) {
    const Candidate& c = findings.candidates[i];
    fmt::print(
        " {} {:<4}  {:<6}  {:>4}  {:<7}  {:>4}  {:.4f}  {:>10.0f}  {:>6.1f}  {:>14.0f}  {:>6.1f}  {:>10}  {:>12}{}\n",
        i == findings.best ? '*' : ' ', name(c.type), name(c.layout), c.code_bytes, name(c.ranking), c.l, c.recall,
        c.qps, c.reads, c.all_qps, c.all_reads, bytes_text(static_cast<double>(c.file_bytes)),
        bytes_text(static_cast<double>(c.least_memory_bytes)), c.reached ? "" : "  too low");
  }
  fmt::print("\n{}\n{}\n\n", build_line(options, findings), search_line(options, findings));
  for (const std::string& line : reservations(options, findings)) fmt::print("note: {}\n", line);
}

void print_json(const Options& options, const Findings& findings) {
  for (std::size_t i = 0; i < findings.candidates.size(); ++i) {
    const Candidate& c = findings.candidates[i];
    JsonLine line;
    line.put("type", name(c.type)).put("layout", name(c.layout)).put("code_bytes", c.code_bytes);
    line.put("ranking", name(c.ranking)).put("L", c.l).put("recall", c.recall).put("reached", c.reached);
    line.put("qps", c.qps).put("reads_per_query", c.reads).put("distance_computations", c.distances);
    line.put("all_qps", c.all_qps).put("all_reads_per_query", c.all_reads).put("file_bytes", c.file_bytes);
    line.put("least_memory_bytes", c.least_memory_bytes).put("recommended", i == findings.best).print();
  }
  JsonLine line;
  line.put("records", findings.total).put("sample", findings.sample).put("queries", findings.queries);
  line.put("build", build_line(options, findings)).put("search", search_line(options, findings));
  const std::vector<std::string> said = reservations(options, findings);
  line.put("notes", std::span(said)).print();
}

int run(const Options& options) {
  const auto findings = find(options);
  if (!findings) return fail(findings.error());
  clear_progress_line();
  options.json ? print_json(options, *findings) : print_text(options, *findings);
  return 0;
}

}  // namespace

Action declare_tune(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INPUT", options->source.input, "vectors, or an index of them");
  args.size("--memory", options->goal.memory_bytes, "bound on private memory of the searches to come");
  args.share("--recall", options->goal.recall, "the share of the k nearest to find; 0.95 unless said");
  args.number("-k", options->goal.k, "answers for each query", 1, 1000);
  args.metric(options->source.metric, "what near means; that of an index, l2 unless said, hamming for b1");
  args.number("--sample", options->source.rows, "records to measure on", 1000, 1'000'000);
  args.file("--queries", options->source.queries, "vectors to search for; without them, records are held out");
  args.number("--seed", options->source.seed, "draws the sample");
  args.threads(options->goal.threads, "threads that build and search; auto means one a processor");
  args.file("--work", options->work, "where indexes are built and taken away again; beside INPUT unless said");
  args.untrusted(options->source.untrusted);
  args.json(options->json);
  args.progress(options->progress);
  args.example("nearline tune photos.u8bin --memory 64M --recall 0.95");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
