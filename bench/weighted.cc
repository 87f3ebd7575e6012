// SPDX-License-Identifier: Apache-2.0
/// The question: what do searches find, and what do they cost, where only some of the dimensions count?
///     weighted INDEX QUERIES COUNT IO MEMORY RANK EFFORT KIND...
/// EFFORT below 1 is a recall, else an L. KIND: all, a number P for the prefix of so many dimensions, N,M for a funnel,
/// half for a mask of each query's own that keeps each dimension or not, or weights for weights between 0 and 1 drawn
/// likewise. Prints for each a line of JSON over the first COUNT queries: recall@10 against an exact search by the same
/// weights, and the means of the blocks of 4 KiB that a query looked at, in the cache or not, of estimates and
/// distances.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "bench/peer.h"
#include "nearline/index.h"

namespace {

using namespace nearline;
using peer::value_or_exit;

constexpr std::uint32_t kK = 10;

SearchOptions options_for(const std::string& kind, std::uint32_t dim, std::size_t query) {
  SearchOptions options{.k = kK};
  if (kind == "half" || kind == "weights") {
    std::mt19937_64 random(query + 1);
    for (std::uint32_t i = 0; i < dim; ++i) {
      const std::uint64_t bits = random() >> 40;
      options.mask.push_back(kind == "half" ? static_cast<float>(bits & 1U) : static_cast<float>(bits) / (1U << 24U));
    }
    if (std::ranges::all_of(options.mask, [](float weight) { return weight == 0; })) options.mask[0] = 1;
  } else if (kind != "all") {
    const std::size_t comma = kind.find(',');
    options.prefix = static_cast<std::uint32_t>(std::stoul(kind.substr(comma == std::string::npos ? 0 : comma + 1)));
    if (comma != std::string::npos) options.walk_prefix = static_cast<std::uint32_t>(std::stoul(kind.substr(0, comma)));
  }
  return options;
}

double share_found(const SearchResult& found, const SearchResult& truth) {
  const float last = truth.distances[truth.counts[0] - 1];
  const auto hits = std::count_if(found.distances.begin(), found.distances.begin() + found.counts[0],
                                  [&](float distance) { return distance <= last; });
  return static_cast<double>(std::min<std::int64_t>(hits, truth.counts[0])) / truth.counts[0];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 9) {
    std::fprintf(stderr, "usage: see the head of bench/weighted.cc\n");
    return 1;
  }
  OpenOptions open{.io = *io_mode_from(argv[4]), .memory_bytes = std::stoull(argv[5]), .threads = 1};
  open.ranking = *ranking_from(argv[6]);
  const Index index = value_or_exit(Index::open(argv[1], open));
  const Index exact = value_or_exit(Index::open(argv[1], {.io = IoMode::kMapped, .threads = 1}));
  const IndexInfo info = index.info();
  const auto file = value_or_exit(VectorFile::open(argv[2]));
  const auto bytes = value_or_exit(file.read_all());
  const std::size_t count = std::min<std::size_t>(std::stoull(argv[3]), file.rows());
  const float effort = std::stof(argv[7]);
  for (int a = 8; a < argc; ++a) {
    double recall = 0, reads = 0, estimates = 0, distances = 0;
    std::string plan;
    for (std::size_t q = 0; q < count; ++q) {
      const MatrixView query(bytes.data() + q * vector_bytes(file.type(), file.dim()), 1, file.dim(), file.type());
      SearchOptions options = options_for(argv[a], file.dim(), q);
      SearchOptions certain = options;
      certain.exact = true;
      certain.walk_prefix = 0;
      const auto truth = value_or_exit(exact.search(query, certain));
      options.explain = q == 0;
      effort < 1 ? void(options.recall = effort) : void(options.l = static_cast<std::uint32_t>(effort));
      const auto found = value_or_exit(index.search(query, options));
      if (q == 0) plan = found.explanation.empty() ? "" : found.explanation[0];
      const QueryStats& stats = found.stats[0];
      recall += share_found(found, truth);
      reads += stats.page_reads + stats.cache_hits * (info.page_bytes / 4096.0);
      estimates += stats.estimates;
      distances += stats.distance_computations;
    }
    const auto n = static_cast<double>(count);
    std::printf(
        "{\"kind\": \"%s\", \"recall\": %.4f, \"reads\": %.2f, \"estimates\": %.0f, \"distances\": %.0f, "
        "\"plan\": \"%s\"}\n",
        argv[a], recall / n, reads / n, estimates / n, distances / n, plan.c_str());
    std::fflush(stdout);
  }
  return 0;
}
