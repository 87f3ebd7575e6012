// SPDX-License-Identifier: Apache-2.0
/// Opening a segment: the page source that the options and the machine allow, then the budget's division.
#include "engine/open_segment.h"

#include <algorithm>
#include <string>

#include "engine/codes/code_table.h"

namespace nearline::engine {
namespace {

using format::SectionKind;

std::uint32_t element_bytes_of_codes(const SegmentFile& file) noexcept {
  const format::Section* codes = file.section(SectionKind::kCodes);
  return codes == nullptr ? 0 : codes->element_bytes;
}

/// Precondition: the segment has codes.
SearchNeeds with_codes(const SegmentFile& file, SearchNeeds needs) noexcept {
  const std::uint32_t bytes = element_bytes_of_codes(file);
  needs.code_bytes = CodeTable::memory_bytes(file);
  needs.code_parts = bytes > format::kCodeHeadBytes ? bytes - format::kCodeHeadBytes : 0;
  return needs;
}

/// Without codes, where there is a way without.
SearchNeeds needs_of(const SegmentFile& file) noexcept {
  const format::Segment& segment = file.segment();
  const SearchNeeds needs{.shape = file.shape(),
                          .count = segment.count,
                          .entries = file.section(SectionKind::kEntryPoints)->count,
                          .table_bytes = segment.deleted > 0 ? (segment.count + 7) / 8 : 0};
  return segment.layout == Layout::kFused ? with_codes(file, needs) : needs;
}

/// With codes where they rank: always on fused pages, through which there is no other way.
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
  const bool resident = io == IoMode::kMapped || file.section(SectionKind::kGraphPages)->length <= budget / 2;
  if (!fused && (options.ranking == Ranking::kExact || (!demanded && resident))) return needs;
  const SearchNeeds more = with_codes(file, needs);
  const std::uint64_t least = least_search_bytes(more, options.threads, io);
  if (budget >= least) return more;
  if (!demanded) return needs;
  return Error{.code = Code::kNoMemory,
               .what = "a memory bound of " + std::to_string(budget) + " bytes: ranking by codes needs at least " +
                       std::to_string(least)};
}

/// Whether two commits of one file have the segment, deleted records aside. Serials are never used twice.
bool same_records(const SegmentFile& one, const SegmentFile& other) noexcept {
  using enum SectionKind;
  if (one.segment().count != other.segment().count || one.shape() != other.shape()) return false;
  for (const SectionKind kind : {kGraphPages, kEntryPoints, kIdIndex, kCodeParameters, kCodes, kCalibration}) {
    const format::Section *a = one.section(kind), *b = other.section(kind);
    if ((a == nullptr) != (b == nullptr)) return false;
    if (a != nullptr &&
        (a->serial != b->serial || a->offset != b->offset || a->length != b->length || a->root != b->root)) {
      return false;
    }
  }
  return true;
}

/// A cache can give back, not grow. Where it could have a quarter more an empty one is better in the long run.
bool much_more(const SearchBudget& now, const SearchBudget& before) noexcept {
  return now.cache_bytes > before.cache_bytes + before.cache_bytes / 4;
}

SearchBudget least_of(const SearchBudget& now, const SearchBudget& before) noexcept {
  SearchBudget least = before;
  least.walks = std::min(now.walks, before.walks);
  least.cache_bytes = std::min(now.cache_bytes, before.cache_bytes);
  least.walk_bytes = std::min(now.walk_bytes, before.walk_bytes);
  return least;
}

}  // namespace

OpenSegment::OpenSegment(const SegmentFile& file) noexcept
    : file_(file), schema_{.dim = file.field().dim, .type = file.field().type, .metric = file.field().metric} {}

std::uint64_t OpenSegment::least_bytes(const SegmentFile& file, std::uint32_t threads, IoMode mode,
                                       bool codes) noexcept {
  const SearchNeeds needs = needs_of(file);
  return least_search_bytes(codes && CodeTable::has_codes(file) ? with_codes(file, needs) : needs, threads, mode);
}

Result<std::unique_ptr<OpenSegment>> OpenSegment::open(const SegmentFile& file, const OpenOptions& options,
                                                       IoMode mode) {
  std::unique_ptr<OpenSegment> segment(new OpenSegment(file));
  NEARLINE_CHECK(segment->open_all(options, mode));
  return segment;
}

