// SPDX-License-Identifier: Apache-2.0
/// All records in the order of their ids, and a sample of them.
#include <algorithm>

#include "engine/query/snapshot.h"
#include "engine/vectors/profile_dimension.h"

namespace nearline::engine {
namespace {

/// Reads one segment's live records in ascending order of id, a block at a time.
class Cursor {
 public:
  Cursor(const Segment& segment, std::size_t vector_bytes, std::uint64_t rows) noexcept
      : segment_(segment), vector_bytes_(vector_bytes), rows_(rows) {}

  /// Sees to it that `id` and `vector` are there, unless the segment is at its end.
  Result<void> fill() {
    while (at_ == ids_.size() && next_ < segment_.count()) {
      const std::uint64_t count = std::min(rows_, segment_.count() - next_);
      NEARLINE_CHECK(segment_.read_by_id(next_, count, ids_, vectors_));
      next_ += count;
      at_ = 0;
    }
    return {};
  }
  [[nodiscard]] bool at_end() const noexcept { return at_ == ids_.size(); }
  [[nodiscard]] Id id() const noexcept { return ids_[at_]; }
  [[nodiscard]] std::span<const std::byte> vector() const noexcept {
    return std::span(vectors_).subspan(at_ * vector_bytes_, vector_bytes_);
  }
  void advance() noexcept { ++at_; }

 private:
  const Segment& segment_;
  std::size_t vector_bytes_;
  std::uint64_t rows_;
  std::uint64_t next_ = 0;  // position in the order of ids
  std::size_t at_ = 0;
  std::vector<Id> ids_;
  std::vector<std::byte> vectors_;
};

/// The cursor with the smallest id, or null when all are at their end.
Cursor* smallest(std::span<Cursor> cursors) noexcept {
  Cursor* best = nullptr;
  for (Cursor& cursor : cursors) {
    if (!cursor.at_end() && (best == nullptr || cursor.id() < best->id())) best = &cursor;
  }
  return best;
}

}  // namespace

/// Takes equally many of each stretch of the live records.
Result<std::vector<Id>> Snapshot::sample_ids(std::size_t count, std::uint64_t seed) const {
  std::vector<Id> ids;
  const std::vector<std::uint64_t> chosen = sample_rows(info_.count, count, seed);
  auto next = chosen.begin();
  std::uint64_t before = 0;  // live records of the segments before
  for (const auto& segment : segments_) {
    std::vector<std::uint32_t> ordinals;
    std::uint64_t rank = before;
    for (std::uint32_t o = 0; o < segment->count() && next != chosen.end(); ++o) {
      if (segment->dead().has(Row(o))) continue;
      if (rank++ != *next) continue;
      ordinals.push_back(o);
      ++next;
    }
    before += segment->live();
    std::vector<Id> some;
    std::vector<std::byte> vectors;
    NEARLINE_CHECK(segment->read_rows(ordinals, some, vectors));
    ids.insert(ids.end(), some.begin(), some.end());
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

/// The callback runs without a lane, so that it may search.
Result<void> Snapshot::for_each(std::size_t rows, const Index::VisitFn& visit) const {
  const std::size_t bytes = vector_bytes(info_.schema.type, info_.schema.dim);
  const std::size_t block = std::max<std::size_t>(rows, 1);
  std::vector<Cursor> cursors;
  for (const auto& segment : segments_) cursors.emplace_back(*segment, bytes, block);
  std::vector<Id> ids;
  std::vector<std::byte> vectors;
  const auto flush = [&]() -> Result<void> {
    NEARLINE_CHECK(visit(ids, {vectors.data(), ids.size(), schema().dim, schema().type}));
    ids.clear();
    vectors.clear();
    return {};
  };
  while (true) {
    for (Cursor& cursor : cursors) NEARLINE_CHECK(cursor.fill());
    Cursor* const from = smallest(cursors);
    if (from == nullptr) break;
    ids.push_back(from->id());
    vectors.insert(vectors.end(), from->vector().begin(), from->vector().end());
    from->advance();
    if (ids.size() == block) NEARLINE_CHECK(flush());
  }
  return ids.empty() ? Result<void>{} : flush();
}

}  // namespace nearline::engine
