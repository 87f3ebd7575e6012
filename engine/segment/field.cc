// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/field.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "engine/kernels/kernels.h"
#include "engine/segment/needs.h"
#include "engine/segment/read_pages.h"
#include "format/page_seal.h"

namespace nearline::engine {

using format::SectionKind;

FieldIdentity::FieldIdentity(const SegmentFile& file) : count_(file.segment().count), shape_(file.shape()) {
  using enum SectionKind;
  for (const SectionKind kind : {kGraphPages, kEntryPoints, kKeys, kCodeParameters, kCodes, kCalibration}) {
    const format::Section* section = file.section(kind);
    parts_.push_back(section == nullptr ? Part{}
                                        : Part{section->serial, section->offset, section->length, section->root});
  }
}

Field::Field(const SegmentFile& file)
    : file_(file.index().share_file()),
      identity_(file),
      schema_{.dim = file.field().dim, .type = file.field().type, .metric = file.field().metric},
      flat_(file.flat()),
      file_id_(file.index().manifest().file_id),
      pages_(*file.section(SectionKind::kGraphPages)),
      keys_(*file.section(SectionKind::kKeys)) {}

Result<std::shared_ptr<Field>> Field::open(const SegmentFile& file, const OpenOptions& options, IoMode mode) {
  std::shared_ptr<Field> field(new Field(file));
  NEARLINE_CHECK(field->open_all(file, options, mode));
  return field;
}

Result<void> Field::open_all(const SegmentFile& file, const OpenOptions& options, IoMode mode) {
  wished_ = io_ = mode;
  graph_ = std::make_unique<GraphView>(Space(schema_.metric, schema_.type, schema_.dim), file.shape(),
                                       file.segment().count, std::span<const std::uint32_t>(), pages_.offset);
  NEARLINE_CHECK(open_source(options));
  code_bytes_ = stored_code_bytes(file);
  NEARLINE_TRY(needs, choose_needs(file, options, io_));
  needs_ = needs;
  if (needs_.code_bytes > 0) NEARLINE_CHECK(open_codes(file));
  NEARLINE_TRY(budget, divide_search_memory(options.memory_bytes, needs_, options.threads, io_));
  budget_ = budget;
  NEARLINE_CHECK(read_entries(file));
  NEARLINE_TRY(calibration, file.calibration());
  calibration_ = std::move(calibration);
  graph_->entries = entries_;
  const auto pages = static_cast<std::uint32_t>(page_count() + key_blocks());
  NEARLINE_TRY(pool, LanePool::create(*source_, budget_, walk_scratch_bytes(needs_), pages));
  lanes_ = std::move(pool);
  auto lane = lanes_->take();  // what cannot work is refused now, not at the first query
  if (!lane) return std::move(lane).error();
  return io_ == IoMode::kDirect && flat_ ? warm(**lane) : Result<void>{};
}

Result<void> Field::open_codes(const SegmentFile& file) {
  const bool whole = needs_.kept_parts == needs_.code_parts;
  NEARLINE_TRY(codes, CodeTable::open(file, whole ? CodeTable::kWhole : needs_.kept_parts));
  // A query that met codes for the first time would wait for each of them.
  if (io_ == IoMode::kDirect) NEARLINE_CHECK(codes->load_all());
  codes_ = std::move(codes);
  code_memory_ = needs_.code_bytes;
  return {};
}

bool Field::serves(const SegmentFile& file, IoMode mode, const SearchNeeds& needs) const {
  return mode == wished_ && FieldIdentity(file) == identity_ && needs.kept_parts == needs_.kept_parts &&
         (needs.code_bytes > 0) == (codes_ != nullptr);
}

Result<void> Field::read_entries(const SegmentFile& file) {
  const format::Section& section = *file.section(SectionKind::kEntryPoints);
  NEARLINE_TRY(nodes, file.index().read_u32(section));
  entries_ = std::move(nodes);
  for (const std::uint32_t entry : entries_) {
    if (entry >= graph_->count) {
      return Error{
          .code = Code::kCorrupt,
          .what = "entry point " + std::to_string(entry) + ": expected one below " + std::to_string(graph_->count),
          .at = section.offset};
    }
  }
  return {};
}

Result<void> Field::check_page(io::PageId page, std::span<const std::byte> bytes) const {
  const bool of_keys = page >= first_key_page();
  const auto number = of_keys ? static_cast<std::uint32_t>(page - first_key_page()) : page;
  const format::Section& section = of_keys ? keys_ : pages_;
  return format::check_seal(bytes, file_id_, section.serial, number,
                            section.offset + std::uint64_t{number} * bytes.size());
}

Result<void> Field::open_source(const OpenOptions& options) {
  if (key_blocks() > std::numeric_limits<io::PageId>::max() - page_count()) {
    return Error{.code = Code::kUnsupported,
                 .what = std::to_string(page_count()) + " pages and " + std::to_string(key_blocks()) +
                         " blocks of keys: expected fewer than 2^32 together",
                 .at = pages_.offset};
  }
  NEARLINE_TRY(source, source_of({.at = pages_.offset,
                                  .page_bytes = graph_->shape.page_bytes,
                                  .page_count = static_cast<std::uint32_t>(page_count()),
                                  .blocks_at = key_blocks() == 0 ? 0 : keys_.offset,
                                  .block_count = static_cast<std::uint32_t>(key_blocks())},
                                 options));
  source_ = std::move(source);
  return {};
}

Result<std::unique_ptr<io::PageSource>> Field::source_of(const io::PageRange& range, const OpenOptions& options) {
  const auto check = [this](io::PageId page, std::span<const std::byte> bytes) { return check_page(page, bytes); };
  if (io_ == IoMode::kMapped) {
    auto source = io::mapped_source(*file_, range, check);
    if (source || options.io == IoMode::kMapped) return source;
    io_ = IoMode::kDirect;
  }
  if (io_ == IoMode::kDirect) {
    auto source = io::direct_source(*file_, range, check);
    if (source || source.error().code != Code::kUnsupported) return source;
    io_ = IoMode::kPread;  // containers often forbid io_uring; nothing fails because of it
  }
  return io::pread_source(*file_, range, check);
}

Result<void> Field::warm(Lane& lane) {
  if (!holds_all_pages(budget_, needs_)) return {};
  const auto pages = static_cast<std::uint32_t>(page_count());
  io::PageBatch& batch = lane.scratches[0]->batch;
  for (std::uint32_t first = 0; first < pages; first += kMaxBatch) {
    batch.wanted.resize(std::min(kMaxBatch, pages - first));
    std::iota(batch.wanted.begin(), batch.wanted.end(), first);
    const ReleaseLane release(lane);
    NEARLINE_CHECK(read_now(*lane.reader, batch));
  }
  return {};
}

std::uint32_t Field::resident_code_bytes() const noexcept {
  if (codes_ == nullptr) return 0;
  return codes_->short_codes() == nullptr ? code_bytes_ : ShortCodes::kHeadBytes + needs_.kept_parts;
}

/// scratch.code_vector: the query as codes take it.
void Field::bring_to_codes(const Query& query, Scratch& scratch) const {
  scratch.code_vector.resize(schema_.dim);
  const ElementType form = is_float(schema_.type) ? ElementType::kF32 : schema_.type;
  kernels::to_f32(form, static_cast<const std::byte*>(query.vector), schema_.dim, scratch.code_vector.data());
  if (schema_.metric == Metric::kCosine) {
    for (float& component : scratch.code_vector) component *= query.scale;
  }
}

void Field::prepare_codes(const Query& query, const CodeWeights* weights, Scratch& scratch) const {
  bring_to_codes(query, scratch);
  if (weights != nullptr) {
    scratch.code_query.prepare(codes_->book(), schema_.metric, scratch.code_vector.data(), *weights);
  } else {
    scratch.code_query.prepare(codes_->book(), schema_.metric, scratch.code_vector.data());
  }
}

bool Field::certifies() const noexcept {
  return codes_ != nullptr && codes_->short_codes() == nullptr && graph_->shape.layout == Layout::kLean &&
         CodeBound::serves(codes_->book(), schema_.metric);
}

void Field::prepare_bound(const Query& query, Scratch& scratch) const {
  bring_to_codes(query, scratch);
  scratch.code_bound.prepare(codes_->book(), schema_.metric, scratch.code_vector.data());
}

void Field::count_memory(MemoryUsage& usage) const {
  const auto lanes = lanes_->usage();
  usage.page_cache += lanes.cache;
  usage.scratch += lanes.scratch;
  usage.codes += code_memory_;
  usage.buffers += lanes.readers + entries_.capacity() * sizeof(std::uint32_t) +
                   (io_ == IoMode::kMapped ? (page_count() + key_blocks()) / 8 : 0);  // pages seen to be good
}

}  // namespace nearline::engine
