// SPDX-License-Identifier: Apache-2.0
/// nearline estimate: arithmetic before a build.
#include <fmt/format.h>

#include <memory>

#include "nearline/builder.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"

namespace nearline::tools {
namespace {

struct Options {
  std::uint64_t count = 0;
  std::uint32_t dim = 0;
  std::optional<ElementType> type;
  std::optional<Metric> metric;
  BuildOptions build;
  bool json = false;
};

void print_text(const Options& options, const Schema& schema, const Estimate& estimate, double per_vector) {
  fmt::print("{} vectors of {} {}, {}\n", options.count, schema.dim, name(schema.type), name(schema.metric));
  fmt::print("index file          {} ({:.1f} bytes a vector), {} pages\n",
             bytes_text(static_cast<double>(estimate.file_bytes)), per_vector, name(estimate.layout));
  fmt::print("build memory        {} for a build in one part\n",
             bytes_text(static_cast<double>(estimate.build_memory_bytes)));
  fmt::print("least build memory  {}\n", bytes_text(static_cast<double>(estimate.least_build_memory_bytes)));
  fmt::print("search memory       {} for one thread\n", bytes_text(static_cast<double>(estimate.search_memory_bytes)));
  if (estimate.code_search_memory_bytes > 0)
    fmt::print("ranking by codes    {} for one thread\n",
               bytes_text(static_cast<double>(estimate.code_search_memory_bytes)));
  fmt::print("build time          {} on one core of this machine, roughly: 7000 distances a record\n",
             seconds_text(estimate.build_cpu_seconds));
}

int run(const Options& options) {
  const Schema schema{options.dim, *options.type,
                      options.metric.value_or(options.type == ElementType::kB1 ? Metric::kHamming : Metric::kL2)};
  const auto got = estimate(options.count, schema, options.build);
  if (!got) return fail(got.error());
  const double per_vector =
      options.count > 0 ? static_cast<double>(got->file_bytes) / static_cast<double>(options.count) : 0;
  if (!options.json) {
    print_text(options, schema, *got, per_vector);
    return 0;
  }
  JsonLine line;
  line.put("count", options.count).put("dim", schema.dim).put("type", name(schema.type));
  line.put("metric", name(schema.metric)).put("file_bytes", got->file_bytes).put("bytes_per_vector", per_vector);
  line.put("layout", name(got->layout)).put("build_memory_bytes", got->build_memory_bytes);
  line.put("least_build_memory_bytes", got->least_build_memory_bytes);
  line.put("code_search_memory_bytes", got->code_search_memory_bytes);
  line.put("search_memory_bytes", got->search_memory_bytes).put("build_cpu_seconds", got->build_cpu_seconds).print();
  return 0;
}

}  // namespace

Action declare_estimate(Args& args) {
  auto options = std::make_shared<Options>();
  args.number("--count", options->count, "records", true);
  args.number("--dim", options->dim, "components of each vector, bits for b1", 1, kMaxDim);
  args.type(options->type, "element type to store", true);
  args.metric(options->metric, "what near means; l2 unless said, hamming for b1");
  args.number("-R,--degree", options->build.degree, "neighbours kept for each record", 4, 1024);
  args.number("--l-build", options->build.l_build, "candidates kept while linking", 4, 4096);
  args.size("--memory", options->build.memory_bytes, "bound on what the build allocates");
  args.code_bytes(options->build.code_bytes);
  args.layout(options->build.layout);
  args.search_memory(options->build.search_memory_bytes);
  args.page_records(options->build.page_records);
  args.threads(options->build.threads, "threads that the build will have; auto means one a processor");
  args.json(options->json);
  args.example("nearline estimate --count 1000000 --dim 768 --type f16");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
