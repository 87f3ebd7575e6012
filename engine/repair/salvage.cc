// SPDX-License-Identifier: Apache-2.0
/// From the newest manifest that is whole to every record whose bytes are, with what it says besides as far as that can
/// be read, and these through a Builder into a new file.
#include "engine/repair/salvage.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "engine/make/index_maker.h"
#include "engine/make/made_as.h"
#include "engine/progress.h"
#include "engine/records/id_set.h"
#include "engine/repair/dead_records.h"
#include "engine/repair/find_manifest.h"
#include "engine/repair/intact_pages.h"
#include "engine/repair/intact_values.h"
#include "engine/repair/lost_ids.h"
#include "engine/space/field_schema.h"
#include "io/atomic_file.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kMostRanges = 100;

class Salvager {
 public:
  /// Of one field. saved: null, or the records that were saved by their first field; others are lost.
  Salvager(const IndexFile& index, std::uint32_t field, std::uint64_t file_bytes, const SalvageOptions& options,
           IndexMaker& builder, SalvageReport& report, const IdSet* saved)
      : index_(index),
        number_(field),
        file_bytes_(file_bytes),
        options_(options),
        builder_(builder),
        report_(report),
        saved_(saved),
        vector_bytes_(vector_bytes(index.field(field).type, index.field(field).dim)) {}

  /// The newest segments first: where tombstones are lost, the newer of two records of an id is the one that counts.
  Result<void> run() {
    std::vector<SegmentFile> segments = index_.segments(number_);
    std::ranges::reverse(segments);
    std::uint64_t records = 0;
    for (const SegmentFile& segment : segments) {
      const IntactPages pages(segment, file_bytes_);
      records += pages.first(pages.present());
    }
    if (const std::uint64_t least = IdSet::bytes_for(records); least > options_.memory_bytes) {
      return Error{.code = Code::kOverBudget,
                   .what = "a memory bound of " + std::to_string(options_.memory_bytes) + " bytes: expected at least " +
                           std::to_string(least) + " for the ids of " + std::to_string(records) + " records"};
    }
    seen_.emplace(records);
    taken_.emplace(saved_ == nullptr && index_.manifest().fields.size() > 1 ? records : 0);
    for (const SegmentFile& segment : segments) NEARLINE_CHECK(read_segment(segment));
    return {};
  }

  /// The records that were saved, where there are further fields.
  [[nodiscard]] const IdSet& taken() const noexcept { return *taken_; }

 private:
  Result<void> read_segment(const SegmentFile& segment) {
    IntactPages pages(segment, file_bytes_);
    DeadRecords dead(segment, file_bytes_);
    IntactValues values(segment, file_bytes_);
    const std::uint64_t lost_before = report_.lost;
    for (std::uint64_t p = 0; p < pages.present(); ++p) {
      if (p % 256 == 0) NEARLINE_CHECK(progress(pages.offset(p)));
      if (pages.read(p)) {
        NEARLINE_CHECK(take_page(pages, p, dead, values));
      } else {
        lose(pages, p, p + 1, dead);
      }
    }
    if (pages.present() < pages.pages()) lose(pages, pages.present(), pages.pages(), dead);
    report_.lost_values += values.lost();
    const std::uint64_t bytes = seen_->memory_bytes() + segment.segment().count / 8;
    if (report_.lost > lost_before && bytes <= options_.memory_bytes) {
      name_lost_ids(segment, file_bytes_, kMostRanges, report_.lost_ids);
    }
    return {};
  }

  [[nodiscard]] Result<void> progress(std::uint64_t at) const {
    return engine::report(options_.progress, {"salvage", at, file_bytes_});
  }

  void lose(const IntactPages& pages, std::uint64_t first, std::uint64_t end, DeadRecords& dead) {
    const std::uint64_t dead_there = dead.count(pages.first(first), pages.first(end));
    report_.deleted += dead_there;
    lose(pages.offset(first), pages.offset(end) - pages.offset(first),
         pages.first(end) - pages.first(first) - dead_there);
  }

  void lose(std::uint64_t at, std::uint64_t bytes, std::uint64_t records) {
    if (records == 0) return;
    report_.lost += records;
    auto& all = report_.lost_bytes;
    if (!all.empty() && (all.back().at + all.back().bytes == at || all.back().at == at)) {
      all.back().bytes = at + bytes - all.back().at;
      all.back().records += records;
    } else if (all.size() < kMostRanges) {
      all.push_back({.at = at, .bytes = bytes, .records = records});
    }
  }

  Result<void> take_page(const IntactPages& pages, std::uint64_t p, DeadRecords& dead, IntactValues& values) {
    ids_.clear();
    rows_.clear();
    vectors_.clear();
    for (std::uint64_t o = pages.first(p); o < pages.first(p + 1); ++o) {
      const Fate fate = dead.of(o);
      if (fate == Fate::kDead) {
        ++report_.deleted;
        continue;
      }
      const std::byte* record = pages.record(o);
      const Id id = format::stored_id(pages.shape(), record);
      if (id == kNoId || !seen_->insert(id)) {
        ++report_.repeated;
        continue;
      }
      if (saved_ != nullptr && !saved_->contains(id)) {
        ++report_.lost;  // with the rest of its record
        continue;
      }
      if (fate == Fate::kUnknown) ++report_.unsure;
      ids_.push_back(id);
      rows_.push_back(static_cast<std::uint32_t>(o));
      vectors_.insert(vectors_.end(), record, record + vector_bytes_);
    }
    return add(pages, p, values.read(rows_));
  }

