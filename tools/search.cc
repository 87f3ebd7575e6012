// SPDX-License-Identifier: Apache-2.0
/// nearline search: answers on stdout, or in a file of neighbours.
#include <fmt/format.h>

#include <memory>

#include "tools/batch_search.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/outputs.h"

namespace nearline::tools {
namespace {

struct Options {
  SearchSetup setup;
  std::filesystem::path output;
  bool json = false, force = false;
};

void print_json(const SearchResult& result) {
  for (std::size_t row = 0; row < result.counts.size(); ++row) {
    const QueryStats& cost = result.stats[row];
    JsonLine stats;
    stats.put("hops", cost.hops).put("distance_computations", cost.distance_computations);
    stats.put("page_reads", cost.page_reads).put("cache_hits", cost.cache_hits).put("bytes_read", cost.bytes_read);
    stats.put("microseconds", static_cast<double>(cost.nanoseconds) / 1000);
    const std::size_t first = row * result.k;
    JsonLine line;
    line.put("query", row).put("ids", std::span(result.ids).subspan(first, result.counts[row]));
    line.put("distances", std::span(result.distances).subspan(first, result.counts[row]));
    line.put("stats", stats).print();
  }
}

void print_text(const SearchResult& result) {
  for (std::size_t row = 0; row < result.counts.size(); ++row) {
    fmt::print("query {}\n", row);
    for (std::size_t i = row * result.k; i < row * result.k + result.counts[row]; ++i)
      fmt::print("{:>20}  {:.9g}\n", result.ids[i], result.distances[i]);
  }
}

Result<void> write_result(const Options& options, SearchResult& result) {
  const NeighborTable table{result.counts.size(), result.k, std::move(result.ids), std::move(result.distances)};
  return write_neighbors(options.output, table, options.force);
}

/// Of an output, if there is one: at least an id of four bytes for each answer.
Result<void> find_place(const Options& options, std::uint64_t rows) {
  if (options.output.empty()) return {};
  return check_place(options.output, options.force, rows * options.setup.search.k * sizeof(std::uint32_t));
}

int run(const Options& options) {
  const auto open = open_search(options.setup);
  if (!open) return fail(open.error());
  if (const auto place = find_place(options, open->queries.rows); !place) return fail(place.error());
  auto result = search_all(*open, options.setup, options.setup.search);
  if (!result) return fail(result.error());
  if (!options.output.empty()) {
    catch_interrupts();  // what is half written is not left behind
    if (auto written = write_result(options, *result); !written) return fail(written.error());
  } else if (options.json) {
    print_json(*result);
  } else {
    print_text(*result);
  }
  return 0;
}

}  // namespace

Action declare_search(Args& args) {
  auto options = std::make_shared<Options>();
  SearchSetup& setup = options->setup;
  declare_search_setup(args, setup);
  args.number("-L", setup.search.l, "candidates kept while walking; more is better and slower", 1, 65'536);
  args.share("--recall", setup.search.recall,
             "instead of -L: the share of the k nearest to find, by the calibration of the build");
  args.flag("--exact", setup.search.exact, "compare with every record instead of walking");
  args.output("-o,--output", options->output, "write .ibin, .ibin64 or .ivecs instead of printing");
  args.force(options->force);
  args.json(options->json);
  args.example("nearline search photos.near queries.u8bin -k 10 -L 64");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
