// SPDX-License-Identifier: Apache-2.0
/// The question: what does it cost to get a record by its id? bench/living.py drives it.
///     keys INDEX IO MEMORY_BYTES
/// Prints a line of JSON: reads and rounds of a cold id, the first of an open index and another after it, and
/// microseconds an id of `contains` and `get` in batches of 1,000 once all blocks were read.
#include <algorithm>
#include <chrono>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "nearline/index.h"
#include "peer.h"

namespace {

using namespace nearline;
using peer::value_or_exit;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kCold = 100, kBatch = 1'000, kBatches = 50;
constexpr int kPasses = 5;

Index open(const std::string& path, const OpenOptions& options) {
  return value_or_exit(Index::open(path, options));
}

/// The least microseconds an id of some passes over all batches.
template <class Ask>
double warm(std::span<const Id> ids, const Ask& ask) {
  double best = std::numeric_limits<double>::infinity();
  for (int pass = 0; pass < kPasses; ++pass) {
    const auto start = Clock::now();
    for (std::size_t at = 0; at < ids.size(); at += kBatch) ask(ids.subspan(at, std::min(kBatch, ids.size() - at)));
    const double taken = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
    if (pass > 0) best = std::min(best, taken / static_cast<double>(ids.size()));
  }
  return best;
}

IoMode mode_of(const std::string& name) {
  return name == "mapped" ? IoMode::kMapped : name == "direct" ? IoMode::kDirect : IoMode::kPread;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: keys INDEX mapped|direct|pread MEMORY_BYTES\n");
    return 1;
  }
  const std::string path = argv[1];
  const OpenOptions options{.io = mode_of(argv[2]), .memory_bytes = std::stoull(argv[3]), .threads = 1};
  std::vector<Id> ids = value_or_exit(open(path, options).sample_ids(kBatch * kBatches, 1));
  std::shuffle(ids.begin(), ids.end(), std::mt19937(1));  // NOLINT(*-msc51-cpp): the same ids in every run
  const Index index = open(path, options);
  const Schema schema = index.info().schema;
  std::vector<std::byte> out(kBatch * vector_bytes(schema.type, schema.dim));
  const auto room = [&](std::size_t rows) {
    return std::span(out).first(rows * vector_bytes(schema.type, schema.dim));
  };

  GetReport first, second;
  const std::size_t cold = std::min(kCold, ids.size() / 2);
  for (std::size_t i = 0; i < cold; ++i) {
    const Index fresh = open(path, options);
    for (GetReport* sum : {&first, &second}) {
      const Id id = ids[2 * i + (sum == &second ? 1 : 0)];
      const GetReport one = value_or_exit(fresh.get({&id, 1}, room(1)));
      sum->page_reads += one.page_reads;
      sum->rounds += one.rounds;
    }
  }
  const double contains = warm(ids, [&](std::span<const Id> some) { value_or_exit(index.contains(some)); });
  const double get = warm(ids, [&](std::span<const Id> some) { value_or_exit(index.get(some, room(some.size()))); });
  const auto mean = [&](std::uint64_t sum) { return static_cast<double>(sum) / static_cast<double>(cold); };
  std::printf(
      "{\"reads_first\": %.2f, \"rounds_first\": %.2f, \"reads_next\": %.2f, \"rounds_next\": %.2f, "
      "\"us_contains\": %.3f, \"us_get\": %.3f, \"ids\": %zu}\n",
      mean(first.page_reads), mean(first.rounds), mean(second.page_reads), mean(second.rounds), contains, get,
      ids.size());
}
