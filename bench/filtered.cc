// SPDX-License-Identifier: Apache-2.0
/// The question: what does a filtered search find, and what does it cost, whatever the filter's share and wherever its
/// matches lie? Each query has a filter of its own, a line of a file; answers are compared with an exact search.
///     filtered INDEX QUERIES FILTERS IO MEMORY RANK RECALL SECONDS
/// SECONDS of 0: one pass for recall and reads, and no rates. Prints one line of JSON.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "bench/peer.h"
#include "nearline/index.h"

namespace {

using namespace nearline;
using peer::value_or_exit;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kK = 10;

struct Answers {
  double recall = 0;  ///< mean share of the k nearest matches
  double reads = 0;
  double estimates = 0;
  double distances = 0;
  double filter_reads = 0;
  double matches = 0;
};

double share_found(const SearchResult& found, const SearchResult& truth) {
  const std::uint32_t all = truth.counts[0];
  if (all == 0) return 1;
  const float last = truth.distances[all - 1];
  std::uint32_t hits = 0;
  for (std::uint32_t i = 0; i < found.counts[0]; ++i) hits += found.distances[i] <= last ? 1 : 0;
  return static_cast<double>(std::min(hits, all)) / all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 9) {
    std::fprintf(stderr, "usage: see the head of bench/filtered.cc\n");
    return 1;
  }
  const auto file = value_or_exit(VectorFile::open(argv[2]));
  const auto bytes = value_or_exit(file.read_all());
  std::vector<std::string> filters;
  std::ifstream lines(argv[3]);
  for (std::string line; std::getline(lines, line);) filters.push_back(line);
  OpenOptions options{.io = *io_mode_from(argv[4]), .memory_bytes = std::stoull(argv[5]), .threads = 1};
  options.ranking = *ranking_from(argv[6]);
  const auto index = value_or_exit(Index::open(argv[1], options));
  const auto exact = value_or_exit(Index::open(argv[1], {.io = IoMode::kMapped, .threads = 1}));
  const float recall = std::stof(argv[7]);
  const std::size_t count = std::min<std::size_t>(filters.size(), file.rows());
  const auto query = [&](std::size_t i) {
    return MatrixView(bytes.data() + i * vector_bytes(file.type(), file.dim()), 1, file.dim(), file.type());
  };
  Answers sum;
  for (std::size_t i = 0; i < count; ++i) {
    const SearchOptions asked{.k = kK, .recall = recall, .filter = filters[i]};
    const auto truth = value_or_exit(exact.search(query(i), {.k = kK, .exact = true, .filter = filters[i]}));
    const auto found = value_or_exit(index.search(query(i), asked));
    sum.recall += share_found(found, truth);
    sum.reads += found.stats[0].page_reads;
    sum.estimates += found.stats[0].estimates;
    sum.distances += found.stats[0].distance_computations;
    sum.filter_reads += static_cast<double>(found.filter_reads);
    sum.matches += static_cast<double>(found.matches);
  }
  const auto n = static_cast<double>(count);
  double rate = 0;
  if (const double seconds = std::stod(argv[8]); seconds > 0) {
    const auto start = Clock::now();
    std::size_t done = 0;
    double taken = 0;
    for (; taken < seconds; taken = std::chrono::duration<double>(Clock::now() - start).count()) {
      for (std::size_t i = 0; i < count; ++i, ++done) {
        value_or_exit(index.search(query(i), {.k = kK, .recall = recall, .filter = filters[i]}));
      }
    }
    rate = static_cast<double>(done) / taken;
  }
  std::printf(
      "{\"recall\": %.4f, \"reads\": %.2f, \"estimates\": %.0f, \"distances\": %.0f, \"filter_reads\": %.1f, "
      "\"matches\": %.1f, \"qps\": %.1f}\n",
      sum.recall / n, sum.reads / n, sum.estimates / n, sum.distances / n, sum.filter_reads / n, sum.matches / n, rate);
}
