// SPDX-License-Identifier: Apache-2.0
/// Opening a segment, in a first commit and in those that follow.
#include "engine/segment/segment.h"

#include <algorithm>

#include "engine/segment/needs.h"
#include "engine/walk/certified_scan.h"

namespace nearline::engine {
namespace {

/// A cache can give back, not grow. Where it could have a quarter more an empty one is better in the long run.
bool much_more(const SearchBudget& now, const SearchBudget& before) noexcept {
  return now.cache_bytes > before.cache_bytes + before.cache_bytes / 4;
}

/// What a cache notes of pages it keeps when it has given them back. Where that is much of what it may still have an
/// empty one is better.
bool much_less(const SearchBudget& now, const SearchBudget& before) noexcept {
  return now.cache_bytes < before.cache_bytes / 16;
}

SearchBudget least_of(const SearchBudget& now, const SearchBudget& before) noexcept {
  SearchBudget least = before;
  least.walks = std::min(now.walks, before.walks);
  least.spare_walks = std::min(now.spare_walks, before.spare_walks);
  least.spare_bytes = std::min(now.spare_bytes, before.spare_bytes);
  least.cache_bytes = std::min(now.cache_bytes, before.cache_bytes);
  return least;
}

}  // namespace

Result<std::unique_ptr<Segment>> Segment::open(const SegmentFile& file, const OpenOptions& options, IoMode mode) {
  NEARLINE_TRY(field, Field::open(file, options, mode));
  NEARLINE_TRY(dead, file.tombstones());
  const SearchNeeds& needs = field->needs();
  const SearchBudget& budget = field->budget();
  auto keys = std::make_shared<KeyIndex>(file, field->first_key_page());
  auto values = std::make_shared<SegmentValues>(file.segment().count, value_memory_bytes(file));
  return std::unique_ptr<Segment>(
      new Segment(file, field, std::move(keys), std::move(values), std::move(dead), needs, budget));
}

Result<std::unique_ptr<Segment>> Segment::in_commit(const SegmentFile& file, const OpenOptions& options,
                                                    IoMode mode) const {
  const auto needs = choose_needs(file, options, field_->io());
  if (!needs || !field_->serves(file, mode, *needs)) return std::unique_ptr<Segment>();
  const auto budget = divide_search_memory(options.memory_bytes, *needs, options.threads, field_->io());
  if (!budget || budget->lanes != budget_.lanes) return std::unique_ptr<Segment>();
  if (much_more(*budget, budget_) || much_less(*budget, budget_)) return std::unique_ptr<Segment>();
  NEARLINE_TRY(dead, file.tombstones());
  const SearchBudget least = least_of(*budget, budget_);
  return std::unique_ptr<Segment>(new Segment(file, field_, keys_, values_, std::move(dead), *needs, least));
}

std::uint64_t Segment::walk_bytes(const Plan& plan) const noexcept {
  if (plan.weighted && field_->codes() != nullptr) {
    Plan same = plan;
    same.weighted = false;
    return walk_bytes(same) + CodeWeights::memory_bytes(field_->codes()->book(), plan.directions);
  }
  if (plan.way == Way::kCertifiedScan) {
    return walk_scratch_bytes(needs_) + certified_scan_bytes(plan.walk) +
           CodeBound::memory_bytes(needs_.shape.dim, needs_.code_parts);
  }
  const std::uint32_t longest = std::max(plan.walk.l, plan.walk.room);
  if (longest <= kUsualL) return walk_scratch_bytes(needs_);
  if (plan.way != Way::kScan) return walk_scratch_bytes(needs_, longest);
  // Comparing with every record takes but a heap of the answers.
  return walk_scratch_bytes(needs_) + std::uint64_t{plan.walk.k} * 2 * sizeof(Hit);
}

std::uint64_t Segment::room_for(const Plan& plan) const noexcept {
  return (walk_scratch_bytes(needs_) + budget_.spare_bytes) / walk_bytes(plan);
}

RecordSet Segment::alive() const {
  std::vector<std::uint64_t> words((count() + 63) / 64, ~std::uint64_t{0});
  if (count() % 64 != 0) words.back() = (std::uint64_t{1} << (count() % 64)) - 1;
  return RecordSet::of(std::move(words)).without(dead_);
}

void Segment::count_memory(MemoryUsage& usage) const {
  field_->count_memory(usage);
  usage.buffers += keys_->memory_bytes() + dead_.memory_bytes() + values_->memory_bytes();
}

}  // namespace nearline::engine
