// SPDX-License-Identifier: Apache-2.0
/// Opening: metadata first, then the segments, each with its part of the budget.
#include <algorithm>
#include <numeric>
#include <string>

#include "engine/graph_statistics.h"
#include "engine/index_impl.h"
#include "engine/on_file_system.h"
#include "io/memory_info.h"

namespace nearline {
namespace {

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

/// The budget of each segment: what it needs at least, with its codes where all have room for them, and of the rest a
/// part by its size.
Result<std::vector<std::uint64_t>> divide(std::span<const engine::SegmentFile> segments, const OpenOptions& options,
                                          IoMode mode) {
  if (segments.size() < 2) return std::vector(segments.size(), options.memory_bytes);
  const auto least = [&](bool codes) {
    std::vector<std::uint64_t> parts;
    for (const engine::SegmentFile& segment : segments) {
      parts.push_back(engine::OpenSegment::least_bytes(segment, options.threads, mode, codes));
    }
    return parts;
  };
  const auto sum = [](const std::vector<std::uint64_t>& parts) {
    return std::accumulate(parts.begin(), parts.end(), std::uint64_t{0});
  };
  std::vector<std::uint64_t> parts = least(options.ranking != Ranking::kExact);
  if (sum(parts) > options.memory_bytes && options.ranking == Ranking::kAuto) parts = least(false);
  if (sum(parts) > options.memory_bytes) {
    return Error{.code = Code::kNoMemory,
                 .what = "a memory bound of " + std::to_string(options.memory_bytes) + " bytes: " +
                         std::to_string(segments.size()) + " segments need at least " + std::to_string(sum(parts))};
  }
  const auto bytes = [](const engine::SegmentFile& segment) {
    return static_cast<double>(segment.section(SectionKind::kGraphPages)->length);
  };
  double all = 0;
  for (const engine::SegmentFile& segment : segments) all += bytes(segment);
  const auto rest = static_cast<double>(options.memory_bytes - sum(parts));
  for (std::size_t i = 0; i < segments.size(); ++i) {
    parts[i] += static_cast<std::uint64_t>(rest * (bytes(segments[i]) / all));
  }
  return parts;
}

}  // namespace

Result<std::unique_ptr<Index::Impl>> Index::Impl::open(io::FileSystem& fs, const std::filesystem::path& path,
                                                       const OpenOptions& options, Impl* before) {
  if (options.untrusted) NEARLINE_CHECK(check_untrusted(fs, path));
  auto impl = std::make_unique<Impl>();
  NEARLINE_TRY(
      file, before != nullptr ? engine::IndexFile::open_newest(fs, before->file()) : engine::IndexFile::open(fs, path));
  impl->file_ = std::move(file);
  impl->fs = &fs;
  impl->path = path;
  impl->opened_with = options;
  impl->describe();
  if (auto opened = impl->open_segments(options, before); !opened) return std::move(opened).error().in(path.string());
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
  info.durable = !super.relaxed();
  for (const format::BuildParameters& build : manifest.builds) {  // those of the newest segment
    info.degree = build.degree;
    info.l_build = build.l_build;
    info.alpha = build.alpha;
    info.seed = build.seed;
  }
  info.count = manifest.live_count;
  std::uint64_t records = 0, edges = 0, local_edges = 0, largest = 0;
  for (const format::Segment& segment : manifest.segments) {
    records += segment.count;
    info.deleted += segment.deleted;
    edges += segment.edges;
    local_edges += segment.local_edges;
    if (segment.count < largest) continue;
    largest = segment.count;
    info.layout = segment.layout;
    info.page_bytes = segment.page_bytes;
    info.records_per_page = segment.slots;
  }
  for (const format::Extent& extent : manifest.free) info.free_bytes += extent.length;
  if (records > 0) info.mean_degree = static_cast<double>(edges) / static_cast<double>(records);
  if (edges > 0) info.local_edge_share = static_cast<double>(local_edges) / static_cast<double>(edges);
}

Result<void> Index::Impl::open_segments(const OpenOptions& options, Impl* before) {
  budget_ = options.memory_bytes;
  io = choose_mode(options, file_->file_bytes());
  if (options.threads > kMostThreads) {
    return Error{
        .code = Code::kInvalidArgument,
        .what = "threads of " + std::to_string(options.threads) + ": expected 0 to " + std::to_string(kMostThreads)};
  }
  std::vector<engine::SegmentFile> segments = file_->segments();
  std::stable_sort(segments.begin(), segments.end(),
                   [](const auto& a, const auto& b) { return a.segment().count > b.segment().count; });
  NEARLINE_TRY(budgets, divide(segments, options, io));
  struct Renewed {
    std::size_t at, from;  ///< here, and in `before`
    engine::OpenSegment::Renewal renewal;
  };
  std::vector<Renewed> renewed;
  segments_.resize(segments.size());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    OpenOptions part = options;
    part.memory_bytes = budgets[i];
    bool found = false;
    for (std::size_t j = 0; before != nullptr && j < before->segments_.size() && !found; ++j) {
      NEARLINE_TRY(renewal, before->segments_[j]->renewal(segments[i], part, io));
      found = renewal.has_value();
      if (found) renewed.push_back({i, j, *std::move(renewal)});
    }
    if (found) continue;
    NEARLINE_TRY(segment, engine::OpenSegment::open(segments[i], part, io));
    segments_[i] = std::move(segment);
  }
  for (Renewed& one : renewed) {  // nothing fails from here on
    segments_[one.at] = std::move(before->segments_[one.from]);
    segments_[one.at]->renew(segments[one.at], std::move(one.renewal));
  }
  if (segments_.empty()) return {};
  io = segments_.front()->io();
  info.code_bytes = segments_.front()->code_bytes();
  const format::Calibration* calibration = segments_.front()->calibration();
  if (calibration != nullptr) info.calibration_queries = calibration->queries;
  return {};
}

