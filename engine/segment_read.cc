// SPDX-License-Identifier: Apache-2.0
/// Records by id and by ordinal: the id index leads to ordinals, ordinals are places.
#include <algorithm>
#include <coroutine>
#include <cstring>
#include <numeric>
#include <string>

#include "engine/open_segment.h"

namespace nearline::engine {
namespace {

/// Reads the batch's pages without a coroutine to suspend.
Result<void> read_now(io::PageReader& reader, io::PageBatch& batch) {
  batch.waiter = std::noop_coroutine();
  if (!reader.begin(batch)) {
    while (batch.pending > 0) reader.poll();
  }
  return std::move(batch.outcome);
}

/// Gives the pages back on every way out.
class Release {
 public:
  explicit Release(Lane& lane) noexcept : lane_(lane) {}
  Release(const Release&) = delete;
  Release& operator=(const Release&) = delete;
  ~Release() { lane_.reader->release(lane_.scratches[0]->batch); }

 private:
  Lane& lane_;
};

}  // namespace

Error OpenSegment::out_of_index(std::uint32_t ordinal) const {
  return {.code = Code::kCorrupt,
          .what = "id index names record " + std::to_string(ordinal) + ": expected an ordinal below " +
                  std::to_string(graph_->count),
          .file = file_.file().path().string(),
          .at = file_.section(format::SectionKind::kIdIndex)->offset};
}

Result<void> OpenSegment::warm(Lane& lane) {
  const auto pages = static_cast<std::uint32_t>(graph_->shape.pages(graph_->count));
  if (std::uint64_t{pages} * graph_->shape.page_bytes > budget_.cache_bytes) return {};
  io::PageBatch& batch = lane.scratches[0]->batch;
  for (std::uint32_t first = 0; first < pages; first += kMaxBatch) {
    batch.wanted.resize(std::min(kMaxBatch, pages - first));
    std::iota(batch.wanted.begin(), batch.wanted.end(), first);
    const Release release(lane);
    NEARLINE_CHECK(read_now(*lane.reader, batch));
  }
  return {};
}

Result<void> OpenSegment::read_records(Lane& lane, std::span<const std::uint32_t> ordinals) {
  Scratch& scratch = *lane.scratches[0];
  scratch.batch.wanted.clear();
  scratch.records.clear();
  for (const std::uint32_t ordinal : ordinals) {
    if (ordinal >= graph_->count) {
      return out_of_index(ordinal);
    }
    scratch.batch.wanted.push_back(graph_->places.of(ordinal).page);
  }
  NEARLINE_CHECK(read_now(*lane.reader, scratch.batch));
  for (std::size_t i = 0; i < ordinals.size(); ++i) {
    scratch.records.push_back(scratch.batch.pages[i] + graph_->places.of(ordinals[i]).byte);
  }
  return {};
}

Result<void> OpenSegment::lower_bound(Lane& lane, Id id, Found& found) {
  const format::Section& index = *file_.section(format::SectionKind::kIdIndex);
  std::uint64_t low = found.position;
  found = {.position = graph_->count};
  for (std::uint64_t high = graph_->count; low < high;) {
    const std::uint64_t middle = low + (high - low) / 2;
    NEARLINE_TRY(ordinals, file_.index().read_u32(index, *id_index_check_, middle, 1));
    NEARLINE_CHECK(read_records(lane, ordinals));
    const Found there{middle, ordinals[0], format::stored_id(graph_->shape, lane.scratches[0]->records[0])};
    if (there.id < id) {
      low = middle + 1;
    } else {
      found = there;
      high = middle;
    }
  }
  return {};
}

Result<void> OpenSegment::copy_records(Lane& lane, std::span<const std::uint32_t> ordinals, std::vector<Id>& ids,
                                       std::vector<std::byte>& vectors) {
  const std::size_t bytes = vector_bytes(schema_.type, schema_.dim);
  ids.resize(ordinals.size());
  vectors.resize(ordinals.size() * bytes);
  for (std::size_t at = 0; at < ordinals.size(); at += kMaxBatch) {
    const auto part = ordinals.subspan(at, std::min<std::size_t>(kMaxBatch, ordinals.size() - at));
    NEARLINE_CHECK(read_records(lane, part));
    for (std::size_t i = 0; i < part.size(); ++i) {
      const std::byte* record = lane.scratches[0]->records[i];
      ids[at + i] = format::stored_id(graph_->shape, record);
      std::memcpy(vectors.data() + (at + i) * bytes, record, bytes);
    }
  }
  return {};
}

Result<void> OpenSegment::read_ordinals(std::span<const std::uint32_t> ordinals, std::vector<Id>& ids,
                                        std::vector<std::byte>& vectors) {
  NEARLINE_TRY(lane, pool_->take());
  const Release release(*lane);
  return copy_records(*lane, ordinals, ids, vectors);
}

Result<void> OpenSegment::for_each_record(const std::function<void(std::uint32_t, const std::byte*)>& visit) {
  NEARLINE_TRY(lane, pool_->take());
  const Release release(*lane);
  std::vector<std::uint32_t> ordinals;
  for (std::uint64_t first = 0; first < graph_->count; first += kMaxBatch) {
    ordinals.resize(std::min<std::uint64_t>(kMaxBatch, graph_->count - first));
    std::iota(ordinals.begin(), ordinals.end(), static_cast<std::uint32_t>(first));
    NEARLINE_CHECK(read_records(*lane, ordinals));
    for (std::size_t i = 0; i < ordinals.size(); ++i) visit(ordinals[i], lane->scratches[0]->records[i]);
  }
  return {};
}

Result<void> OpenSegment::read_by_id(std::uint64_t first, std::uint64_t count, std::vector<Id>& ids,
                                     std::vector<std::byte>& vectors) {
  NEARLINE_TRY(lane, pool_->take());
  const Release release(*lane);
  NEARLINE_TRY(ordinals,
               file_.index().read_u32(*file_.section(format::SectionKind::kIdIndex), *id_index_check_, first, count));
  for (const std::uint32_t ordinal : ordinals) {
    if (ordinal >= graph_->count) return out_of_index(ordinal);
  }
  std::erase_if(ordinals, [&](std::uint32_t ordinal) { return graph_->dead.has(ordinal); });
  return copy_records(*lane, ordinals, ids, vectors);
}

Result<std::vector<std::uint32_t>> OpenSegment::find(std::span<const Id> ids) {
  std::vector<std::uint32_t> ordinals(ids.size(), kNoOrdinal);
  std::vector<std::size_t> order(ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  NEARLINE_TRY(lane, pool_->take());
  const Release release(*lane);
  Found found{.id = 0};
  for (const std::size_t i : order) {  // ascending, so that what lies below the last one is not searched again
    if (found.position == graph_->count) break;
    if (found.id < ids[i] || i == order.front()) NEARLINE_CHECK(lower_bound(*lane, ids[i], found));
    if (found.position < graph_->count && found.id == ids[i] && !graph_->dead.has(found.ordinal)) {
      ordinals[i] = found.ordinal;
    }
  }
  return ordinals;
}

Result<Id> OpenSegment::largest_id() {
  NEARLINE_TRY(lane, pool_->take());
  const Release release(*lane);
  const format::Section& index = *file_.section(format::SectionKind::kIdIndex);
  NEARLINE_TRY(ordinals, file_.index().read_u32(index, *id_index_check_, graph_->count - 1, 1));
  NEARLINE_CHECK(read_records(*lane, ordinals));
  return format::stored_id(graph_->shape, lane->scratches[0]->records[0]);
}

}  // namespace nearline::engine
