// SPDX-License-Identifier: Apache-2.0
/// The question: how many pages does an answer cost, by code and by packing? Simulates the walk over the graph of a
/// real index; prints a line per code, packing and list size, and the reads at recall 0.95 and 0.99 between them.
///
///     reads INDEX QUERIES [queries=400] [codes=exact,pca:36,pq:32,rabitq:2] [packings=order,greedy] [slots=0]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "walk.h"

namespace {

using namespace nearline::experiments;

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::stringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

double reads_at(const std::vector<Outcome>& curve, double recall) {
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const Outcome &low = curve[i - 1], &high = curve[i];
    if (low.recall <= recall && recall <= high.recall && high.recall > low.recall)
      return low.reads + (recall - low.recall) / (high.recall - low.recall) * (high.reads - low.reads);
  }
  return std::nan("");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: reads INDEX QUERIES [queries=N] [codes=...] [packings=...] [slots=N]\n");
    return 1;
  }
  std::uint32_t queries = 400, slots = 0;
  std::string codes = "exact,pca:36,pq:32,rabitq:2", packings = "order,greedy";
  for (int i = 3; i < argc; ++i) {
    const std::string word = argv[i];
    const std::string value = word.substr(word.find('=') + 1);
    if (word.starts_with("queries=")) queries = static_cast<std::uint32_t>(std::atoi(value.c_str()));
    if (word.starts_with("slots=")) slots = static_cast<std::uint32_t>(std::atoi(value.c_str()));
    if (word.starts_with("codes=")) codes = value;
    if (word.starts_with("packings=")) packings = value;
  }
  const World world = load_world(argv[1], argv[2], queries, 10);
  if (slots == 0) slots = world.slots;
  std::vector<Packing> ways;
  for (const std::string& how : split(packings)) {
    ways.push_back(pack(world, slots, how));
    std::printf("packing %s: %u records a page, %.3f of the edges stay on it\n", how.c_str(), slots,
                ways.back().local_edges);
  }
  for (const std::string& what : split(codes)) {
    const Codes coded = encode(world, what);
    for (std::size_t way = 0; way < ways.size(); ++way) {
      std::vector<Outcome> curve;
      for (const std::uint32_t l : {8U, 10U, 12U, 16U, 20U, 24U, 32U, 40U, 56U, 72U, 96U, 128U, 192U, 256U}) {
        curve.push_back(walk_all(world, coded, ways[way], {.l = l}));
        if (curve.back().recall > 0.995) break;
      }
      const std::string packing = split(packings)[way];
      std::printf("%-9s %-7s %5.0f B  reads at 0.95 %6.1f  at 0.99 %6.1f   hops at the last L %.0f\n", what.c_str(),
                  packing.c_str(), coded.bytes, reads_at(curve, 0.95), reads_at(curve, 0.99), curve.back().hops);
      std::fflush(stdout);
    }
  }
}
