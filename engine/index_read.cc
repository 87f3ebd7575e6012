// SPDX-License-Identifier: Apache-2.0
/// Records by id, and all of them in order: the id index leads to ordinals, ordinals are places.
#include <algorithm>
#include <coroutine>
#include <cstring>
#include <string>

#include "engine/index_impl.h"
#include "engine/profile_dimension.h"

namespace nearline {
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
  explicit Release(engine::Lane& lane) noexcept : lane_(lane) {}
  Release(const Release&) = delete;
  Release& operator=(const Release&) = delete;
  ~Release() { lane_.reader->release(lane_.scratches[0]->batch); }

 private:
  engine::Lane& lane_;
};

}  // namespace

Result<void> Index::Impl::read_records(engine::Lane& lane, std::span<const std::uint32_t> ordinals) {
  engine::Scratch& scratch = *lane.scratches[0];
  scratch.batch.wanted.clear();
  scratch.records.clear();
  for (const std::uint32_t ordinal : ordinals) {
    if (ordinal >= graph_->count) {
      return Error{.code = Code::kCorrupt,
                   .what = "id index names record " + std::to_string(ordinal) + ": expected an ordinal below " +
                           std::to_string(graph_->count),
                   .file = file_->file().path().string(),
                   .at = file_->section(format::SectionKind::kIdIndex)->offset};
    }
    scratch.batch.wanted.push_back(graph_->places.of(ordinal).page);
  }
  NEARLINE_CHECK(read_now(*lane.reader, scratch.batch));
  for (std::size_t i = 0; i < ordinals.size(); ++i) {
    scratch.records.push_back(scratch.batch.pages[i] + graph_->places.of(ordinals[i]).byte);
  }
  return {};
}

Result<Index::Impl::Found> Index::Impl::lower_bound(engine::Lane& lane, Id id) {
  const format::Section& index = *file_->section(format::SectionKind::kIdIndex);
  const auto at = [&](std::uint64_t position) -> Result<Found> {
    NEARLINE_TRY(ordinals, file_->read_u32(index, *id_index_check_, position, 1));
    NEARLINE_CHECK(read_records(lane, ordinals));
    return Found{position, ordinals[0], format::stored_id(graph_->shape, lane.scratches[0]->records[0])};
  };
  Found best{.position = graph_->count};
  std::uint64_t low = 0;
  std::uint64_t high = graph_->count;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    NEARLINE_TRY(found, at(middle));
    if (found.id < id) {
      low = middle + 1;
    } else {
      best = found;
      high = middle;
    }
  }
  return best;
}

Result<void> Index::Impl::get(std::span<const Id> ids, std::span<std::byte> out) {
  const std::size_t bytes = vector_bytes(info.schema.type, info.schema.dim);
  if (out.size() != ids.size() * bytes) {
    return Error{
        .code = Code::kInvalidArgument,
        .what = "room for " + std::to_string(out.size()) + " bytes: expected " + std::to_string(ids.size() * bytes)};
  }
  const auto unknown = [](Id id) {
    return Error{.code = Code::kNotFound, .what = "no record has id " + std::to_string(id)};
  };
  if (!ids.empty() && !graph_) return unknown(ids[0]);
  if (ids.empty()) return {};
  NEARLINE_TRY(lane, pool_->take());
  const Release release(*lane);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    NEARLINE_TRY(found, lower_bound(*lane, ids[i]));
    if (found.id != ids[i] || found.position == graph_->count) return unknown(ids[i]);
    NEARLINE_CHECK(read_records(*lane, std::span(&found.ordinal, 1)));
    std::memcpy(out.data() + i * bytes, lane->scratches[0]->records[0], bytes);
  }
  return {};
}

Result<void> Index::Impl::copy_records(engine::Lane& lane, std::span<const std::uint32_t> ordinals,
                                       std::vector<Id>& ids, std::vector<std::byte>& vectors) {
  const std::size_t bytes = vector_bytes(info.schema.type, info.schema.dim);
  ids.resize(ordinals.size());
  vectors.resize(ordinals.size() * bytes);
  for (std::size_t at = 0; at < ordinals.size(); at += engine::kMaxBatch) {
    const auto part = ordinals.subspan(at, std::min<std::size_t>(engine::kMaxBatch, ordinals.size() - at));
    NEARLINE_CHECK(read_records(lane, part));
    for (std::size_t i = 0; i < part.size(); ++i) {
      const std::byte* record = lane.scratches[0]->records[i];
      ids[at + i] = format::stored_id(graph_->shape, record);
      std::memcpy(vectors.data() + (at + i) * bytes, record, bytes);
    }
  }
  return {};
}

Result<void> Index::Impl::read_ordinals(std::span<const std::uint32_t> ordinals, std::vector<Id>& ids,
                                        std::vector<std::byte>& vectors) {
  NEARLINE_TRY(lane, pool_->take());
  const Release release(*lane);
  return copy_records(*lane, ordinals, ids, vectors);
}

Result<void> Index::Impl::read_block(std::uint64_t first, std::uint64_t count, std::vector<Id>& ids,
                                     std::vector<std::byte>& vectors) {
  NEARLINE_TRY(lane, pool_->take());
  const Release release(*lane);
  NEARLINE_TRY(ordinals,
               file_->read_u32(*file_->section(format::SectionKind::kIdIndex), *id_index_check_, first, count));
  return copy_records(*lane, ordinals, ids, vectors);
}

Result<std::vector<Id>> Index::Impl::sample_ids(std::size_t count, std::uint64_t seed) {
  std::vector<Id> ids;
  if (!graph_) return ids;
  NEARLINE_TRY(lane, pool_->take());
  const Release release(*lane);
  const format::Section& section = *file_->section(format::SectionKind::kIdIndex);
  for (const std::uint64_t position : engine::sample_rows(graph_->count, count, seed)) {
    NEARLINE_TRY(ordinals, file_->read_u32(section, *id_index_check_, position, 1));
    NEARLINE_CHECK(read_records(*lane, ordinals));
    ids.push_back(format::stored_id(graph_->shape, lane->scratches[0]->records[0]));
  }
  return ids;
}

/// The callback runs without a lane, so that it may search.
Result<void> Index::Impl::for_each(std::size_t rows, const VisitFn& visit) {
  if (!graph_) return {};
  std::vector<Id> ids;
  std::vector<std::byte> vectors;
  for (std::uint64_t first = 0; first < graph_->count; first += ids.size()) {
    const std::uint64_t count = std::clamp<std::uint64_t>(rows, 1, graph_->count - first);
    NEARLINE_CHECK(read_block(first, count, ids, vectors));
    NEARLINE_CHECK(
        visit(ids, {.data = vectors.data(), .rows = count, .dim = info.schema.dim, .type = info.schema.type}));
  }
  return {};
}

}  // namespace nearline