Result<void> OpenSegment::open_all(const OpenOptions& options, IoMode mode) {
  wished_ = io_ = mode;
  NEARLINE_CHECK(open_source(options));
  code_bytes_ = element_bytes_of_codes(file_);
  NEARLINE_TRY(needs, choose_needs(file_, options, io_));
  needs_ = needs;
  if (needs_.code_bytes > 0) NEARLINE_CHECK(open_codes());
  NEARLINE_TRY(budget, divide_search_memory(options.memory_bytes, needs_, options.threads, io_));
  budget_ = budget;
  NEARLINE_CHECK(read_entries());
  NEARLINE_TRY(calibration, file_.calibration());
  calibration_ = std::move(calibration);
  NEARLINE_TRY(dead, file_.tombstones());
  const format::Section& pages = *file_.section(SectionKind::kGraphPages);
  page_check_ = file_.index().check(pages, budget_.tree_blocks);
  id_index_check_ = file_.index().check(*file_.section(SectionKind::kIdIndex), budget_.tree_blocks);
  graph_ = std::make_unique<GraphView>(Space(schema_.metric, schema_.type, schema_.dim), file_.shape(),
                                       file_.segment().count, entries_, pages.offset);
  graph_->dead = std::move(dead);
  pool_ = std::make_unique<ReaderPool>(*source_, budget_.lanes, budget_.cache_bytes, budget_.walks);
  auto lane = pool_->take();  // what cannot work is refused now, not at the first query
  if (!lane) return std::move(lane).error();
  return io_ == IoMode::kDirect && file_.flat() ? warm(**lane) : Result<void>{};
}

Result<void> OpenSegment::open_codes() {
  NEARLINE_TRY(codes, CodeTable::open(file_));
  // A query that met codes for the first time would wait for each of them.
  if (io_ == IoMode::kDirect) NEARLINE_CHECK(codes->load_all());
  codes_ = std::move(codes);
  return {};
}

Result<std::optional<OpenSegment::Renewal>> OpenSegment::renewal(const SegmentFile& file, const OpenOptions& options,
                                                                 IoMode mode) const {
  if (mode != wished_ || !same_records(file_, file)) return std::optional<Renewal>();
  const auto needs = choose_needs(file, options, io_);
  if (!needs || (needs->code_bytes > 0) != (codes_ != nullptr)) return std::optional<Renewal>();
  const auto budget = divide_search_memory(options.memory_bytes, *needs, options.threads, io_);
  if (!budget || budget->lanes != budget_.lanes || much_more(*budget, budget_)) return std::optional<Renewal>();
  NEARLINE_TRY(dead, file.tombstones());
  return std::optional(Renewal{*needs, least_of(*budget, budget_), std::move(dead)});
}

void OpenSegment::renew(const SegmentFile& file, Renewal renewal) noexcept {
  file_ = file;
  needs_ = renewal.needs;
  budget_ = renewal.budget;
  graph_->dead = std::move(renewal.dead);
  pool_->shrink(budget_.cache_bytes, budget_.walks);
}

Result<void> OpenSegment::read_entries() {
  const format::Section& section = *file_.section(SectionKind::kEntryPoints);
  const auto checker = file_.index().check(section);
  NEARLINE_TRY(ordinals, file_.index().read_u32(section, *checker, 0, section.count));
  entries_ = std::move(ordinals);
  const std::uint64_t count = file_.segment().count;
  for (const std::uint32_t entry : entries_) {
    if (entry >= count) {
      return Error{
          .code = Code::kCorrupt,
          .what = "entry point " + std::to_string(entry) + ": expected an ordinal below " + std::to_string(count),
          .at = section.offset};
    }
  }
  return {};
}

Result<void> OpenSegment::open_source(const OpenOptions& options) {
  const format::PageShape shape = file_.shape();
  const std::uint32_t page_bytes = shape.page_bytes;
  const io::PageRange range{.at = file_.section(SectionKind::kGraphPages)->offset,
                            .page_bytes = page_bytes,
                            .page_count = static_cast<std::uint32_t>(shape.pages(file_.segment().count))};
  const auto check = [this, page_bytes](io::PageId page, std::span<const std::byte> bytes) {
    return page_check_->check(std::uint64_t{page} * (page_bytes / format::kBlockBytes), bytes);
  };
  if (io_ == IoMode::kMapped) {
    auto source = io::mapped_source(file_.file(), range, check);
    if (source) {
      source_ = std::move(source).value();
      return {};
    }
    if (options.io == IoMode::kMapped) return std::move(source).error();
    io_ = IoMode::kDirect;
  }
  if (io_ == IoMode::kDirect) {
    auto source = io::direct_source(file_.file(), range, check);
    if (source) {
      source_ = std::move(source).value();
      return {};
    }
    if (source.error().code != Code::kUnsupported) return std::move(source).error();
    io_ = IoMode::kPread;  // containers often forbid io_uring; nothing fails because of it
  }
  source_ = io::pread_source(file_.file(), range, check);
  return {};
}

void OpenSegment::count_memory(MemoryUsage& usage) const {
  const auto lanes = pool_->usage();
  usage.page_cache += lanes.cache;
  usage.scratch += lanes.scratch;
  if (codes_) usage.codes += CodeTable::memory_bytes(file_);
  usage.buffers += page_check_->memory_bytes() + id_index_check_->memory_bytes() + graph_->dead.memory_bytes() +
                   entries_.capacity() * sizeof(std::uint32_t) +
                   (io_ == IoMode::kMapped ? graph_->shape.pages(graph_->count) / 8 : 0);  // pages seen to be good
}

}  // namespace nearline::engine
