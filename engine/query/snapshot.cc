// SPDX-License-Identifier: Apache-2.0
/// Opening a commit: metadata first, then the segments, each with its part of the budget.
#include "engine/query/snapshot.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "engine/query/group_table.h"
#include "engine/query/joint_records.h"
#include "engine/segment/graph_statistics.h"
#include "engine/segment/needs.h"
#include "engine/space/field_schema.h"
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

Snapshot::Snapshot(std::shared_ptr<const IndexFile> file, const OpenOptions& options, std::uint32_t field,
                   const Snapshot* records)
    : file_(std::move(file)), field_(field), records_(records == nullptr ? this : records), options_(options) {
  describe();
}

Result<std::shared_ptr<const Snapshot>> Snapshot::open_on(std::unique_ptr<IndexFile> file, const OpenOptions& options,
                                                          const Snapshot* before) {
  std::shared_ptr<Snapshot> snapshot(new Snapshot(std::move(file), options, kPrimaryField, nullptr));
  if (auto opened = snapshot->open_all(before); !opened) {
    return std::move(opened).error().in(snapshot->file_->file().path().string());
  }
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

void Snapshot::describe() {
  const format::Superblock super = file_->superblock();
  const format::Manifest& manifest = file_->manifest();
  const format::Field& field = file_->field(field_);
  info_.schema = schema_of(manifest);
  if (field_ != kPrimaryField) info_.schema = field_schema(info_.schema, field_);
  info_.generation = super.generation;
  info_.file_bytes = file_->file_bytes();
  info_.disk_bytes = file_->file().disk_bytes().value_or(info_.file_bytes);
  info_.format_major = super.major;
  info_.format_minor = super.minor;
  info_.file_id = hex(super.file_id);
  info_.rolled_back = !file_->choice().other_valid;
  info_.layout = field.settings.layout;
  info_.degree = field.settings.degree;
  info_.l_build = field.settings.l_build;
  info_.alpha = field.settings.alpha;
  info_.seed = field.settings.seed;
  for (const format::Extent& extent : manifest.free) info_.free_bytes += extent.length;
  describe_segments();
}

void Snapshot::describe_segments() {
  const format::Manifest& manifest = file_->manifest();
  std::uint64_t records = 0, edges = 0, local_edges = 0, largest = 0;
  for (std::uint32_t s = 0; s < manifest.segments.size(); ++s) {
    const format::Graph& graph = manifest.graphs[s];
    if (graph.field != field_) continue;
    ++info_.segments;
    info_.deleted += manifest.segments[s].deleted;
    info_.count += manifest.segments[s].count - manifest.segments[s].deleted;
    records += graph.nodes;
    edges += graph.edges;
    local_edges += graph.local_edges;
    if (graph.nodes < largest) continue;
    largest = graph.nodes;
    if (graph.edges > 0) info_.layout = graph.layout;
    info_.page_bytes = graph.page_bytes;
    info_.records_per_page = graph.slots;
  }
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
  NEARLINE_TRY(transforms, file_->transforms(field_));
  if (!transforms.records.empty()) transform_ = std::make_shared<Transformer>(transforms.records, Transform{});
  query_transform_ = transform_;
  if (!transforms.queries.empty()) {
    query_transform_ = std::make_shared<Transformer>(transforms.queries, transforms.records);
  }
  info_.schema.transform = std::move(transforms.records);
  info_.schema.query_transform = std::move(transforms.queries);
  return {};
}

Result<void> Snapshot::open_all(const Snapshot* before) {
  NEARLINE_CHECK(check_threads(options_.threads));
  const IoMode mode = choose_mode(options_, file_->file_bytes());
  std::vector<SegmentFile> files = file_->segments();
  std::stable_sort(files.begin(), files.end(),
                   [](const auto& a, const auto& b) { return a.segment().count > b.segment().count; });
  NEARLINE_TRY(budgets, divide(files, options_, mode));
  std::vector<Part> parts;
  for (std::size_t i = 0; i < files.size(); ++i) parts.push_back({files[i], budgets[i]});
  std::vector<const Segment*> shared;
  NEARLINE_CHECK(open_transforms(before));
  NEARLINE_CHECK(open_segments(parts, before, shared));
  for (std::uint32_t f = 1; f < file_->manifest().fields.size(); ++f) {
    std::unique_ptr<Snapshot> view(new Snapshot(file_, options_, f, this));
    const Snapshot* const view_before = before == nullptr ? nullptr : &before->view(f);
    NEARLINE_CHECK(view->open_transforms(view_before));
    NEARLINE_CHECK(view->open_segments(parts, view_before, shared));
    info_.schema.fields[f - 1].transform = view->schema().transform;
    info_.schema.fields[f - 1].query_transform = view->schema().query_transform;
    views_.push_back(std::move(view));
  }
  for (const Segment* segment : shared) segment->settle();  // nothing fails from here on
  return {};
}

Result<void> Snapshot::open_segments(std::span<const Part> parts, const Snapshot* before,
                                     std::vector<const Segment*>& shared) {
  io_ = choose_mode(options_, file_->file_bytes());
  for (const Part& part : parts) {
    if (part.file.field_number() != field_) continue;
    OpenOptions own = options_;
    own.memory_bytes = part.memory_bytes;
    std::unique_ptr<Segment> segment;
    for (std::size_t j = 0; before != nullptr && j < before->segments_.size() && !segment; ++j) {
      NEARLINE_TRY(same, before->segments_[j]->in_commit(part.file, own, io_));
      segment = std::move(same);
      if (segment) shared.push_back(segment.get());
    }
    if (!segment) {
      NEARLINE_TRY(opened, Segment::open(part.file, own, io_));
      segment = std::move(opened);
    }
    segments_.push_back(std::move(segment));
  }
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

Result<std::shared_ptr<const JointRecords>> Snapshot::joint_records() const {
  const std::lock_guard alone(joining_);
  if (!joint_) {
    NEARLINE_TRY(joint, JointRecords::of(*this));
    joint_ = std::move(joint);
  }
  return joint_;
}

Result<std::shared_ptr<const GroupTable>> Snapshot::group_table(std::string_view attribute) const {
  const std::lock_guard alone(grouping_);
  const auto known = groups_.find(attribute);
  if (known != groups_.end()) return known->second;
  NEARLINE_TRY(table, GroupTable::of(*this, attribute));
  return groups_.emplace(attribute, std::move(table)).first->second;
}

void Snapshot::count_memory(MemoryUsage& usage) const {
  if (const std::lock_guard lock(grouping_); true) {
    for (const auto& [attribute, table] : groups_) usage.buffers += table->memory_bytes();
  }
  if (const std::lock_guard lock(joining_); joint_) usage.buffers += joint_->memory_bytes();
  for (const auto& segment : segments_) segment->count_memory(usage);
}

MemoryUsage Snapshot::memory_usage() const {
  MemoryUsage usage{.budget = options_.memory_bytes};
  count_memory(usage);
  for (const auto& view : views_) view->count_memory(usage);
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
