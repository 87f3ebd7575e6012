// SPDX-License-Identifier: Apache-2.0
/// The question: what does hnswlib, the in-memory engine that most people know, give on the same rows and queries?
/// Built with -O3 -march=native so that the peer has its best instructions; nearline chooses its own at run time.
///   hnsw_peer build  BASE INDEX METRIC M EF_CONSTRUCTION THREADS
///   hnsw_peer search INDEX BASE QUERIES TRUTH METRIC K EF[,EF...] THREADS SECONDS
/// Prints one JSON object a line. A hit is counted by id, or by a distance exactly equal to the k-th true one.
#include <hnswlib/hnswlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "engine/kernels/kernels.h"
#include "nearline/types.h"
#include "nearline/vector_file.h"

namespace {

using nearline::ElementType;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

template <class T>
T value_or_exit(nearline::Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "hnsw_peer: %s\n", result.error().message().c_str());
  std::exit(nearline::exit_status(result.error().code));
}

/// Rows as hnswlib wants them: u8 as it is, everything else as f32, of norm 1 under cosine.
struct Rows {
  std::size_t count = 0;
  std::size_t row_bytes = 0;
  std::vector<std::byte> bytes;
  const void* row(std::size_t i) const { return bytes.data() + i * row_bytes; }
};

void normalize(float* row, std::size_t dim) {
  float sum = 0;
  for (std::size_t i = 0; i < dim; ++i) sum += row[i] * row[i];
  const float scale = 1 / std::sqrt(sum);
  for (std::size_t i = 0; i < dim; ++i) row[i] *= scale;
}

Rows load(const nearline::VectorFile& file, const std::string& metric) {
  Rows rows{.count = file.rows(), .row_bytes = file.dim(), .bytes = value_or_exit(file.read_all())};
  if (file.type() == ElementType::kU8) return rows;
  rows.row_bytes *= sizeof(float);
  std::vector<std::byte> floats(rows.count * rows.row_bytes);
  auto* out = reinterpret_cast<float*>(floats.data());
  nearline::kernels::to_f32(file.type(), rows.bytes.data(), rows.count * file.dim(), out);
  for (std::size_t i = 0; metric == "cosine" && i < rows.count; ++i) normalize(out + i * file.dim(), file.dim());
  rows.bytes = std::move(floats);
  return rows;
}

/// Runs `work(i)` for i in [0, count), each once, on `threads` threads.
template <class Work>
void parallel(std::size_t count, unsigned threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> pool;
  for (unsigned t = 1; t < threads; ++t) pool.emplace_back(run);
  run();
  for (auto& thread : pool) thread.join();
}

template <class Distance>
void build(hnswlib::SpaceInterface<Distance>& space, const nearline::VectorFile& file, char** argv) {
  const std::string path = argv[3];
  const auto m = std::stoul(argv[5]);
  const auto ef = std::stoul(argv[6]);
  const auto threads = static_cast<unsigned>(std::stoul(argv[7]));
  const Rows rows = load(file, argv[4]);
  const auto start = Clock::now();
  const double cpu = cpu_seconds();
  hnswlib::HierarchicalNSW<Distance> index(&space, rows.count, m, ef);
  index.addPoint(rows.row(0), 0);
  parallel(rows.count - 1, threads, [&](std::size_t i) { index.addPoint(rows.row(i + 1), i + 1); });
  index.saveIndex(path);
  std::printf(R"({"engine":"hnswlib","phase":"build","rows":%zu,"m":%lu,"ef_construction":%lu,"threads":%u,)"
              R"("seconds":%.3f,"cpu_seconds":%.3f,"peak_rss_bytes":%ld,"file_bytes":%ju})"
              "\n",
              rows.count, m, ef, threads, seconds_since(start), cpu_seconds() - cpu, peak_rss_bytes(),
              static_cast<std::uintmax_t>(std::filesystem::file_size(path)));
}

/// Answers of one pass, and how long each took.
struct Pass {
  std::vector<std::vector<std::pair<double, std::size_t>>> found;  ///< (distance, label), any order
  std::vector<double> microseconds;
};

