// SPDX-License-Identifier: Apache-2.0
/// nearline eval: how good answers are for each L, and what they cost.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "tools/batch_search.h"
#include "tools/codes_in_use.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/judgement.h"
#include "tools/percentile.h"
#include "tools/process_memory.h"

namespace nearline::tools {
namespace {

struct Options {
  SearchSetup setup;
  JudgedBy by;
  std::vector<std::uint32_t> lengths = {10, 20, 40, 80};
  std::vector<float> targets;  // instead of lengths, when there are some
  std::optional<double> fail_below;
  bool no_warmup = false, json = false;
};

/// One line of the table.
struct Figures {
  std::uint32_t l = 0;  // 0 when a target was given
  float target = 0;
  std::vector<NamedFigure> quality;
  double qps = 0, mean_us = 0, p50_us = 0, p99_us = 0;
  double reads = 0, bytes = 0, distances = 0;
  std::uint64_t memory_bytes = 0, rss_bytes = 0;
};

void add_costs(const SearchResult& result, Figures& figures) {
  std::vector<double> latencies;
  for (const QueryStats& stats : result.stats) {
    latencies.push_back(static_cast<double>(stats.nanoseconds) / 1000);
    figures.mean_us += latencies.back();
    figures.reads += stats.page_reads;
    figures.bytes += static_cast<double>(stats.bytes_read);
    figures.distances += stats.distance_computations;
  }
  const double queries = std::max<double>(1, static_cast<double>(latencies.size()));
  figures.mean_us /= queries;
  figures.reads /= queries;
  figures.bytes /= queries;
  figures.distances /= queries;
  std::sort(latencies.begin(), latencies.end());
  figures.p50_us = percentile(latencies, 0.50);
  figures.p99_us = percentile(latencies, 0.99);
}

Result<Figures> measure(const OpenSearch& open, const Options& options, const Judgement& judgement,
                        const SearchOptions& search) {
  const auto start = std::chrono::steady_clock::now();
  SearchOptions asked = search;
  asked.k = judgement.asked(search.k);
  asked.l = std::max(asked.l, asked.k);
  NEARLINE_TRY(result, search_all(open, options.setup, asked));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  Figures figures;
  figures.l = search.recall > 0 ? 0 : search.l;
  figures.target = search.recall;
  NEARLINE_TRY(quality, judgement.of(result));
  figures.quality = std::move(quality);
  figures.qps = seconds > 0 ? static_cast<double>(open.queries.rows) / seconds : 0;
  add_costs(result, figures);
  figures.memory_bytes = open.index.memory_usage().total();
  figures.rss_bytes = resident_bytes();
  return figures;
}

void print_json(const Figures& figures, const Options& options, const Index& index) {
  JsonLine line;
  if (figures.target > 0) line.put("target", figures.target);
  line.put("L", figures.l).put("k", options.setup.search.k);
  for (const NamedFigure& figure : figures.quality) line.put(figure.key, figure.value);
  line.put("qps", figures.qps);
  line.put("mean_us", figures.mean_us).put("p50_us", figures.p50_us).put("p99_us", figures.p99_us);
  line.put("reads_per_query", figures.reads).put("bytes_per_query", figures.bytes);
  line.put("distance_computations", figures.distances).put("memory_bytes", figures.memory_bytes);
  line.put("rss_bytes", figures.rss_bytes).put("io", name(index.io())).put("threads", thread_count(options.setup));
  put_codes_in_use(line, index).print();
}

void print_text(const Figures& figures) {
  const std::string effort = figures.target > 0 ? fmt::format("{:g}", figures.target) : std::to_string(figures.l);
  fmt::print("{:>6}  ", effort);
  for (const NamedFigure& figure : figures.quality) fmt::print("{:.4f}  ", figure.value);
  fmt::print("{:>9.1f}  {:>9.1f}  {:>9.1f}  {:>9.1f}  {:>8.2f}  {:>9.1f}  {:>10}  {:>10}\n", figures.qps,
             figures.mean_us, figures.p50_us, figures.p99_us, figures.reads, figures.distances,
             bytes_text(static_cast<double>(figures.memory_bytes)), bytes_text(static_cast<double>(figures.rss_bytes)));
  std::fflush(stdout);
}

void print_head(const Figures& figures, const Options& options, const OpenSearch& open) {
  fmt::print("{}@{} of {} queries, {} io, {} thread{}, {} interleaved\n{}\n{:>6}  ",
             options.by.truth.empty() ? "figures" : "recall", options.setup.search.k, open.queries.rows,
             name(open.index.io()), thread_count(options.setup), thread_count(options.setup) == 1 ? "" : "s",
             options.setup.batch, codes_in_use_text(open.index), options.targets.empty() ? "L" : "target");
  for (const NamedFigure& figure : figures.quality) fmt::print("{:>6}  ", figure.title);
  fmt::print("{:>9}  {:>9}  {:>9}  {:>9}  {:>8}  {:>9}  {:>10}  {:>10}\n", "queries/s", "mean us", "p50 us", "p99 us",
             "reads", "distances", "memory", "resident");
}

void print_verification(const Verification& got, bool json) {
  if (!json)
    fmt::print("verification of {} queries: {} pairs of one label, {} of two\n{:>14}  {:>12}  {:>12}\n", got.queries,
               got.same, got.other, "false accepts", "true accepts", "distance to");
  for (const VerificationPoint& point : got.curve) {
    if (json) {
      JsonLine line;
      line.put("false_accept_rate", point.asked).put("reached", point.reached);
      line.put("true_accept_rate", point.accepted).put("threshold", double{point.threshold});
      line.put("same_pairs", got.same).put("other_pairs", got.other).print();
    } else {
      fmt::print("{:>14g}  {:>12.4f}  {:>12.6g}\n", point.asked, point.accepted, point.threshold);
    }
  }
}

/// Labels of one kind alone have no such curve, which is said and no error.
Result<void> verify_by_labels(const OpenSearch& open, const Options& options, const Judgement& judgement) {
  const auto got = judgement.verification(open, options.setup);
  if (got) {
    print_verification(*got, options.json);
  } else if (got.error().code != Code::kInvalidArgument) {
    return got.error();
  } else if (options.json) {
    JsonLine().put("no_verification", std::string_view(got.error().what)).print();
  } else {
    fmt::print("no verification: {}\n", got.error().what);
  }
  return {};
}

/// One for each line of figures.
std::vector<SearchOptions> efforts_of(const Options& options) {
  std::vector<SearchOptions> efforts;
  SearchOptions effort = options.setup.search;
  for (const float target : options.targets) {
    effort.recall = target;
    efforts.push_back(effort);
  }
  if (!efforts.empty()) return efforts;
  for (const std::uint32_t l : options.lengths) {
    effort.l = l;
    efforts.push_back(effort);
  }
  return efforts;
}

/// The best of the figures that --fail-below goes by, and what it is called.
struct Best {
  const char* key = "recall";
  double value = 0;
};

Result<Best> evaluate(const Options& options) {
  NEARLINE_TRY(open, open_search(options.setup));
  NEARLINE_TRY(judgement, Judgement::open(options.by, open, options.setup));
  const std::vector<SearchOptions> efforts = efforts_of(options);
  if (!options.no_warmup) NEARLINE_CHECK(measure(open, options, judgement, efforts.front()));
  Best best;
  for (const SearchOptions& effort : efforts) {
    NEARLINE_TRY(figures, measure(open, options, judgement, effort));
    best.key = figures.quality.front().key;
    best.value = std::max(best.value, figures.quality.front().value);
    if (options.json) {
      print_json(figures, options, open.index);
      continue;
    }
    if (&effort == &efforts.front()) print_head(figures, options, open);
    print_text(figures);
  }
  if (judgement.by_labels()) NEARLINE_CHECK(verify_by_labels(open, options, judgement));
  return best;
}

int run(Options& options) {
  SearchOptions& search = options.setup.search;
  search.recall = options.targets.empty() ? 0 : options.targets.front();  // of which a funnel has none
  if (const auto read = read_weights(options.setup.weights, search); !read) return fail(read.error());
  search.recall = 0;
  const auto best = evaluate(options);
  if (!best) return fail(best.error());
  if (!options.fail_below || best->value >= *options.fail_below) return 0;
  return fail({Code::kInvalidArgument,
               fmt::format("{}: expected at least {}, found {:.4f}", best->key, *options.fail_below, best->value),
               options.setup.index.string()});
}

}  // namespace

Action declare_eval(Args& args) {
  auto options = std::make_shared<Options>();
  options->setup.open.threads = 1;
  declare_search_setup(args, options->setup);
  declare_judged_by(args, options->by);
  args.list("-L", options->lengths, "candidates kept while walking, one line of figures for each");
  args.shares("--recall", options->targets,
              "instead of -L: recalls to reach, as the index was calibrated, one line of figures for each");
  args.either("-L", "--recall");
  declare_weights(args, options->setup.weights);
  args.flag("--no-warmup", options->no_warmup, "skip the run over all queries that comes before the first figures");
  args.real("--fail-below", options->fail_below,
            "exit with status 1 when the best of the first figure (recall, nDCG, accuracy) is below this", 0, 1);
  args.json(options->json);
  args.example("nearline eval photos.near queries.u8bin --truth truth.ibin -k 10 -L 10,20,40,80");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
