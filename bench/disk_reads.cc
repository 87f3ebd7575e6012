// SPDX-License-Identifier: Apache-2.0
/// The question: how many 4 KiB blocks a second does this disk give, with so many reads in flight? Reads blocks of a
/// file at random through the ring that searches use, past the page cache.
///     disk_reads FILE SECONDS DEPTH[,DEPTH...]
/// Prints a line of JSON for each depth.
#include <chrono>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "io/file.h"
#include "io/page_source.h"
#include "peer.h"

namespace {

using namespace nearline;
using peer::value_or_exit;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kBlock = 4096;

double reads_per_second(io::PageSource& source, std::uint32_t blocks, std::uint32_t depth, double seconds) {
  const auto reader = value_or_exit(source.reader(io::least_cache_bytes(kBlock, depth + 1), depth + 1));
  std::mt19937 generator(depth);
  std::vector<std::unique_ptr<io::PageBatch>> batches;
  std::uint64_t reads = 0;
  const auto ask = [&](io::PageBatch& batch) {
    do {
      batch.wanted.assign(1, static_cast<io::PageId>(generator() % blocks));
    } while (reader->begin(batch));
  };
  for (std::uint32_t i = 0; i < depth; ++i) ask(*batches.emplace_back(std::make_unique<io::PageBatch>()));
  const auto start = Clock::now();
  double taken = 0;
  while (taken < seconds) {
    reader->poll();
    for (const auto& batch : batches) {
      if (batch->pending > 0) continue;
      value_or_exit(std::move(batch->outcome));
      reads += batch->disk_reads;
      batch->disk_reads = 0;
      ask(*batch);
    }
    taken = std::chrono::duration<double>(Clock::now() - start).count();
  }
  for (const auto& batch : batches) reader->release(*batch);
  return static_cast<double>(reads) / taken;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: disk_reads FILE SECONDS DEPTH[,DEPTH...]\n");
    return 1;
  }
  const auto file = value_or_exit(io::real_file_system().open_read(argv[1]));
  const auto blocks = static_cast<std::uint32_t>(value_or_exit(file->size()) / kBlock);
  if (blocks == 0) {
    std::fprintf(stderr, "%s: expected at least %u bytes\n", argv[1], kBlock);
    return 1;
  }
  const auto source =
      value_or_exit(io::direct_source(*file, {.at = 0, .page_bytes = kBlock, .page_count = blocks},
                                      [](io::PageId, std::span<const std::byte>) { return Result<void>{}; }));
  std::stringstream depths(argv[3]);
  for (std::string depth; std::getline(depths, depth, ',');)
    std::printf("{\"depth\": %s, \"reads_per_second\": %.0f}\n", depth.c_str(),
                reads_per_second(*source, blocks, static_cast<std::uint32_t>(std::stoul(depth)), std::atof(argv[2])));
}