  /// Adds records to the build. One that a build refuses no index held: somebody made it, and it counts as lost.
  Result<void> add(const IntactPages& pages, std::uint64_t p, const RecordData& data) {
    const format::Field& field = index_.field(number_);
    if (ids_.empty()) return {};
    if (builder_.add_to(number_, {vectors_.data(), ids_.size(), field.dim, field.type}, ids_, data)) {
      for (const Id id : ids_) take(id);
      return {};
    }
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      const MatrixView row(vectors_.data() + i * vector_bytes_, 1, field.dim, field.type);
      auto added = builder_.add_to(number_, row, std::span(&ids_[i], 1), row_of(data, i));
      if (added) {
        take(ids_[i]);
        continue;
      }
      if (added.error().code != Code::kBadInput) return added;
      lose(pages.offset(p), pages.shape().page_bytes, 1);
    }
    return {};
  }

  void take(Id id) noexcept {
    if (saved_ == nullptr && index_.manifest().fields.size() > 1) taken_->insert(id);
  }

  static RecordData row_of(const RecordData& data, std::size_t row) {
    RecordData one{.names = data.names};
    const auto values = std::span(data.values).subspan(row * data.names.size(), data.names.size());
    one.values.assign(values.begin(), values.end());
    if (!data.payloads.empty()) one.payloads.push_back(data.payloads[row]);
    return one;
  }

  const IndexFile& index_;
  std::uint32_t number_;
  std::uint64_t file_bytes_;
  const SalvageOptions& options_;
  IndexMaker& builder_;
  SalvageReport& report_;
  const IdSet* saved_;
  std::size_t vector_bytes_;
  std::optional<IdSet> seen_;   ///< made when it is known how large it must be
  std::optional<IdSet> taken_;  ///< likewise
  std::vector<Id> ids_;
  std::vector<std::uint32_t> rows_;  ///< of these
  std::vector<std::byte> vectors_;
};

Result<void> check_kind(const format::Manifest& manifest) {
  if (std::ranges::none_of(manifest.fields, &format::Field::multi)) return {};
  return Error{.code = Code::kUnsupported, .what = "multi-vectors: expected fields of one vector a record"};
}

/// A code's length is checked only by who reads codes: a hostile one must not keep the records from being saved.
Result<IndexMaker> create_builder(io::FileSystem& fs, const std::filesystem::path& output, const IndexFile& index,
                                  BuildOptions build, SalvageReport& report) {
  Schema schema = schema_of(index.manifest());
  for (std::uint32_t f = 0; f < field_count(schema); ++f) {
    if (auto transforms = index.transforms(f)) {
      (f == kPrimaryField ? schema.transform : schema.fields[f - 1].transform) = std::move(transforms->records);
      (f == kPrimaryField ? schema.query_transform : schema.fields[f - 1].query_transform) =
          std::move(transforms->queries);
    } else {
      report.lost_transform = true;
    }
  }
  auto builder = IndexMaker::create(fs, output, schema, build, VectorForm::kStored);
  if (builder || builder.error().code != Code::kInvalidArgument) return builder;
  build.code_bytes = Count::kAuto;
  return IndexMaker::create(fs, output, schema, build, VectorForm::kStored);
}

BuildOptions as_made(const IndexFile& index, const SalvageOptions& options) {
  BuildOptions build = made_as(index, kPrimaryField);
  build.memory_bytes = options.memory_bytes;
  build.threads = options.threads;
  build.replace = options.replace;
  build.progress = options.progress;
  return build;
}

Result<SalvageReport> salvage_file(io::FileSystem& fs, const io::File& file, const std::filesystem::path& output,
                                   const SalvageOptions& options) {
  NEARLINE_TRY(damaged, file.identity());
  NEARLINE_CHECK(io::check_not_input(fs, output, damaged));
  NEARLINE_TRY(file_bytes, file.size());
  NEARLINE_TRY(found, find_manifest(file, file_bytes, fs.boot_id(), options.progress));
  NEARLINE_CHECK(check_kind(found.manifest));
  SalvageReport report{.generation = found.manifest.generation,
                       .by_footer = found.by_footer,
                       .newer_generation = found.newer_generation};
  const IndexFile index(file, std::move(found.manifest));
  NEARLINE_TRY(builder, create_builder(fs, output, index, as_made(index, options), report));
  builder.begin_ids_at(index.manifest().next_id);
  Salvager records(index, kPrimaryField, file_bytes, options, builder, report, nullptr);
  NEARLINE_CHECK(records.run());
  for (std::uint32_t f = 0; f < index.manifest().fields.size(); ++f) {
    if (auto queries = index.queries(f)) builder.calibrate_with(f, *std::move(queries));
    if (f == kPrimaryField) continue;
    static_cast<void>(builder.make_as(f, made_as(index, f)).has_value());  // else as the first field is
    SalvageReport of_field;
    NEARLINE_CHECK(Salvager(index, f, file_bytes, options, builder, of_field, &records.taken()).run());
    report.lost_values += of_field.lost;
  }
  report.saved = builder.count();
  if (report.saved == 0 && report.lost > 0) {
    return Error{.code = Code::kCorrupt,
                 .what = "none of " + std::to_string(report.lost) + " records is intact: nothing can be saved",
                 .at = report.lost_bytes.front().at};
  }
  NEARLINE_TRY(built, builder.finish());
  report.file_bytes = built.file_bytes;
  return report;
}

}  // namespace

Result<SalvageReport> salvage(io::FileSystem& fs, const std::filesystem::path& path,
                              const std::filesystem::path& output, const SalvageOptions& options) {
  NEARLINE_TRY(file, fs.open_read(path));
  auto report = salvage_file(fs, *file, output, options);
  if (!report) return std::move(report).error().in(path.string());
  return report;
}

}  // namespace nearline::engine
