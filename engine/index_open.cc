// SPDX-License-Identifier: Apache-2.0
/// Opening: metadata first, then the page source that the options and the machine allow, then the budget's division.
#include <algorithm>
#include <string>

#include "engine/index_impl.h"
#include "engine/on_file_system.h"
#include "io/memory_info.h"

namespace nearline {
namespace {

using engine::GraphView;
using format::SectionKind;

constexpr std::uint32_t kMostThreads = 1024;

std::string hex(const format::FileId& id) {
  std::string text;
  for (const std::uint8_t byte : id) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

IoMode choose_mode(const OpenOptions& options, std::uint64_t file_bytes) {
  if (options.io == IoMode::kMapped && options.untrusted) return IoMode::kPread;  // never map what may be hostile
  if (options.io != IoMode::kAuto) return options.io;
  if (options.untrusted) return IoMode::kPread;
  return file_bytes <= io::memory_info().available ? IoMode::kMapped : IoMode::kDirect;
}

Result<void> check_untrusted(io::FileSystem& fs, const std::filesystem::path& path) {
  NEARLINE_TRY(report, OnFileSystem::verify(fs, path, true));
  if (report.findings.empty()) return {};
  return Error{
      .code = Code::kCorrupt, .what = report.findings[0].what, .file = path.string(), .at = report.findings[0].at};
}

}  // namespace

Result<std::unique_ptr<Index::Impl>> Index::Impl::open(io::FileSystem& fs, const std::filesystem::path& path,
                                                       const OpenOptions& options) {
  if (options.untrusted) NEARLINE_CHECK(check_untrusted(fs, path));
  auto impl = std::make_unique<Impl>();
  NEARLINE_TRY(file, engine::IndexFile::open(fs, path));
  impl->file_ = std::move(file);
  impl->describe();
  if (auto opened = impl->open_pages(options); !opened) return std::move(opened).error().in(path.string());
  return impl;
}

void Index::Impl::describe() {
  const format::Superblock& super = file_->superblock();
  const format::Manifest& manifest = file_->manifest();
  const format::Field& field = file_->field();
  info.schema = {.dim = field.dim, .type = field.type, .metric = field.metric};
  info.generation = super.generation;
  info.segments = static_cast<std::uint32_t>(manifest.segments.size());
  info.file_bytes = file_->file_bytes();
  info.format_major = super.major;
  info.format_minor = super.minor;
  info.file_id = hex(super.file_id);
  info.rolled_back = !file_->choice().other_valid;
  for (const format::BuildParameters& build : manifest.builds) {
    info.degree = build.degree;
    info.l_build = build.l_build;
    info.alpha = build.alpha;
    info.seed = build.seed;
  }
  if (manifest.segments.empty()) return;
  const format::Segment& segment = file_->segment();
  info.count = segment.count - segment.deleted;
  info.deleted = segment.deleted;
  info.layout = segment.layout;
  info.page_bytes = segment.page_bytes;
  info.records_per_page = segment.slots;
  if (const format::Section* codes = file_->section(SectionKind::kCodes);
      codes && engine::CodeTable::has_codes(*file_)) {
    info.code_bytes = codes->element_bytes;
  }
  if (segment.count > 0) info.mean_degree = static_cast<double>(segment.edges) / static_cast<double>(segment.count);
  if (segment.edges > 0) {
    info.local_edge_share = static_cast<double>(segment.local_edges) / static_cast<double>(segment.edges);
  }
}

Result<void> Index::Impl::open_pages(const OpenOptions& options) {
  budget_ = options.memory_bytes;
  io = choose_mode(options, file_->file_bytes());
  if (options.threads > kMostThreads) {
    return Error{
        .code = Code::kInvalidArgument,
        .what = "threads of " + std::to_string(options.threads) + ": expected 0 to " + std::to_string(kMostThreads)};
  }
  if (file_->empty()) return {};
  NEARLINE_CHECK(open_source(options));
  const format::Section& entries = *file_->section(SectionKind::kEntryPoints);
  const std::uint64_t count = file_->segment().count;
  engine::SearchNeeds needs{.shape = file_->shape(), .count = count, .entries = entries.count};
  NEARLINE_CHECK(open_codes(needs, options));
  NEARLINE_TRY(budget, engine::divide_search_memory(budget_, needs, options.threads, io));
  NEARLINE_CHECK(read_entries(entries));
  NEARLINE_CHECK(read_calibration());
  const format::Section& pages = *file_->section(SectionKind::kGraphPages);
  page_check_ = file_->check(pages, budget.tree_blocks);
  id_index_check_ = file_->check(*file_->section(SectionKind::kIdIndex), budget.tree_blocks);
  const format::Field& field = file_->field();
  graph_ = std::make_unique<GraphView>(engine::Space(field.metric, field.type, field.dim), file_->shape(), count,
                                       entries_, pages.offset);
  pool_ = std::make_unique<engine::ReaderPool>(*source_, budget.lanes, budget.cache_bytes, budget.walks);
  auto lane = pool_->take();  // what cannot work is refused now, not at the first query
  if (!lane) return std::move(lane).error();
  return {};
}

Result<void> Index::Impl::open_codes(engine::SearchNeeds& needs, const OpenOptions& options) {
  const bool demanded = options.ranking == Ranking::kCodes;
  if (!engine::CodeTable::has_codes(*file_)) {
    if (!demanded) return {};
    return Error{.code = Code::kInvalidArgument,
                 .what = "ranking by codes: expected an index built with them, found one without"};
  }
  const bool resident = io == IoMode::kMapped || file_->section(SectionKind::kGraphPages)->length <= budget_ / 2;
  if (options.ranking == Ranking::kExact || (!demanded && resident)) return {};
  engine::SearchNeeds more = needs;
  more.code_bytes = engine::CodeTable::memory_bytes(*file_);
  more.code_parts = info.code_bytes > format::kCodeHeadBytes ? info.code_bytes - format::kCodeHeadBytes : 0;
  const std::uint64_t least = engine::least_search_bytes(more, options.threads, io);
  if (budget_ < least) {
    if (!demanded) return {};
    return Error{.code = Code::kNoMemory,
                 .what = "a memory bound of " + std::to_string(budget_) + " bytes: ranking by codes needs at least " +
                         std::to_string(least)};
  }
  NEARLINE_TRY(codes, engine::CodeTable::open(*file_));
  // A query that met codes for the first time would wait for each of them.
  if (io == IoMode::kDirect) NEARLINE_CHECK(codes->load_all());
  codes_ = std::move(codes);
  needs = more;
  return {};
}

Result<void> Index::Impl::read_entries(const format::Section& section) {
  const auto checker = file_->check(section);
  NEARLINE_TRY(ordinals, file_->read_u32(section, *checker, 0, section.count));
  entries_ = std::move(ordinals);
  const std::uint64_t count = file_->segment().count;
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

Result<void> Index::Impl::read_calibration() {
  NEARLINE_TRY(calibration, file_->calibration());
  calibration_ = std::move(calibration);
  if (calibration_) info.calibration_queries = calibration_->queries;
  return {};
}

Result<void> Index::Impl::open_source(const OpenOptions& options) {
  const format::PageShape shape = file_->shape();
  const std::uint32_t page_bytes = shape.page_bytes;
  const io::PageRange range{.at = file_->section(SectionKind::kGraphPages)->offset,
                            .page_bytes = page_bytes,
                            .page_count = static_cast<std::uint32_t>(shape.pages(file_->segment().count))};
  const auto check = [this, page_bytes](io::PageId page, std::span<const std::byte> bytes) {
    return page_check_->check(std::uint64_t{page} * (page_bytes / format::kBlockBytes), bytes);
  };
  if (io == IoMode::kMapped) {
    auto source = io::mapped_source(file_->file(), range, check);
    if (source) {
      source_ = std::move(source).value();
      return {};
    }
    if (options.io == IoMode::kMapped) return std::move(source).error();
    io = IoMode::kDirect;
  }
  if (io == IoMode::kDirect) {
    auto source = io::direct_source(file_->file(), range, check);
    if (source) {
      source_ = std::move(source).value();
      return {};
    }
    if (source.error().code != Code::kUnsupported) return std::move(source).error();
    io = IoMode::kPread;  // containers often forbid io_uring; nothing fails because of it
  }
  source_ = io::pread_source(file_->file(), range, check);
  return {};
}

MemoryUsage Index::Impl::memory_usage() const {
  MemoryUsage usage{.budget = budget_};
  if (!graph_) return usage;
  const auto lanes = pool_->usage();
  usage.page_cache = lanes.cache;
  usage.scratch = lanes.scratch;
  if (codes_) usage.codes = engine::CodeTable::memory_bytes(*file_);
  usage.buffers = page_check_->memory_bytes() + id_index_check_->memory_bytes() +
                  entries_.capacity() * sizeof(std::uint32_t) +
                  (io == IoMode::kMapped ? graph_->shape.pages(graph_->count) / 8 : 0);  // pages seen to be good
  return usage;
}

Result<Index> OnFileSystem::open(io::FileSystem& fs, const std::filesystem::path& path, const OpenOptions& options) {
  NEARLINE_TRY(impl, Index::Impl::open(fs, path, options));
  return Index(std::move(impl));
}

Result<Index> Index::open(const std::filesystem::path& path, const OpenOptions& options) {
  return OnFileSystem::open(io::real_file_system(), path, options);
}

Index::Index(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;

const IndexInfo& Index::info() const noexcept {
  return impl_->info;
}
IoMode Index::io() const noexcept {
  return impl_->io;
}
Ranking Index::ranking() const noexcept {
  return impl_->ranking();
}
MemoryUsage Index::memory_usage() const noexcept {
  return impl_->memory_usage();
}
Result<SearchResult> Index::search(const MatrixView& queries, const SearchOptions& options) const {
  return impl_->search(queries, options);
}
Result<void> Index::get(std::span<const Id> ids, std::span<std::byte> out) const {
  return impl_->get(ids, out);
}
Result<void> Index::for_each(std::size_t rows, const VisitFn& visit) const {
  return impl_->for_each(rows, visit);
}
Result<std::vector<Id>> Index::sample_ids(std::size_t count, std::uint64_t seed) const {
  return impl_->sample_ids(count, seed);
}
Result<GraphStatistics> Index::graph_statistics(const ProgressFn& progress) const {
  return impl_->graph_statistics(progress);
}

}  // namespace nearline
