// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/needs.h"

#include <algorithm>
#include <string>

#include "engine/codes/code_table.h"
#include "engine/segment/key_index.h"
#include "format/code_book.h"
#include "io/memory_info.h"

namespace nearline::engine {
namespace {

using format::SectionKind;

/// Of as many parts as codes can have a few numbers may be kept, so that an index that grows opens codes anew now and
/// then and not at every commit. Fewer than the least are not worth their memory: docs/performance.md.
constexpr std::uint32_t kSteps = 16;
constexpr std::uint32_t kLeastSteps = 2;

/// parts: of each code, that stay in memory.  Precondition: the segment has codes.
SearchNeeds with_codes(const SegmentFile& file, SearchNeeds needs, std::uint32_t parts = CodeTable::kWhole) noexcept {
  const std::uint32_t bytes = stored_code_bytes(file);
  needs.code_parts = bytes > format::kCodeHeadBytes ? bytes - format::kCodeHeadBytes : 0;
  needs.kept_parts = std::min(parts, needs.code_parts);
  needs.code_bytes = CodeTable::memory_bytes(file, parts);
  return needs;
}

/// Needs with as much of each code as the memory has room for; without where that is too little.
SearchNeeds with_short_codes(const SegmentFile& file, const SearchNeeds& needs, const OpenOptions& options, IoMode io) {
  const std::uint32_t all = with_codes(file, needs).code_parts;
  for (std::uint32_t steps = kSteps - 1; steps >= kLeastSteps; --steps) {
    const std::uint32_t parts = all * steps / kSteps;
    if (parts == 0) break;
    const SearchNeeds cut = with_codes(file, needs, parts);
    if (least_search_bytes(cut, options.threads, io) <= options.memory_bytes) return cut;
  }
  return needs;
}

/// Needs without codes, except on fused pages, where no walk does without.
SearchNeeds needs_of(const SegmentFile& file) noexcept {
  const format::Segment& segment = file.segment();
  const SearchNeeds needs{.shape = file.shape(),
                          .count = segment.count,
                          .entries = file.section(SectionKind::kEntryPoints)->count,
                          .table_bytes = (segment.deleted > 0 ? (segment.count + 7) / 8 : 0) +
                                         KeyIndex::most_bytes(format::KeyShape::of(segment)) +
                                         value_memory_bytes(file)};
  return needs.shape.layout == Layout::kFused ? with_codes(file, needs) : needs;
}

/// Whether pages that were read once are there from then on, where codes take no memory from them.
bool stay_in_memory(const SearchNeeds& needs, const OpenOptions& options, IoMode io) {
  if (io == IoMode::kMapped) return true;
  const auto budget = divide_search_memory(options.memory_bytes, needs, options.threads, io);
  return budget && holds_all_pages(*budget, needs);
}

}  // namespace

IoMode choose_mode(const OpenOptions& options, std::uint64_t file_bytes) {
  if (options.io == IoMode::kMapped && options.untrusted) return IoMode::kPread;  // never map what may be hostile
  if (options.io != IoMode::kAuto) return options.io;
  if (options.untrusted) return IoMode::kPread;
  return file_bytes <= io::memory_info().available ? IoMode::kMapped : IoMode::kDirect;
}

std::uint64_t value_memory_bytes(const SegmentFile& file) noexcept {
  return file.index().manifest().attributes.empty() ? 0 : (file.segment().count + 7) / 8 * 2;
}

std::uint32_t stored_code_bytes(const SegmentFile& file) noexcept {
  const format::Section* codes = file.section(SectionKind::kCodes);
  return codes == nullptr ? 0 : codes->element_bytes;
}

std::uint64_t least_open_bytes(const SegmentFile& file, std::uint32_t threads, IoMode mode, bool codes) noexcept {
  const SearchNeeds needs = needs_of(file);
  return least_search_bytes(codes && CodeTable::has_codes(file) ? with_codes(file, needs) : needs, threads, mode);
}

Result<SearchNeeds> choose_needs(const SegmentFile& file, const OpenOptions& options, IoMode io) {
  const SearchNeeds needs = needs_of(file);
  const bool fused = needs.shape.layout == Layout::kFused;
  const bool demanded = options.ranking == Ranking::kCodes || fused;
  if (!CodeTable::has_codes(file)) {
    if (!demanded || file.flat()) return needs;
    return Error{.code = Code::kInvalidArgument,
                 .what = "ranking by codes: expected an index built with them, found one without"};
  }
  const std::uint64_t budget = options.memory_bytes;
  if (!fused && (options.ranking == Ranking::kExact || (!demanded && stay_in_memory(needs, options, io)))) return needs;
  const SearchNeeds more = with_codes(file, needs);
  const std::uint64_t least = least_search_bytes(more, options.threads, io);
  if (budget >= least) return more;
  if (!demanded) return with_short_codes(file, needs, options, io);
  return Error{.code = Code::kOverBudget,
               .what = "a memory bound of " + std::to_string(budget) + " bytes: ranking by codes needs at least " +
                       std::to_string(least)};
}

}  // namespace nearline::engine
