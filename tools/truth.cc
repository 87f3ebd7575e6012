// SPDX-License-Identifier: Apache-2.0
/// nearline truth: exact neighbours, the yardstick of eval.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "nearline/exact.h"
#include "nearline/index.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/outputs.h"
#include "tools/vectors_in.h"
#include "tools/weights_in.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path base, queries, output;
  std::string form;
  std::optional<Metric> metric;
  std::string filter, field;
  WeightsIn weights;
  ExactOptions exact;
  bool force = false, progress = false;
};

/// Of an index, by comparing with all records that match.
Result<NeighborTable> find_in_index(const Options& options) {
  NEARLINE_TRY(index, Index::open(options.base, {.memory_bytes = options.exact.memory_bytes, .threads = 1}));
  NEARLINE_TRY(queries, open_vectors(options.queries, options.form));
  NEARLINE_TRY(bytes, queries.read_all());
  const MatrixView rows(bytes.data(), static_cast<std::size_t>(queries.rows()), queries.dim(), queries.type());
  const SearchOptions search{.k = options.exact.k,
                             .exact = true,
                             .filter = options.filter,
                             .prefix = options.exact.prefix,
                             .mask = options.exact.mask,
                             .field = options.field};
  NEARLINE_CHECK(check_weights(index, options.weights, search));
  NEARLINE_TRY(found, index.search(rows, search));
  return NeighborTable{rows.rows, found.k, std::move(found.ids), std::move(found.distances)};
}

Result<NeighborTable> find(const Options& options) {
  if (options.base.extension() == ".near") return find_in_index(options);
  if (!options.filter.empty() || !options.field.empty()) {
    return Error{Code::kInvalidArgument,
                 std::string(options.filter.empty() ? "--field" : "--filter") +
                     ": expected an index, INDEX.near, in place of vectors",
                 options.base.string()};
  }
  NEARLINE_TRY(base, open_vectors(options.base, options.form));
  NEARLINE_TRY(queries, open_vectors(options.queries, options.form));
  NEARLINE_CHECK(
      check_place(options.output, options.force,
                  queries.rows() * std::min<std::uint64_t>(options.exact.k, base.rows()) * sizeof(std::uint32_t)));
  ExactOptions exact = options.exact;
  exact.metric = options.metric.value_or(base.type() == ElementType::kB1 ? Metric::kHamming : Metric::kL2);
  auto found = exact_neighbors(base, queries, exact);
  const bool of_weights = !found && found.error().code == Code::kInvalidArgument && found.error().file.empty();
  if (of_weights && options.weights.given()) return about_weights(std::move(found).error(), options.weights);
  return found;
}

int run(Options& options) {
  SearchOptions weighted;
  if (const auto read = read_weights(options.weights, weighted); !read) return fail(read.error());
  if (weighted.walk_prefix > 0)
    return fail({Code::kInvalidArgument, "--prefix N,M: expected one number, for nothing is walked"});
  options.exact.prefix = weighted.prefix;
  options.exact.mask = std::move(weighted.mask);
  options.exact.progress = progress_line(options.progress);
  const auto table = find(options);
  if (!table) return fail(table.error());
  clear_progress_line();
  if (auto written = write_neighbors(options.output, *table, options.force); !written) return fail(written.error());
  fmt::print("{}: {} exact neighbours for each of {} queries\n", options.output.string(), table->k, table->queries);
  return 0;
}

}  // namespace

Action declare_truth(Args& args) {
  auto options = std::make_shared<Options>();
  args.vectors("BASE", options->base, "vectors to search, neighbours being named by row number; or an index, by id");
  args.filter(options->filter);
  args.field(options->field);
  args.vectors("QUERIES", options->queries, "vectors to search for");
  args.form(options->form);
  args.output("-o,--output", options->output, "the .ibin, .ibin64, .ivecs or .npy file to make", true);
  args.number("-k", options->exact.k, "neighbours of each query", 1);
  args.metric(options->metric, "what near means; l2 unless said, hamming for b1");
  declare_weights(args, options->weights, false);
  args.size("--memory", options->exact.memory_bytes, "bound on what is held of the files");
  args.threads(options->exact.threads, "threads; auto means one a processor");
  args.force(options->force);
  args.progress(options->progress);
  args.example("nearline truth base.u8bin queries.u8bin -k 100 --metric l2 -o truth.ibin");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