MemoryUsage Index::Impl::memory_usage() const {
  MemoryUsage usage{.budget = budget_};
  for (const auto& segment : segments_) segment->count_memory(usage);
  return usage;
}

Result<GraphStatistics> Index::Impl::graph_statistics(const ProgressFn& progress) const {
  GraphStatistics sum;
  for (const auto& segment : segments_) {
    NEARLINE_TRY(part, segment->graph_statistics(progress));
    engine::add(part, sum);
  }
  return sum;
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

Result<bool> Index::refresh() {
  NEARLINE_CHECK(impl_->opened_by.check());
  NEARLINE_TRY(file, impl_->fs->open_read(impl_->path));
  auto newest = engine::IndexFile::newest(*impl_->fs, *file);
  if (!newest) return std::move(newest).error().in(impl_->path.string());
  const format::Superblock& ours = impl_->file().superblock();
  if (newest->superblock.generation == ours.generation && newest->superblock.file_id == ours.file_id) {
    if (!newest->superblock.relaxed()) impl_->mark_durable();
    return false;
  }
  NEARLINE_TRY(theirs, file->identity());
  NEARLINE_TRY(our_file, impl_->file().file().identity());
  Impl* const before = theirs == our_file && !impl_->opened_with.untrusted ? impl_.get() : nullptr;
  NEARLINE_TRY(impl, Impl::open(*impl_->fs, impl_->path, impl_->opened_with, before));
  impl_ = std::move(impl);
  return true;
}
Result<void> Index::snapshot(const std::filesystem::path& output, bool replace, const ProgressFn& progress) const {
  NEARLINE_CHECK(impl_->opened_by.check());
  return impl_->snapshot(output, replace, progress);
}
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
  NEARLINE_CHECK(impl_->opened_by.check());
  return impl_->search(queries, options);
}
Result<void> Index::get(std::span<const Id> ids, std::span<std::byte> out) const {
  NEARLINE_CHECK(impl_->opened_by.check());
  return impl_->get(ids, out);
}
Result<void> Index::for_each(std::size_t rows, const VisitFn& visit) const {
  NEARLINE_CHECK(impl_->opened_by.check());
  return impl_->for_each(rows, visit);
}
Result<std::vector<Id>> Index::sample_ids(std::size_t count, std::uint64_t seed) const {
  NEARLINE_CHECK(impl_->opened_by.check());
  return impl_->sample_ids(count, seed);
}
Result<GraphStatistics> Index::graph_statistics(const ProgressFn& progress) const {
  NEARLINE_CHECK(impl_->opened_by.check());
  return impl_->graph_statistics(progress);
}

}  // namespace nearline
