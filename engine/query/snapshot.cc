// SPDX-License-Identifier: Apache-2.0
/// Opening a commit: metadata first, then the segments, each with its part of the budget.
#include "engine/query/snapshot.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "engine/segment/graph_statistics.h"
#include "engine/segment/needs.h"
#include "engine/threads.h"

namespace nearline::engine {
namespace {

std::string hex(const format::FileId& id) {
  std::string text;
  for (const std::uint8_t byte : id) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

/// The budget of each segment: what it needs at least, with its codes where all have room for them, and of the rest a
/// part by its size.
Result<std::vector<std::uint64_t>> divide(std::span<const SegmentFile> segments, const OpenOptions& options,
                                          IoMode mode) {
  if (segments.size() < 2) return std::vector(segments.size(), options.memory_bytes);
  const auto least = [&](bool codes) {
    std::vector<std::uint64_t> parts;
    for (const SegmentFile& segment : segments) {
      parts.push_back(least_open_bytes(segment, options.threads, mode, codes));
    }
    return parts;
  };
  const auto sum = [](const std::vector<std::uint64_t>& parts) {
    return std::accumulate(parts.begin(), parts.end(), std::uint64_t{0});
  };
  std::vector<std::uint64_t> parts = least(options.ranking != Ranking::kExact);
  if (sum(parts) > options.memory_bytes && options.ranking == Ranking::kAuto) parts = least(false);
  if (sum(parts) > options.memory_bytes) {
    return Error{.code = Code::kOverBudget,
                 .what = "a memory bound of " + std::to_string(options.memory_bytes) + " bytes: " +
                         std::to_string(segments.size()) + " segments need at least " + std::to_string(sum(parts))};
  }
  const auto bytes = [](const SegmentFile& segment) {
    return static_cast<double>(segment.section(format::SectionKind::kGraphPages)->length);
  };
  double all = 0;
  for (const SegmentFile& segment : segments) all += bytes(segment);
  const auto rest = static_cast<double>(options.memory_bytes - sum(parts));
  for (std::size_t i = 0; i < segments.size(); ++i) {
    parts[i] += static_cast<std::uint64_t>(rest * (bytes(segments[i]) / all));
  }
  return parts;
}

}  // namespace

Result<std::shared_ptr<const Snapshot>> Snapshot::open(io::FileSystem& fs, const std::filesystem::path& path,
                                                       const OpenOptions& options) {
  NEARLINE_TRY(file, IndexFile::open(fs, path));
  return open_on(std::move(file), options, nullptr);
}

Result<std::shared_ptr<const Snapshot>> Snapshot::open_next(io::FileSystem& fs, const Snapshot& before) {
  NEARLINE_TRY(file, IndexFile::open_newest(fs, before.file()));
  return open_on(std::move(file), before.options_, &before);
}

Result<std::shared_ptr<const Snapshot>> Snapshot::open_on(std::unique_ptr<IndexFile> file, const OpenOptions& options,
                                                          const Snapshot* before) {
  std::shared_ptr<Snapshot> snapshot(new Snapshot);
  snapshot->file_ = std::move(file);
  snapshot->options_ = options;
  snapshot->describe();
  auto opened = snapshot->open_transforms(before);
  if (opened) opened = snapshot->open_segments(before);
  if (!opened) {
    return std::move(opened).error().in(snapshot->file_->file().path().string());
  }
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

void Snapshot::describe() {
  const format::Superblock super = file_->superblock();
  const format::Manifest& manifest = file_->manifest();
  const format::Field& field = file_->field();
  info_.schema = {.dim = field.dim, .type = field.type, .metric = field.metric, .attributes = manifest.attributes};
  info_.generation = super.generation;
  info_.segments = static_cast<std::uint32_t>(manifest.segments.size());
  info_.file_bytes = file_->file_bytes();
  info_.disk_bytes = file_->file().disk_bytes().value_or(info_.file_bytes);
  info_.format_major = super.major;
  info_.format_minor = super.minor;
  info_.file_id = hex(super.file_id);
  info_.rolled_back = !file_->choice().other_valid;
  info_.count = manifest.live_count;
  info_.layout = field.settings.layout;
  info_.degree = field.settings.degree;
  info_.l_build = field.settings.l_build;
  info_.alpha = field.settings.alpha;
  info_.seed = field.settings.seed;
  std::uint64_t records = 0, edges = 0, local_edges = 0, largest = 0;
  for (const format::Segment& segment : manifest.segments) info_.deleted += segment.deleted;
  for (const format::Graph& graph : manifest.graphs) {
    records += graph.nodes;
    edges += graph.edges;
    local_edges += graph.local_edges;
    if (graph.nodes < largest) continue;
    largest = graph.nodes;
    if (graph.edges > 0) info_.layout = graph.layout;
    info_.page_bytes = graph.page_bytes;
    info_.records_per_page = graph.slots;
  }
  for (const format::Extent& extent : manifest.free) info_.free_bytes += extent.length;
  if (records > 0) info_.mean_degree = static_cast<double>(edges) / static_cast<double>(records);
  if (edges > 0) info_.local_edge_share = static_cast<double>(local_edges) / static_cast<double>(edges);
}

Result<void> Snapshot::open_transforms(const Snapshot* before) {
  if (before != nullptr) {  // commits do not change it
    info_.schema.transform = before->schema().transform;
    info_.schema.query_transform = before->schema().query_transform;
    transform_ = before->transform_;
    query_transform_ = before->query_transform_;
    return {};
  }
  NEARLINE_TRY(transforms, file_->transforms());
  if (!transforms.records.empty()) transform_ = std::make_shared<Transformer>(transforms.records, Transform{});
  query_transform_ = transform_;
  if (!transforms.queries.empty()) {
    query_transform_ = std::make_shared<Transformer>(transforms.queries, transforms.records);
  }
  info_.schema.transform = std::move(transforms.records);
  info_.schema.query_transform = std::move(transforms.queries);
  return {};
}

Result<void> Snapshot::open_segments(const Snapshot* before) {
  io_ = choose_mode(options_, file_->file_bytes());
  NEARLINE_CHECK(check_threads(options_.threads));
  std::vector<SegmentFile> files = file_->segments();
  std::stable_sort(files.begin(), files.end(),
                   [](const auto& a, const auto& b) { return a.segment().count > b.segment().count; });
  NEARLINE_TRY(budgets, divide(files, options_, io_));
  std::vector<const Segment*> shared;
  for (std::size_t i = 0; i < files.size(); ++i) {
    OpenOptions part = options_;
    part.memory_bytes = budgets[i];
    std::unique_ptr<Segment> segment;
    for (std::size_t j = 0; before != nullptr && j < before->segments_.size() && !segment; ++j) {
      NEARLINE_TRY(same, before->segments_[j]->in_commit(files[i], part, io_));
      segment = std::move(same);
      if (segment) shared.push_back(segment.get());
    }
    if (!segment) {
      NEARLINE_TRY(opened, Segment::open(files[i], part, io_));
      segment = std::move(opened);
    }
    segments_.push_back(std::move(segment));
  }
  for (const Segment* segment : shared) segment->settle();  // nothing fails from here on
  if (segments_.empty()) return {};
  const Field& largest = segments_.front()->field();
  io_ = largest.io();
  info_.code_bytes = largest.code_bytes();
  if (const format::Calibration* calibration = largest.calibration()) {
    info_.calibration_queries = calibration->queries;
    info_.real_queries = calibration->source == format::CalibratedOn::kQueries;
  }
  return {};
}

IndexInfo Snapshot::info() const {
  IndexInfo info = info_;
  info.durable = !file_->superblock().relaxed();
  return info;
}

Ranking Snapshot::ranking() const noexcept {
  return !segments_.empty() && segments_.front()->field().codes() != nullptr ? Ranking::kCodes : Ranking::kExact;
}

MemoryUsage Snapshot::memory_usage() const {
  MemoryUsage usage{.budget = options_.memory_bytes};
  for (const auto& segment : segments_) segment->count_memory(usage);
  if (segments_.empty() || segments_.front()->field().code_bytes() == 0) return usage;
  const Field& largest = segments_.front()->field();
  usage.code_bytes = largest.code_bytes();
  usage.resident_code_bytes = largest.resident_code_bytes();
  for (const auto& segment : segments_) {
    usage.bytes_for_all_codes += least_open_bytes(segment->file(), options_.threads, io_, true);
  }
  return usage;
}

Result<GraphStatistics> Snapshot::graph_statistics(const ProgressFn& progress) const {
  GraphStatistics sum;
  for (const auto& segment : segments_) {
    NEARLINE_TRY(part, segment->field().graph_statistics(progress));
    add(part, sum);
  }
  return sum;
}

}  // namespace nearline::engine
