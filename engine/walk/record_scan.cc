// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/record_scan.h"

#include <algorithm>
#include <numeric>

namespace nearline::engine {
namespace {

/// A scan asks at once for pages of so many records: enough for a disk, and the scratch of short walks has room.
constexpr std::uint32_t kScanRecords = 256;

/// All records of the pages that the batch holds, which follow each other. first: the node of the first record.
void locate_all(const GraphView& graph, std::uint32_t first, Scratch& s) {
  s.records.clear();
  for (const std::byte* page : s.batch.pages) {
    for (std::uint32_t slot = 0; slot < graph.shape.slots && first < graph.count; ++slot, ++first) {
      s.records.push_back(page + graph.places.of(first).byte);
    }
  }
}

/// The records of `matches` from `row` on, on so many pages at most: those pages, in the batch. Returns the first that
/// is left.
std::uint64_t gather(const GraphView& graph, const RecordSet& matches, std::uint64_t row, Scratch& s) {
  s.batch.wanted.clear();
  s.fresh.clear();
  for (; row != RecordSet::kNone && s.fresh.size() < kScanRecords; row = matches.next(row + 1)) {
    const auto node = static_cast<std::uint32_t>(row);
    const std::uint32_t page = graph.places.of(node).page;
    if (s.batch.wanted.empty() || s.batch.wanted.back() != page) {
      if (s.batch.wanted.size() == kMaxBatch) return row;
      s.batch.wanted.push_back(page);
    }
    s.fresh.push_back(node);
  }
  return row;
}

}  // namespace

std::uint32_t pages_together(const format::PageShape& shape) noexcept {
  return std::clamp(kScanRecords / shape.slots, 1U, kMaxBatch);
}

SearchTask scan_matches(FrameMemory& /*memory*/, WalkCall call) {
  const GraphView& graph = call.graph;
  const RecordSet& matches = *call.admission.matches();
  Scratch& s = call.scratch;
  s.answers.reset(call.options.k);
  for (std::uint64_t row = matches.next(0); row != RecordSet::kNone;) {
    row = gather(graph, matches, row, s);
    Result<void> got = co_await call.reader.read(s.batch);
    if (!got) co_return got;
    s.records.clear();
    std::size_t page = 0;
    for (const std::uint32_t node : s.fresh) {
      while (s.batch.wanted[page] != graph.places.of(node).page) ++page;
      s.records.push_back(s.batch.pages[page] + graph.places.of(node).byte);
    }
    compare_records(call);
    for (std::size_t i = 0; i < s.records.size(); ++i) {
      if (s.distances[i] > call.options.bound || !call.admission.admits(s.fresh[i])) continue;
      s.answers.offer({s.distances[i], format::stored_id(graph.shape, s.records[i])});
    }
  }
  s.answers.sort();
  co_return Result<void>{};
}

SearchTask scan_records(FrameMemory& /*memory*/, WalkCall call) {
  const GraphView& graph = call.graph;
  Scratch& s = call.scratch;
  float bound = call.options.bound;
  s.answers.reset(call.options.k);
  const auto pages = static_cast<std::uint32_t>(graph.shape.pages(graph.count));
  const std::uint32_t together = pages_together(graph.shape);
  for (std::uint32_t page = 0; page < pages; page += together) {
    s.batch.wanted.resize(std::min(together, pages - page));
    std::iota(s.batch.wanted.begin(), s.batch.wanted.end(), page);
    Result<void> got = co_await call.reader.read(s.batch);
    if (!got) co_return got;
    const std::uint32_t first = page * graph.shape.slots;
    locate_all(graph, first, s);
    compare_records(call);
    for (std::size_t i = 0; i < s.records.size(); ++i) {
      if (s.distances[i] > bound) continue;  // of a scan almost all: what follows is for the few
      if (!call.admission.admits(first + static_cast<std::uint32_t>(i))) continue;
      s.answers.offer({s.distances[i], format::stored_id(graph.shape, s.records[i])});
      bound = std::min(bound, s.answers.kth());
    }
  }
  s.answers.sort();
  co_return Result<void>{};
}

}  // namespace nearline::engine
