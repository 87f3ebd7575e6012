// SPDX-License-Identifier: Apache-2.0
/// The question: what does a reader notice of a writer? One thread asks one query after another and moves to the newest
/// commit after every hundred; first alone, then while another process inserts in durable commits of 1,000, merges
/// included. bench/living.py drives it.
///     reader_latency INDEX QUERIES MORE_ROWS IO RECALL IDLE_SECONDS MEMORY_BYTES
/// Prints a line of JSON: percentiles of a query in microseconds, alone and beside the writer, and of a refresh.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "nearline/index.h"
#include "nearline/writer.h"
#include "peer.h"

namespace {

using nearline::Index;
using peer::value_or_exit;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kCommitRows = 1000;
constexpr int kRefreshEvery = 100;

double microseconds(Clock::time_point since) {
  return std::chrono::duration<double, std::micro>(Clock::now() - since).count();
}

/// The writer's whole life; its return value is the exit status.
int write_all(const std::string& index, const nearline::VectorFile& rows) {
  auto writer = value_or_exit(nearline::Writer::open(index, {.threads = 1}));
  const std::size_t row_bytes = vector_bytes(rows.type(), rows.dim());
  std::vector<std::byte> block(kCommitRows * row_bytes);
  for (std::uint64_t first = 0; first < rows.rows(); first += kCommitRows) {
    const std::uint64_t count = std::min(kCommitRows, rows.rows() - first);
    value_or_exit(rows.read(first, count, std::span(block).first(count * row_bytes)));
    value_or_exit(writer.insert({block.data(), count, rows.dim(), rows.type()}));
    value_or_exit(writer.commit());
  }
  return 0;
}

struct Latencies {
  std::vector<double> queries, refreshes;  // microseconds
};

class Reader {
 public:
  Reader(Index& index, const nearline::VectorFile& queries, float recall)
      : index_(index),
        rows_(queries.rows()),
        bytes_(value_or_exit(queries.read_all())),
        recall_(recall),
        row_bytes_(vector_bytes(queries.type(), queries.dim())),
        type_(queries.type()),
        dim_(queries.dim()) {}

  /// Asks until `done` says so.
  Latencies ask(const std::function<bool()>& done) {
    Latencies taken;
    while (!done()) {
      for (int i = 0; i < kRefreshEvery; ++i, ++next_) {
        const std::byte* row = bytes_.data() + next_ % rows_ * row_bytes_;
        const auto start = Clock::now();
        value_or_exit(index_.search({row, 1, dim_, type_}, {.recall = recall_}));
        taken.queries.push_back(microseconds(start));
      }
      const auto start = Clock::now();
      if (value_or_exit(index_.refresh())) taken.refreshes.push_back(microseconds(start));
    }
    return taken;
  }

 private:
  Index& index_;
  std::uint64_t rows_, next_ = 0;
  std::vector<std::byte> bytes_;
  float recall_;
  std::size_t row_bytes_;
  nearline::ElementType type_;
  std::uint32_t dim_;
};

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

nearline::IoMode mode_of(const std::string& word) {
  if (word == "direct") return nearline::IoMode::kDirect;
  if (word == "pread") return nearline::IoMode::kPread;
  return word == "mapped" ? nearline::IoMode::kMapped : nearline::IoMode::kAuto;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr, "usage: reader_latency INDEX QUERIES MORE_ROWS IO RECALL IDLE_SECONDS MEMORY_BYTES\n");
    return 1;
  }
  const auto queries = value_or_exit(nearline::VectorFile::open(argv[2]));
  const auto more = value_or_exit(nearline::VectorFile::open(argv[3]));
  auto index = value_or_exit(Index::open(
      argv[1], {.io = mode_of(argv[4]), .memory_bytes = std::strtoull(argv[7], nullptr, 10), .threads = 1}));
  Reader reader(index, queries, std::strtof(argv[5], nullptr));
  const auto until = Clock::now() + std::chrono::seconds(std::atoi(argv[6]));
  auto idle = reader.ask([&] { return Clock::now() >= until; });

  const pid_t child = ::fork();
  if (child == 0) ::_exit(write_all(argv[1], more));
  int status = 0;
  auto busy = reader.ask([&] { return ::waitpid(child, &status, WNOHANG) != 0; });
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "reader_latency: the writer failed\n");
    return 1;
  }
  std::printf(
      "{\"queries_alone\": %zu, \"p50_alone\": %.1f, \"p99_alone\": %.1f, \"queries_beside\": %zu, "
      "\"p50_beside\": %.1f, \"p99_beside\": %.1f, \"refreshes\": %zu, \"p50_refresh\": %.1f, "
      "\"p99_refresh\": %.1f, \"segments\": %u}\n",
      idle.queries.size(), percentile(idle.queries, 0.5), percentile(idle.queries, 0.99), busy.queries.size(),
      percentile(busy.queries, 0.5), percentile(busy.queries, 0.99), busy.refreshes.size(),
      percentile(busy.refreshes, 0.5), percentile(busy.refreshes, 0.99), index.info().segments);
}