double recall(const Pass& pass, const nearline::NeighborTable& truth, std::size_t k, bool inner_product) {
  std::size_t hits = 0;
  for (std::size_t q = 0; q < pass.found.size(); ++q) {
    const auto* ids = truth.ids.data() + q * truth.k;
    const double last = truth.distances.empty() ? -1 : truth.distances[q * truth.k + k - 1];
    for (const auto& [distance, label] : pass.found[q]) {
      const bool tie = inner_product ? 1 - distance == last : distance == last;
      hits += std::find(ids, ids + k, label) != ids + k || tie;
    }
  }
  return static_cast<double>(hits) / static_cast<double>(pass.found.size() * k);
}

template <class Distance>
void search(hnswlib::SpaceInterface<Distance>& space, const Rows& queries, char** argv) {
  const auto truth = value_or_exit(nearline::read_neighbors(argv[5]));
  const std::string metric = argv[6];
  const auto k = std::stoul(argv[7]);
  const auto threads = static_cast<unsigned>(std::stoul(argv[9]));
  const double least_seconds = std::stod(argv[10]);

  const auto start = Clock::now();
  hnswlib::HierarchicalNSW<Distance> index(&space, std::string(argv[2]));
  index.setEf(std::max<std::size_t>(64, k));
  (void)index.searchKnn(queries.row(0), k);
  std::printf(R"({"engine":"hnswlib","phase":"open","first_answer_ms":%.3f})"
              "\n",
              seconds_since(start) * 1e3);

  Pass pass{.found = decltype(Pass::found)(queries.count), .microseconds = std::vector<double>(queries.count)};
  const auto one_pass = [&] {
    parallel(queries.count, threads, [&](std::size_t q) {
      const auto began = Clock::now();
      auto heap = index.searchKnn(queries.row(q), k);
      pass.microseconds[q] = seconds_since(began) * 1e6;
      pass.found[q].clear();
      for (; !heap.empty(); heap.pop())
        pass.found[q].emplace_back(static_cast<double>(heap.top().first), heap.top().second);
    });
  };
  std::istringstream list(argv[8]);
  for (std::string word; std::getline(list, word, ',');) {
    index.setEf(std::stoul(word));
    one_pass();  // warms the caches
    const auto timed = Clock::now();
    std::size_t passes = 0;
    do one_pass();
    while (++passes, seconds_since(timed) < least_seconds);
    const double qps = static_cast<double>(passes * queries.count) / seconds_since(timed);
    std::sort(pass.microseconds.begin(), pass.microseconds.end());
    std::printf(R"({"engine":"hnswlib","phase":"search","L":%s,"k":%lu,"recall":%.5f,"qps":%.1f,"p50_us":%.1f,)"
                R"("p99_us":%.1f,"rss_bytes":%ld,"threads":%u})"
                "\n",
                word.c_str(), k, recall(pass, truth, k, metric != "l2"), qps, pass.microseconds[queries.count / 2],
                pass.microseconds[queries.count * 99 / 100], peak_rss_bytes(), threads);
  }
}

int run(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const bool building = what == "build" && argc == 8;
  if (!building && !(what == "search" && argc == 11)) {
    std::fprintf(stderr, "usage: see the head of bench/hnsw_peer.cc\n");
    return 1;
  }
  const auto base = value_or_exit(nearline::VectorFile::open(building ? argv[2] : argv[3]));
  const std::string metric = building ? argv[4] : argv[6];
  const auto go = [&](auto& space) {
    if (building) return build(space, base, argv);
    search(space, load(value_or_exit(nearline::VectorFile::open(argv[4])), metric), argv);
  };
  if (base.type() == ElementType::kU8) {
    hnswlib::L2SpaceI space(base.dim());
    go(space);
  } else if (metric == "l2") {
    hnswlib::L2Space space(base.dim());
    go(space);
  } else {
    hnswlib::InnerProductSpace space(base.dim());
    go(space);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hnsw_peer: %s\n", error.what());
    return 1;
  }
}
