// SPDX-License-Identifier: Apache-2.0
/// The question: what does hnswlib, the in-memory engine that most people know, give on the same rows and queries?
/// Built with -O3 -march=native so that the peer has its best instructions; nearline chooses its own at run time.
///   hnsw_peer build  BASE INDEX METRIC M EF_CONSTRUCTION THREADS
///   hnsw_peer search INDEX QUERIES TRUTH METRIC K EF[,EF...] THREADS SECONDS
///   hnsw_peer count  as search: also says how many vectors a query is compared with, which costs time
#include <hnswlib/hnswlib.h>

#include <atomic>

#include "bench/peer.h"

namespace {

peer::Bytes how(const std::string& metric) {
  return metric == "l2" ? peer::Bytes::kKeep : peer::Bytes::kToFloat;
}

/// A space that counts what is compared in it.
template <class Distance>
class Counting : public hnswlib::SpaceInterface<Distance> {
 public:
  explicit Counting(hnswlib::SpaceInterface<Distance>& space)
      : space_(space), compare_(space.get_dist_func()), parameter_(space.get_dist_func_param()) {}
  std::size_t get_data_size() override { return space_.get_data_size(); }
  hnswlib::DISTFUNC<Distance> get_dist_func() override {
    return [](const void* a, const void* b, const void* self) {
      const auto& counting = *static_cast<const Counting*>(self);
      ++counting.compared_;
      return counting.compare_(a, b, counting.parameter_);
    };
  }
  void* get_dist_func_param() override { return this; }

  double take() { return static_cast<double>(compared_.exchange(0)); }

 private:
  hnswlib::SpaceInterface<Distance>& space_;
  hnswlib::DISTFUNC<Distance> compare_;
  void* parameter_;
  mutable std::atomic<std::uint64_t> compared_{0};
};

template <class Distance>
void build(hnswlib::SpaceInterface<Distance>& space, const nearline::VectorFile& file, char** argv) {
  const auto m = std::stoul(argv[5]);
  const auto ef = std::stoul(argv[6]);
  const auto threads = static_cast<unsigned>(std::stoul(argv[7]));
  const peer::Rows rows = peer::load(file, 0, file.rows(), argv[4], how(argv[4]));
  hnswlib::HierarchicalNSW<Distance> index(&space, rows.count, m, ef);
  index.addPoint(rows.row(0), 0);
  peer::parallel(rows.count - 1, threads, [&](std::size_t i) { index.addPoint(rows.row(i + 1), i + 1); });
  index.saveIndex(argv[3]);
  peer::print_build("hnswlib", rows.count, threads);
}

template <class Distance>
void search(hnswlib::SpaceInterface<Distance>& space, const nearline::VectorFile& file, char** argv) {
  const auto call = peer::SearchCall::parse(argv);
  const peer::Rows queries = peer::load(file, 0, file.rows(), call.metric, how(call.metric));
  Counting<Distance> counting(space);
  const bool counts = std::string(argv[1]) == "count";
  hnswlib::SpaceInterface<Distance>* const used = counts ? &counting : &space;
  hnswlib::HierarchicalNSW<Distance> index(used, call.index);
  const auto answer = [&](const void* query, std::vector<std::uint64_t>& ids) {
    ids.clear();
    for (auto heap = index.searchKnn(query, call.k); !heap.empty(); heap.pop()) ids.push_back(heap.top().second);
  };
  peer::Subject subject{[&](std::size_t ef) { index.setEf(ef), counting.take(); }, answer, {}, {}};
  if (counts) subject.compared = [&] { return counting.take(); };
  peer::sweep("hnswlib", call, queries, subject);
}

int run(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  const bool building = what == "build" && argc == 8;
  if (!building && !((what == "search" || what == "count") && argc == 10)) {
    std::fprintf(stderr, "usage: see the head of bench/hnsw_peer.cc\n");
    return 1;
  }
  // The rows of the base, or the queries: u8 both, or floats both. Only l2 has a form for integers.
  const auto file = peer::value_or_exit(nearline::VectorFile::open(building ? argv[2] : argv[3]));
  const std::string metric = building ? argv[4] : argv[5];
  const auto go = [&](auto space) { building ? build(space, file, argv) : search(space, file, argv); };
  if (file.type() == nearline::ElementType::kU8 && metric == "l2") {
    go(hnswlib::L2SpaceI(file.dim()));
  } else if (metric == "l2") {
    go(hnswlib::L2Space(file.dim()));
  } else {
    go(hnswlib::InnerProductSpace(file.dim()));
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
