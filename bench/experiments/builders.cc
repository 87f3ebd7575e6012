// SPDX-License-Identifier: Apache-2.0
/// Compares ways of building the graph: CPU-seconds by phase, memory, degree, reachability, and what the graph is
/// worth. Usage: builders BASE QUERIES TRUTH METHOD [name=value ...]; README.md lists the names.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "evaluate.h"
#include "forest.h"
#include "hnsw_peer.h"
#include "vamana.h"

namespace nearline::experiments {
namespace {

class Settings {
 public:
  Settings(int count, char** words) {
    for (int i = 0; i < count; ++i) {
      const std::string word = words[i];
      const auto split = word.find('=');
      values_[word.substr(0, split)] = split == std::string::npos ? "1" : word.substr(split + 1);
    }
  }
  [[nodiscard]] double get(const std::string& name, double otherwise) const {
    const auto at = values_.find(name);
    return at == values_.end() ? otherwise : std::strtod(at->second.c_str(), nullptr);
  }
  [[nodiscard]] std::uint32_t count(const std::string& name, std::uint32_t otherwise) const {
    return static_cast<std::uint32_t>(get(name, otherwise));
  }

 private:
  std::map<std::string, std::string> values_;
};

struct Job {
  std::string base, queries, truth, method;
  Settings settings;
};

PruneOptions prune_options(const Settings& settings) {
  PruneOptions options;
  options.degree = settings.count("R", options.degree);
  options.alpha = static_cast<float>(settings.get("alpha", 1.2));
  options.alpha_first = static_cast<float>(settings.get("alpha-first", options.alpha));
  return options;
}

VamanaOptions vamana_options(const Settings& settings) {
  VamanaOptions options;
  options.prune = prune_options(settings);
  options.width = settings.count("L", options.width);
  options.batch_cap = settings.get("cap", options.batch_cap);
  options.entry_sample = settings.count("entry-sample", 0);
  return options;
}

template <class T>
void build_vamana(const Points<T>& points, Graph& graph, NodeId start, const Settings& settings, Phases& phases) {
  VamanaOptions options = vamana_options(settings);
  const std::uint32_t passes = settings.count("passes", 1);
  for (std::uint32_t pass = 0; pass < passes; ++pass) {
    options.prune.alpha = pass + 1 < passes ? 1.0F : prune_options(settings).alpha;
    options.prune.alpha_first = std::min(options.prune.alpha, prune_options(settings).alpha_first);
    const std::vector<NodeId> order = permutation(points.count, settings.count("seed", 1) + pass);
    vamana_pass(points, graph, start, options, order, pass == 0, phases);
  }
}

template <class T>
void build_forest(const Points<T>& points, Graph& graph, NodeId start, const Settings& settings, Phases& phases) {
  ForestOptions options;
  options.prune = prune_options(settings);
  options.trees = settings.count("trees", options.trees);
  options.leaf = settings.count("leaf", options.leaf);
  options.nearest = settings.count("nearest", options.nearest);
  options.seed = settings.count("seed", 1);
  options.leaves_backwards = settings.get("backwards", 0) != 0;
  std::vector<NodeId> order = forest_build(points, graph, options, phases);
  Pruner<T> pruner(points, options.prune);
  if (settings.count("back", 1) != 0) add_back_edges(graph, pruner, points.count / settings.count("windows", 16) + 1);
  phases.charge("back edges");
  VamanaOptions refine = vamana_options(settings);
  refine.width = settings.count("refine", 24);
  refine.batch_cap = settings.get("refine-cap", 0.1);
  refine.entry_self = settings.get("refine-self", 1) != 0;
  if (settings.get("refine-random", 0) != 0) order = permutation(points.count, options.seed);
  if (refine.width != 0) vamana_pass(points, graph, start, refine, std::span<const NodeId>(order), false, phases);
}

/// Moves the rows into the leaf order of one more tree, as a builder would store them: near records share pages.
template <class T>
void renumber(Points<T>& points, std::uint32_t leaf, Phases& phases) {
  const Leaves leaves = Partition<T>(points, leaf, 0).run();
  std::vector<T> moved;
  moved.reserve(points.values.size());
  for (const NodeId row : leaves.order) moved.insert(moved.end(), points[row], points[row] + points.dim);
  points.values = std::move(moved);
  phases.charge("renumber");
}

void print_phases(const Phases& phases) {
  std::printf("  build %.2f CPU-s:", phases.total());
  for (const auto& [name, seconds] : phases.seconds()) std::printf(" %s %.2f", name.c_str(), seconds);
  std::printf("\n");
}

template <class T>
void report_graph(const Points<T>& points, const Graph& graph, NodeId start, double before_mb) {
  double edges = 0;
  for (NodeId i = 0; i < graph.count(); ++i) edges += static_cast<double>(graph.neighbors(i).size());
  const double raw = static_cast<double>(points.values.size() * sizeof(T)) / (1 << 20);
  std::printf("  degree %.1f  unreachable %u  hash %016llx  memory beyond vectors %.1f MB (vectors %.1f)\n",
              edges / graph.count(), unreachable(graph, start), static_cast<unsigned long long>(graph.hash()),
              peak_megabytes() - before_mb, raw);
}

template <class T>
int run(const Job& job) {
  const Settings& settings = job.settings;
  Points<T> points = load_points<T>(job.base, settings.count("rows", 0));
  const Points<T> queries = load_points<T>(job.queries, settings.count("queries", 1000));
  const Truth truth = load_truth(job.truth);
  const std::uint32_t k = settings.count("k", 10);
  const auto copies = settings.count("copies", 0);
  append_copies(points, truth.ids[4], copies);
  const bool changed = copies > 0 || settings.count("rows", 0) > 0;
  const std::vector<float> kth =
      changed ? scanned_kth_distances(points, queries, k) : kth_distances(points, queries, truth, k);
  reorder(points, static_cast<Order>(settings.count("order", 0)));
  if (job.method == "hnsw") {
    const HnswOptions options{settings.count("M", 16), settings.count("efc", 128), settings.get("ours", 0) != 0};
    double seconds = 0;
    const auto curve = hnsw_sweep(points, queries, kth, k, options, seconds);
    std::printf("  build %.2f CPU-s\n", seconds);
    print_curve("own", curve);
    return 0;
  }
  Phases phases;
  if (settings.get("renumber", 0) != 0) renumber(points, settings.count("leaf", 2048), phases);
  const NodeId start = medoid(points);
  const double before_mb = peak_megabytes();
  Graph graph(points.count, settings.count("R", 32));
  if (job.method == "vamana") build_vamana(points, graph, start, settings, phases);
  if (job.method == "forest") build_forest(points, graph, start, settings, phases);
  print_phases(phases);
  report_graph(points, graph, start, before_mb);
  const std::vector<NodeId> order = permutation(points.count, 7);
  print_curve("medoid", sweep(points, graph, queries, kth, k, start, {}));
  print_curve("sample", sweep(points, graph, queries, kth, k, start, std::span(order).first(points.count / 50)));
  return 0;
}

}  // namespace
}  // namespace nearline::experiments

int main(int argc, char** argv) {
  using namespace nearline::experiments;
  if (argc < 5) {
    std::fprintf(stderr, "usage: builders BASE QUERIES TRUTH vamana|forest|hnsw [name=value ...]\n");
    return 1;
  }
  const Job job{argv[1], argv[2], argv[3], argv[4], Settings(argc - 5, argv + 5)};
  for (int i = 4; i < argc; ++i) std::printf("%s ", argv[i]);
  std::printf("\n");
  return job.base.ends_with(".u8bin") ? run<std::uint8_t>(job) : run<float>(job);
}
