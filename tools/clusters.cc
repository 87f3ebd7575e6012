// SPDX-License-Identifier: Apache-2.0
/// nearline clusters: what hangs together by steps within a radius.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "nearline/evaluate.h"
#include "nearline/vector_file.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/json_line.h"
#include "tools/text_file.h"

namespace nearline::tools {
namespace {

constexpr std::size_t kShown = 10;  // clusters that a person sees

struct Options {
  std::filesystem::path index, output;
  std::optional<double> radius;
  ClusterOptions how;
  OpenOptions open;
  bool json = false, force = false, progress = false;
};

std::string lines_of(const Clusters& clusters, bool json) {
  std::string text;
  for (std::size_t i = 0; i < clusters.ids.size(); ++i) {
    text += json ? fmt::format("{{\"id\":{},\"cluster\":{}}}\n", clusters.ids[i], clusters.of[i])
                 : fmt::format("{} {}\n", clusters.ids[i], clusters.of[i]);
  }
  return text;
}

/// By the extension: .npy is [records x 2], .jsonl an object a line, all else "ID CLUSTER" a line.
Result<void> write(const Clusters& clusters, const Options& options) {
  const std::string extension = options.output.extension().string();
  if (extension == ".npy") {
    NeighborTable table{.queries = clusters.ids.size(), .k = 2, .ids = {}, .distances = {}};
    table.ids.reserve(2 * clusters.ids.size());
    for (std::size_t i = 0; i < clusters.ids.size(); ++i) {
      table.ids.push_back(clusters.ids[i]);
      table.ids.push_back(clusters.of[i]);
    }
    return write_neighbors(options.output, table, options.force);
  }
  NEARLINE_TRY(file, TextFile::create(options.output, options.force));
  return file.finish(lines_of(clusters, extension == ".jsonl"));
}

/// The smallest id of each of the first clusters.
std::vector<Id> first_ids(const Clusters& clusters) {
  std::vector<Id> first(std::min(kShown, clusters.sizes.size()), kNoId);
  for (std::size_t i = 0; i < clusters.ids.size(); ++i) {
    if (clusters.of[i] < first.size()) first[clusters.of[i]] = std::min(first[clusters.of[i]], clusters.ids[i]);
  }
  return first;
}

void print(const Clusters& clusters, const Options& options) {
  const auto alone = static_cast<std::uint64_t>(std::ranges::count(clusters.sizes, std::uint64_t{1}));
  const std::uint64_t largest = clusters.sizes.empty() ? 0 : clusters.sizes.front();
  const auto shown = std::span(clusters.sizes).first(std::min(kShown, clusters.sizes.size()));
  if (options.json) {
    JsonLine line;
    line.put("records", std::uint64_t{clusters.ids.size()}).put("radius", options.how.radius);
    line.put("clusters", std::uint64_t{clusters.sizes.size()}).put("alone", alone).put("largest", largest);
    line.put("sizes", shown).put("pairs", clusters.pairs);
    line.put("expected_recall", double{clusters.expected_recall}).print();
    return;
  }
  fmt::print("{}: {} records, {} cluster{} within {:g}, {} of one record\n", options.index.string(),
             clusters.ids.size(), clusters.sizes.size(), clusters.sizes.size() == 1 ? "" : "s", options.how.radius,
             alone);
  const std::vector<Id> first = first_ids(clusters);
  for (std::size_t i = 0; i < shown.size() && shown[i] > 1; ++i)
    fmt::print("cluster {:>3}  {:>10} records, the first is {}\n", i, shown[i], first[i]);
}

int run(Options& options) {
  if (!options.radius) return fail({Code::kInvalidArgument, "expected --radius"});
  options.how.radius = static_cast<float>(*options.radius);
  options.how.progress = progress_line(options.progress);
  options.how.threads = options.open.threads;
  const auto index = Index::open(options.index, options.open);
  if (!index) return fail(index.error());
  auto clusters = find_clusters(*index, options.how);
  if (!clusters) {
    Error error = std::move(clusters).error();
    return fail(error.code == Code::kInvalidArgument ? std::move(error).in(options.index.string()) : error);
  }
  clear_progress_line();
  if (!options.output.empty()) {
    if (const auto written = write(*clusters, options); !written) return fail(written.error());
  }
  print(*clusters, options);
  return 0;
}

}  // namespace

Action declare_clusters(Args& args) {
  auto options = std::make_shared<Options>();
  args.input("INDEX", options->index, "the index");
  constexpr double kMost = std::numeric_limits<float>::max();
  args.real("--radius", options->radius,
            "records as near as this are connected, in the metric's units (l2: squared; ip, cosine: 1 - product)",
            -kMost, kMost);
  args.output("-o,--output", options->output,
              "the cluster of each id, 0 the largest: .npy (ids, clusters), .jsonl, or text with ID CLUSTER a line");
  args.flag("--exact", options->how.exact, "all neighbours for certain");
  args.number("-L", options->how.l, "candidates kept while walking, at first", 1);
  args.share("--recall", options->how.recall, "instead of -L: the share of neighbours to find, as calibrated");
  args.either("-L", "--recall");
  args.filter(options->how.filter);
  args.field(options->how.field);
  args.io(options->open.io);
  args.ranking(options->open.ranking);
  args.memory(options->open.memory_bytes);
  args.threads(options->open.threads, "threads; auto means one a processor");
  args.untrusted(options->open.untrusted);
  args.json(options->json);
  args.force(options->force);
  args.progress(options->progress);
  args.example("nearline clusters photos.near --radius 20000 -o clusters.txt");
  return [options] { return run(*options); };
}

}  // namespace nearline::tools
