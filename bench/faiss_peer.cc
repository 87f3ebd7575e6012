// SPDX-License-Identifier: Apache-2.0
/// The question: what does Faiss give on the same rows and queries, as a graph in memory and as inverted lists on disk?
///   faiss_peer build  BASE INDEX METRIC FACTORY EF_CONSTRUCTION THREADS     FACTORY as in HNSW32,SQ8 or IVF1024,PQ64np
///   faiss_peer search INDEX QUERIES TRUTH METRIC K EFFORT[,EFFORT...] THREADS SECONDS
/// The effort is efSearch of a graph, nprobe of lists. Lists are kept in INDEX.lists, mapped while searching.
#include <faiss/index_factory.h>
#include <faiss/index_io.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/invlists/OnDiskInvertedLists.h>
#include <omp.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

#include "bench/peer.h"

namespace {

constexpr std::size_t kBlock = 16384;             // rows in memory at once, so that the peak is the peer's own
constexpr std::size_t kTrainingRows = 64 * 4096;  // 64 for each of 4096 lists; Faiss asks for 39 at least
constexpr std::size_t kTrainingStretch = 64;      // rows in a row: files are often sorted, a sample must not be

/// Stretches of rows, evenly spread over the file.
peer::Rows training_rows(const nearline::VectorFile& file, const std::string& metric) {
  const std::size_t stretches =
      std::max<std::size_t>(1, std::min<std::size_t>(file.rows(), kTrainingRows) / kTrainingStretch);
  peer::Rows all;
  for (std::size_t i = 0; i < stretches; ++i) {
    const std::size_t first = file.rows() * i / stretches;
    const std::size_t count = std::min<std::size_t>(kTrainingStretch, file.rows() - first);
    const peer::Rows some = peer::load(file, first, count, metric, peer::Bytes::kToFloat);
    all.bytes.insert(all.bytes.end(), some.bytes.begin(), some.bytes.end());
    all.count += count;
  }
  return all;
}

void build(char** argv) {
  const std::string path = argv[3], metric = argv[4];
  const auto threads = std::stoi(argv[7]);
  omp_set_num_threads(threads);
  const auto file = peer::value_or_exit(nearline::VectorFile::open(argv[2]));
  const std::unique_ptr<faiss::Index> index(faiss::index_factory(
      static_cast<int>(file.dim()), argv[5], metric == "l2" ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT));
  if (auto* graph = dynamic_cast<faiss::IndexHNSW*>(index.get())) graph->hnsw.efConstruction = std::stoi(argv[6]);
  {
    const peer::Rows sample = training_rows(file, metric);
    index->train(static_cast<faiss::Index::idx_t>(sample.count), sample.floats());
  }
  for (std::size_t first = 0; first < file.rows(); first += kBlock) {
    const std::size_t count = std::min<std::size_t>(kBlock, file.rows() - first);
    const peer::Rows rows = peer::load(file, first, count, metric, peer::Bytes::kToFloat);
    index->add(static_cast<faiss::Index::idx_t>(count), rows.floats());
  }
  if (auto* lists = dynamic_cast<faiss::IndexIVF*>(index.get())) {
    const std::string list_path = path + ".lists";
    std::filesystem::remove(list_path);
    auto disk = std::make_unique<faiss::OnDiskInvertedLists>(lists->nlist, lists->code_size, list_path.c_str());
    disk->merge_from_1(lists->invlists);
    lists->replace_invlists(disk.release(), true);
  }
  faiss::write_index(index.get(), path.c_str());
  peer::print_build("faiss", file.rows(), static_cast<unsigned>(threads));
}

/// Asks one query at a time: threads are those of the caller, none are started by the library.
void search(const faiss::Index& index, const peer::SearchCall& call, peer::Subject subject) {
  const auto file = peer::value_or_exit(nearline::VectorFile::open(call.queries));
  const peer::Rows queries = peer::load(file, 0, file.rows(), call.metric, peer::Bytes::kToFloat);
  subject.answer = [&](const void* query, std::vector<std::uint64_t>& ids) {
    omp_set_num_threads(1);  // holds for the calling thread only
    std::vector<float> distances(call.k);
    std::vector<faiss::Index::idx_t> labels(call.k);
    index.search(1, static_cast<const float*>(query), static_cast<faiss::Index::idx_t>(call.k), distances.data(),
                 labels.data());
    ids.assign(labels.begin(), labels.end());
  };
  peer::sweep("faiss", call, queries, subject);
}

void search(char** argv) {
  const auto call = peer::SearchCall::parse(argv);
  const std::unique_ptr<faiss::Index> index(faiss::read_index(call.index.c_str()));
  if (auto* lists = dynamic_cast<faiss::IndexIVF*>(index.get())) {
    // Else each query starts up to 32 threads to read ahead what is in the page cache already.
    dynamic_cast<faiss::OnDiskInvertedLists&>(*lists->invlists).prefetch_nthread = 0;
    const auto set_effort = [=](std::size_t probes) {
      lists->nprobe = probes;
      faiss::indexIVF_stats.reset();
    };
    const double entry_bytes = static_cast<double>(lists->code_size + sizeof(faiss::Index::idx_t));
    const auto pages = [=] { return static_cast<double>(faiss::indexIVF_stats.ndis) * entry_bytes / 4096; };
    search(*index, call, {set_effort, {}, pages});
  } else {
    // In the index, for 1.7.3 keeps no more candidates than that says, whatever the parameters of a search say.
    auto& graph = dynamic_cast<faiss::IndexHNSW&>(*index).hnsw;
    search(*index, call, {[&](std::size_t ef) { graph.efSearch = static_cast<int>(ef); }, {}, {}});
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "build" && argc == 8) return build(argv), 0;
    if (what == "search" && argc == 10) return search(argv), 0;
    std::fprintf(stderr, "usage: see the head of bench/faiss_peer.cc\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "faiss_peer: %s\n", error.what());
  }
  return 1;
}
