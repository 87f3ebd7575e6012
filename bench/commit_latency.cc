// SPDX-License-Identifier: Apache-2.0
/// The question: how long does a small commit take while a large merge runs? So many of the first records are deleted
/// that their segment is rewritten beside the commits that follow; these insert BATCH_ROWS each, one after the other,
/// durably, until one adopts what the merge made. bench/living.py drives it.
///     commit_latency INDEX MORE_ROWS BATCH_ROWS PAUSE_MILLISECONDS MEMORY_BYTES
/// Prints a line of JSON: percentiles of insert and commit in milliseconds, and the commit that adopts.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "nearline/index.h"
#include "nearline/writer.h"
#include "peer.h"

namespace {

using peer::value_or_exit;
using Clock = std::chrono::steady_clock;

double milliseconds(Clock::time_point since) {
  return std::chrono::duration<double, std::milli>(Clock::now() - since).count();
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// A little more than an eighth, which has the segment rewritten.
std::vector<nearline::Id> first_ids(std::uint64_t records) {
  std::vector<nearline::Id> ids(records / 8 + records / 100 + 1);
  std::iota(ids.begin(), ids.end(), nearline::Id{0});
  return ids;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: commit_latency INDEX MORE_ROWS BATCH_ROWS PAUSE_MILLISECONDS MEMORY_BYTES\n");
    return 1;
  }
  const auto rows = value_or_exit(nearline::VectorFile::open(argv[2]));
  const std::uint64_t batch = std::min<std::uint64_t>(std::strtoull(argv[3], nullptr, 10), rows.rows());
  const std::chrono::milliseconds pause(std::atoi(argv[4]));
  const std::uint64_t records = value_or_exit(nearline::Index::open(argv[1])).info().count;
  auto writer = value_or_exit(nearline::Writer::open(argv[1], {.memory_bytes = std::strtoull(argv[5], nullptr, 10)}));
  value_or_exit(writer.erase(first_ids(records)));
  const auto start = Clock::now();
  nearline::CommitReport report = value_or_exit(writer.commit());
  const double began = milliseconds(start);
  if (!report.merging) {
    std::fprintf(stderr, "commit_latency: no merge began: expected memory for %llu records\n",
                 static_cast<unsigned long long>(records));
    return 1;
  }
  const std::size_t row_bytes = vector_bytes(rows.type(), rows.dim());
  std::vector<std::byte> block(batch * row_bytes);
  std::vector<double> taken;
  double adopted = 0;
  std::uint32_t segments = 0;
  for (std::uint64_t first = 0; report.merged_records < records / 2; first += batch) {
    if (first + batch > rows.rows()) first = 0;
    value_or_exit(rows.read(first, batch, block));
    const auto now = Clock::now();
    value_or_exit(writer.insert({block.data(), batch, rows.dim(), rows.type()}));
    report = value_or_exit(writer.commit());
    adopted = milliseconds(now);
    taken.push_back(adopted);
    segments = std::max(segments, report.segments);
    std::this_thread::sleep_for(pause);
  }
  std::printf(
      "{\"commits\": %zu, \"seconds\": %.2f, \"p50\": %.2f, \"p99\": %.2f, \"most\": %.2f, \"began\": %.2f, "
      "\"adopted\": %.2f, \"segments\": %u, \"count\": %llu}\n",
      taken.size(), milliseconds(start) / 1000, percentile(taken, 0.5), percentile(taken, 0.99), percentile(taken, 1),
      began, adopted, segments, static_cast<unsigned long long>(report.count));
}
