// SPDX-License-Identifier: Apache-2.0
/// nearline search: answers on stdout, or in a file of neighbours.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tools/batch_search.h"
#include "tools/codes_in_use.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/outputs.h"

namespace nearline::tools {
namespace {

struct Options {
  SearchSetup setup;
  std::filesystem::path output, distances;
  bool json = false, force = false;
};

void print_json(const SearchResult& result, const Index& index) {
  for (std::size_t row = 0; row < result.counts.size(); ++row) {
    const QueryStats& cost = result.stats[row];
    JsonLine stats;
    stats.put("hops", cost.hops).put("distance_computations", cost.distance_computations);
    stats.put("page_reads", cost.page_reads).put("cache_hits", cost.cache_hits).put("bytes_read", cost.bytes_read);
    stats.put("microseconds", static_cast<double>(cost.nanoseconds) / 1000);
    const std::size_t first = row * result.k;
    JsonLine line;
    line.put("query", row)
        .put("count", result.counts[row])
        .put("ids", std::span(result.ids).subspan(first, result.counts[row]));
    line.put("distances", std::span(result.distances).subspan(first, result.counts[row]));
    if (result.expected_recall > 0) {
      line.put("expected_recall", result.expected_recall);
    } else {
      line.put_null("expected_recall");
    }
    line.put("stats", stats);
    put_codes_in_use(line, index).print();
  }
}

/// One line for each answer, in columns as wide as what stands in them.
void print_text(const SearchResult& result) {
  const auto width = [](std::string_view head, std::uint64_t most) {
    return std::max(head.size(), std::to_string(most).size());
  };
  Id largest = 0;
  for (const Id id : result.ids) largest = std::max(largest, id == kNoId ? 0 : id);
  const std::size_t query = width("query", result.counts.size()), rank = width("rank", result.k);
  const std::size_t id = width("id", largest);
  fmt::print("{:>{}}  {:>{}}  {:>{}}  distance\n", "query", query, "rank", rank, "id", id);
  for (std::size_t row = 0; row < result.counts.size(); ++row) {
    for (std::size_t i = 0; i < result.counts[row]; ++i) {
      const std::size_t at = row * result.k + i;
      fmt::print("{:>{}}  {:>{}}  {:>{}}  {:.9g}\n", row, query, i + 1, rank, result.ids[at], id, result.distances[at]);
    }
  }
}

Result<void> write_distances(const Options& options, const SearchResult& result) {
  NEARLINE_TRY(writer, VectorFileWriter::create(options.distances, ElementType::kF32, result.k, options.force));
  NEARLINE_CHECK(writer.append({result.distances.data(), result.counts.size(), result.k}));
  return writer.finish();
}

Result<void> write_result(const Options& options, SearchResult& result) {
  if (!options.distances.empty()) NEARLINE_CHECK(write_distances(options, result));
  const NeighborTable table{result.counts.size(), result.k, std::move(result.ids), std::move(result.distances)};
  return write_neighbors(options.output, table, options.force);
}

/// Of an output, if there is one: at least an id of four bytes for each answer.
Result<void> find_place(const Options& options, std::uint64_t rows) {
  if (options.output.empty()) return {};
  return check_place(options.output, options.force, rows * options.setup.search.k * sizeof(std::uint32_t));
}

int run(const Options& options) {
  if (!options.distances.empty() && options.output.empty())
    return fail({Code::kInvalidArgument, "--distances-out: expected -o with it, for the ids"});
  const auto open = open_search(options.setup);
  if (!open) return fail(open.error());
  if (const auto place = find_place(options, open->queries.rows); !place) return fail(place.error());
  auto result = search_all(*open, options.setup, options.setup.search);
  if (!result) return fail(result.error());
  if (!options.output.empty()) {
    catch_interrupts();  // what is half written is not left behind
    if (auto written = write_result(options, *result); !written) return fail(written.error());
  } else if (options.json) {
    print_json(*result, open->index);
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
             "instead of -L: the share of the k nearest to find, as the index was calibrated");
  args.either("-L", "--recall");
  args.flag("--exact", setup.search.exact, "the k nearest for certain: by bounds from codes in memory, else by comparing all");
  args.output("-o,--output", options->output, "write .ibin, .ibin64, .ivecs or .npy instead of printing");
  args.output("--distances-out", options->distances,
              "with -o: a file of vectors for the distances, which .ivecs and .npy have no place for");
  args.force(options->force);
  args.json(options->json);
  args.example("nearline search photos.near queries.u8bin -k 10 -L 64");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
