// SPDX-License-Identifier: Apache-2.0
/// nearline prototypes: means of groups, and queries classified by the nearest with what spoke for it.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "nearline/evaluate.h"
#include "nearline/vector_file.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

struct Options {
  std::filesystem::path index, queries, labels, output;
  std::string form, by, field;
  ClassifyOptions how;
  OpenOptions open{.threads = 1};
  bool json = false, force = false;
};

Result<void> write_means(const Prototypes& prototypes, const Options& options) {
  NEARLINE_TRY(file, VectorFileWriter::create(options.output, ElementType::kF32, prototypes.dim, options.force,
                                              prototypes.names.size()));
  NEARLINE_CHECK(file.append({std::span<const float>(prototypes.means), prototypes.dim}));
  return file.finish();
}

void print_groups(const Prototypes& prototypes, const Options& options) {
  for (std::size_t group = 0; group < prototypes.names.size(); ++group) {
    if (options.json) {
      JsonLine().put("group", prototypes.names[group]).put("count", prototypes.counts[group]).print();
    } else {
      fmt::print("{:>10}  {}\n", prototypes.counts[group], prototypes.names[group]);
    }
  }
}

void print_one(std::size_t row, const Classified& one, const Prototypes& prototypes, bool json) {
  if (json) {
    JsonLine line;
    line.put("query", std::uint64_t{row}).put("group", prototypes.names[one.group]).put("distance", one.distance);
    line.put("second", prototypes.names[one.second]).put("second_distance", one.second_distance);
    line.put("margin", one.margin()).put("members", std::span<const std::uint64_t>(one.members));
    line.put("member_distances", std::span<const float>(one.member_distances)).print();
    return;
  }
  std::string members;
  for (const Id id : one.members) members += (members.empty() ? ", like " : " ") + std::to_string(id);
  fmt::print("{:>5}  {} at {:.6g}, before {} by {:.6g}{}\n", row, prototypes.names[one.group], one.distance,
             prototypes.names[one.second], one.margin(), members);
}

Result<void> classify_all(const Index& index, const Prototypes& prototypes, const Options& options) {
  NEARLINE_TRY(file, open_vectors(options.queries, options.form));
  NEARLINE_TRY(bytes, file.read_all());
  const MatrixView queries(bytes.data(), static_cast<std::size_t>(file.rows()), file.dim(), file.type());
  Labels labels;
  if (!options.labels.empty()) {
    std::vector<Id> rows(queries.rows);
    std::iota(rows.begin(), rows.end(), Id{0});
    NEARLINE_TRY(read, read_labels(options.labels, rows));
    labels = std::move(read);
  }
  auto got = classify(index, prototypes, queries, options.how);
  if (!got) return std::move(got).error().in(options.queries.string());
  std::uint64_t right = 0;
  std::uint64_t labelled = 0;
  for (std::size_t row = 0; row < got->size(); ++row) {
    print_one(row, (*got)[row], prototypes, options.json);
    if (labels.of.empty() || labels.of[row] == Labels::kNone) continue;
    ++labelled;
    if (labels.names[labels.of[row]] == prototypes.names[(*got)[row].group]) ++right;
  }
  if (labels.of.empty()) return {};
  const double accuracy = static_cast<double>(right) / std::max(1.0, static_cast<double>(labelled));
  if (options.json) {
    JsonLine().put("labelled", labelled).put("right", right).put("accuracy", accuracy).print();
  } else {
    fmt::print("accuracy {:.4f}: {} of {}\n", accuracy, right, labelled);
  }
  return {};
}

Result<void> make(const Options& options) {
  NEARLINE_TRY(index, Index::open(options.index, options.open));
  auto prototypes = make_prototypes(index, options.by, options.field);
  if (!prototypes) {
    Error error = std::move(prototypes).error();
    return error.code == Code::kInvalidArgument ? std::move(error).in(options.index.string()) : error;
  }
  if (!options.output.empty()) NEARLINE_CHECK(write_means(*prototypes, options));
  if (!options.queries.empty()) return classify_all(index, *prototypes, options);
  print_groups(*prototypes, options);
  return {};
}

int run(const Options& options) {
  if (options.by.empty()) return fail({Code::kInvalidArgument, "expected --by ATTRIBUTE"});
  if (!options.labels.empty() && options.queries.empty())
    return fail({Code::kInvalidArgument, "--query-labels: expected QUERIES with it"});
  const auto made = make(options);
  return made ? 0 : fail(made.error());
}

}  // namespace

Action declare_prototypes(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the index");
  args.vectors("QUERIES", options->queries, "vectors to classify; without them the groups are printed", false);
  args.form(options->form);
  args.text("--by", options->by, "ATTRIBUTE", "whose values make the groups: i64, bool or string; null is none");
  args.number("--members", options->how.members, "of the group, the records nearest to the query that are named");
  args.number("-L", options->how.l, "candidates kept while looking for them", 1);
  args.file("--query-labels", options->labels, "a line for each query, its group: the accuracy is printed");
  args.output("-o,--output", options->output, "a file of vectors for the means, in the order of the groups");
  args.flag("--as-stored", options->how.as_stored, "the index's transform is not applied to queries");
  args.field(options->field);
  args.io(options->open.io);
  args.memory(options->open.memory_bytes);
  args.untrusted(options->open.untrusted);
  args.json(options->json);
  args.force(options->force);
  args.example("nearline prototypes photos.near queries.u8bin --by picture");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
