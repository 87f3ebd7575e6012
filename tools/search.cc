// SPDX-License-Identifier: Apache-2.0
/// nearline search: answers on stdout, or in a file of neighbours.
#include <memory>
#include <vector>

#include "tools/answer_text.h"
#include "tools/batch_search.h"
#include "tools/codes_in_use.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/outputs.h"
#include "tools/record_text.h"
#include "tools/search_fields.h"
#include "tools/search_groups.h"
#include "tools/search_more.h"

namespace nearline::tools {
namespace {

struct Options {
  SearchSetup setup;
  MoreSearch more;
  FieldsSearch fields;
  GroupsSearch groups;
  std::filesystem::path output, distances;
  bool attributes = false, payload = false, json = false, force = false;
};

AnswerRow row_of(const SearchResult& result, std::size_t row) {
  const std::size_t first = row * result.k;
  return {std::span(result.ids).subspan(first, result.counts[row]),
          std::span(result.distances).subspan(first, result.counts[row])};
}

Result<void> print_json(const Options& options, const SearchResult& result, const Index& index) {
  for (std::size_t row = 0; row < result.counts.size(); ++row) {
    const AnswerRow answers = row_of(result, row);
    JsonLine line = answer_line(row, answers);
    put_recall(line, result.expected_recall).put("stats", cost_line(result.stats[row]));
    if (!options.setup.search.filter.empty()) line.put("matches", result.matches);
    if (options.attributes || options.payload) {
      NEARLINE_CHECK(put_records(index, answers.ids, options.attributes, options.payload, line));
    }
    if (options.setup.search.explain) {
      line.put("plan", std::span<const std::string>(result.explanation)).put("filter_reads", result.filter_reads);
    }
    put_codes_in_use(line, index).print();
  }
  return {};
}

void print_text(const SearchResult& result) {
  std::vector<AnswerRow> rows;
  for (std::size_t row = 0; row < result.counts.size(); ++row) rows.push_back(row_of(result, row));
  print_answers(rows);
}

Result<void> write_distances(const Options& options, const NeighborTable& table) {
  NEARLINE_TRY(writer, VectorFileWriter::create(options.distances, ElementType::kF32, table.k, options.force));
  NEARLINE_CHECK(writer.append({table.distances.data(), static_cast<std::size_t>(table.queries), table.k}));
  return writer.finish();
}

Result<void> write_table(const Options& options, const NeighborTable& table) {
  catch_interrupts();  // what is half written is not left behind
  if (!options.distances.empty()) NEARLINE_CHECK(write_distances(options, table));
  return write_neighbors(options.output, table, options.force);
}

/// Of an output, if there is one: at least an id of four bytes for each answer.
Result<void> find_place(const Options& options, std::uint64_t rows) {
  if (options.output.empty()) return {};
  return check_place(options.output, options.force, rows * options.setup.search.k * sizeof(std::uint32_t));
}

/// Gives the answers where they are wanted; returns the exit status.
int show(const Options& options, const Index& index, Result<SearchResult>& result) {
  if (!result) return fail(result.error());
  if (options.setup.search.explain && !options.json) {
    for (const std::string& line : result->explanation) print_error_line("plan: " + line);
  }
  if (!options.output.empty()) {
    const NeighborTable table{result->counts.size(), result->k, std::move(result->ids), std::move(result->distances)};
    if (auto written = write_table(options, table); !written) return fail(written.error());
  } else if (options.json) {
    if (auto printed = print_json(options, *result, index); !printed) return fail(printed.error());
  } else {
    print_text(*result);
  }
  return 0;
}

int run_fields(const Options& options) {
  const SearchOptions& search = options.setup.search;
  if (options.more.asked() || options.groups.asked() || search.prefix > 0 || !search.mask.empty()) {
    return fail({Code::kInvalidArgument,
                 "--field NAME=QUERIES: expected neither --radius nor --page, --group-by, --votes, --prefix nor --mask "
                 "with it"});
  }
  const auto index = Index::open(options.setup.index, options.setup.open);
  if (!index) return fail(index.error());
  auto result = search_by_fields(*index, options.setup, options.fields);
  return show(options, *index, result);
}

int run(Options& options) {
  if (const auto read = read_weights(options.setup.weights, options.setup.search); !read) return fail(read.error());
  if (!options.distances.empty() && options.output.empty())
    return fail({Code::kInvalidArgument, "--distances-out: expected -o with it, for the ids"});
  const bool several = !options.setup.field_queries.empty();
  if (several == !options.setup.queries.empty()) {
    return fail({Code::kInvalidArgument,
                 std::string("search: expected QUERIES, or --field NAME=QUERIES for each field, found ") +
                     (several ? "both" : "neither")});
  }
  if (several) return run_fields(options);
  if (options.more.asked()) return run_more_search(options.setup, options.more, options.json);
  if (options.groups.asked()) {
    if (options.attributes || options.payload || options.setup.search.explain) {
      return fail({Code::kInvalidArgument,
                   "--group-by, --votes: expected neither --attributes nor --payload nor --explain with them"});
    }
    WriteTable write;
    if (!options.output.empty()) write = [&](const NeighborTable& table) { return write_table(options, table); };
    return run_groups_search(options.setup, options.groups, options.json, write);
  }
  const auto open = open_search(options.setup);
  if (!open) return fail(open.error());
  if (const auto place = find_place(options, open->queries.rows); !place) return fail(place.error());
  auto result = search_all(*open, options.setup, options.setup.search);
  return show(options, open->index, result);
}

}  // namespace

Action declare_search(Args& args) {
  auto options = std::make_shared<Options>();
  SearchSetup& setup = options->setup;
  args.input("INDEX", setup.index, "the index");
  args.vectors("QUERIES", setup.queries, "vectors of the field's dimension and type; float types may be mixed", false);
  args.form(setup.form);
  declare_search_options(args, setup);
  args.field_or_queries(setup.search.field, setup.field_queries);
  args.number("-L", setup.search.l, "candidates kept while walking; more is better and slower", 1, 65'536);
  args.share("--recall", setup.search.recall,
             "instead of -L: the share of the k nearest to find, as the index was calibrated");
  args.either("-L", "--recall");
  args.flag("--exact", setup.search.exact,
            "the k nearest for certain: by bounds from codes in memory, else by comparing all");
  declare_weights(args, setup.weights);
  args.flag("--explain", setup.search.explain, "say how each segment is searched, and how many of its records match");
  args.flag("--attributes", options->attributes, "with --json: what the answers' records say");
  args.flag("--payload", options->payload, "with --json: the payloads of the answers' records");
  declare_more_search(args, options->more);
  declare_fields_search(args, options->fields);
  declare_groups_search(args, options->groups);
  args.output("-o,--output", options->output, "write .ibin, .ibin64, .ivecs or .npy instead of printing");
  args.output("--distances-out", options->distances,
              "with -o: a file of vectors for the distances, which .ivecs and .npy have no place for");
  args.either("--radius", "--output");
  args.either("--page", "--output");
  args.either("--votes", "--output");
  args.force(options->force);
  args.json(options->json);
  args.example("nearline search photos.near queries.u8bin -k 10 -L 64");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
