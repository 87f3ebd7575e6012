// SPDX-License-Identifier: Apache-2.0
#include "bench/peer.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "engine/kernels/kernels.h"

namespace peer {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kHighest = 0.995;  // compare.py reports speeds up to a recall of 0.99
constexpr double kStandsStill = 0.0005;
constexpr double kPage = 4096;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A number after its name in a file of /proc; 0 when there is none.
std::uint64_t proc_number(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    std::uint64_t number = 0;
    if (word == name && file >> number) return number;
  }
  return 0;
}

void normalize(float* row, std::size_t dim) {
  float sum = 0;
  for (std::size_t i = 0; i < dim; ++i) sum += row[i] * row[i];
  const float scale = 1 / std::sqrt(sum);
  for (std::size_t i = 0; i < dim; ++i) row[i] *= scale;
}

/// Answers of one pass, and how long each took.
struct Pass {
  std::vector<std::vector<std::uint64_t>> found;
  std::vector<double> microseconds;
};

/// A hit is one of the true k, or exactly as near as the k-th: which of several rows at one distance comes first is
/// chance. The table goes on after k, so that ids tell; distances of a peer may be rounded or compressed.
double recall(const Pass& pass, const nearline::NeighborTable& truth, std::size_t k) {
  std::size_t hits = 0;
  for (std::size_t q = 0; q < pass.found.size(); ++q) {
    const auto* ids = truth.ids.data() + q * truth.k;
    std::size_t good = k;
    if (!truth.distances.empty()) {
      const float* distances = truth.distances.data() + q * truth.k;
      while (good < truth.k && distances[good] == distances[k - 1]) ++good;
    }
    for (const std::uint64_t id : pass.found[q]) hits += std::find(ids, ids + good, id) != ids + good;
  }
  return static_cast<double>(hits) / static_cast<double>(pass.found.size() * k);
}

void run_pass(const SearchCall& call, const Rows& queries, const Subject& subject, Pass& pass) {
  parallel(queries.count, call.threads, [&](std::size_t q) {
    const auto began = Clock::now();
    subject.answer(queries.row(q), pass.found[q]);
    pass.microseconds[q] = seconds_since(began) * 1e6;
  });
}

}  // namespace

Rows load(const nearline::VectorFile& file, std::size_t first, std::size_t count, const std::string& metric,
          Bytes bytes) {
  using nearline::ElementType;
  Rows rows{
      .count = count, .dim = file.dim(), .row_bytes = nearline::vector_bytes(file.type(), file.dim()), .bytes = {}};
  rows.bytes.resize(count * rows.row_bytes);
  const auto read = file.read(first, count, rows.bytes);
  if (!read) {
    std::fprintf(stderr, "%s\n", read.error().message().c_str());
    std::exit(nearline::exit_status(read.error().code));
  }
  if (file.type() == ElementType::kU8 && bytes == Bytes::kKeep) return rows;
  rows.row_bytes = rows.dim * sizeof(float);
  std::vector<std::byte> floats(count * rows.row_bytes);
  auto* out = reinterpret_cast<float*>(floats.data());
  nearline::kernels::to_f32(file.type(), rows.bytes.data(), count * rows.dim, out);
  for (std::size_t i = 0; metric == "cosine" && i < count; ++i) normalize(out + i * rows.dim, rows.dim);
  rows.bytes = std::move(floats);
  return rows;
}

void parallel(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> pool;
  for (unsigned t = 1; t < threads; ++t) pool.emplace_back(run);
  run();
  for (auto& thread : pool) thread.join();
}

SearchCall SearchCall::parse(char** argv) {
  SearchCall call{.index = argv[2], .queries = argv[3], .truth = argv[4], .metric = argv[5], .efforts = {}};
  call.k = std::stoul(argv[6]);
  std::istringstream list(argv[7]);
  for (std::string word; std::getline(list, word, ',');) call.efforts.push_back(std::stoul(word));
  call.threads = static_cast<unsigned>(std::stoul(argv[8]));
  call.least_seconds = std::stod(argv[9]);
  return call;
}

void sweep(const std::string& engine, const SearchCall& call, const Rows& queries, const Subject& subject) {
  const auto truth = value_or_exit(nearline::read_neighbors(call.truth));
  if (truth.queries < queries.count || truth.k < call.k)
    throw std::invalid_argument("the truth has fewer queries, or fewer neighbours of each, than are asked for");
  Pass pass{.found = decltype(Pass::found)(queries.count), .microseconds = std::vector<double>(queries.count)};
  subject.set_effort(call.efforts.front());
  run_pass(call, queries, subject, pass);  // warms the caches
  double before = 0;
  for (const std::size_t effort : call.efforts) {
    subject.set_effort(effort);
    const std::uint64_t read_before = proc_number("/proc/self/io", "read_bytes:");
    const auto start = Clock::now();
    std::size_t asked = 0;
    do {
      run_pass(call, queries, subject, pass);
      asked += queries.count;
    } while (seconds_since(start) < call.least_seconds);
    const double qps = static_cast<double>(asked) / seconds_since(start);
    const std::uint64_t read = proc_number("/proc/self/io", "read_bytes:") - read_before;
    std::sort(pass.microseconds.begin(), pass.microseconds.end());
    const double reached = recall(pass, truth, call.k);
    std::printf(R"({"engine":"%s","phase":"search","L":%zu,"k":%zu,"recall":%.5f,"qps":%.1f,"p50_us":%.1f,)"
                R"("p99_us":%.1f,"reads_per_query":%.3f,"rss_bytes":%ju,"threads":%u)",
                engine.c_str(), effort, call.k, reached, qps, pass.microseconds[queries.count / 2],
                pass.microseconds[queries.count * 99 / 100],
                static_cast<double>(read) / kPage / static_cast<double>(asked),
                static_cast<std::uintmax_t>(proc_number("/proc/self/status", "VmRSS:") * 1024), call.threads);
    if (subject.pages_touched)
      std::printf(R"(,"pages_touched":%.1f)", subject.pages_touched() / static_cast<double>(asked));
    if (subject.compared)
      std::printf(R"(,"distance_computations":%.1f)", subject.compared() / static_cast<double>(asked));
    std::printf("}\n");
    if (reached >= kHighest || reached < before + kStandsStill) return;
    before = reached;
  }
}

void print_build(const std::string& engine, std::size_t rows, unsigned threads) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  std::printf(R"({"engine":"%s","phase":"build","rows":%zu,"threads":%u,"cpu_seconds":%.3f,"peak_rss_bytes":%ld})"
              "\n",
              engine.c_str(), rows, threads, seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss * 1024);
}

}  // namespace peer
