// SPDX-License-Identifier: Apache-2.0
/// The build of an index whose records do not fit in memory together: overlapping parts are linked one after another
/// with half the degree, and each record's two lists are united. Every edge of every part is kept, so what can be
/// reached in its part can be reached in the whole.
#include <algorithm>
#include <numeric>

#include "engine/columns/column_writer.h"
#include "engine/link/pack.h"
#include "engine/make/assembly.h"
#include "engine/make/part_files.h"
#include "engine/make/partition.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kPartBufferBytes = 4u << 20;

class PartsAssembler {
 public:
  PartsAssembler(const Assembly& build, PartRows rows, PartLists lists, std::vector<PartPair> parts)
      : build_(build), rows_(std::move(rows)), lists_(std::move(lists)), parts_(std::move(parts)) {
    order_.reserve(build.count);
  }

  Result<BuildReport> run(IndexFileWriter& writer) {
    BuildReport report{.count = build_.count, .partitions = build_.plan.parts};
    for (std::uint32_t part = 0; part < build_.plan.parts; ++part) {
      NEARLINE_CHECK(build_.progress("link parts", order_.size()));
      if (rows_.size(part) == 0) continue;
      NEARLINE_TRY(repaired, link_part(part));
      report.unreachable_repaired += repaired;
    }
    std::vector<std::uint32_t> ordinal_of(build_.count);
    for (std::uint32_t i = 0; i < build_.count; ++i) ordinal_of[order_[i]] = i;
    for (std::uint32_t& entry : entries_) entry = ordinal_of[entry];
    std::sort(entries_.begin(), entries_.end());
    entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
    NEARLINE_TRY(ids, write_pages(writer, ordinal_of));
    NEARLINE_CHECK(write_tables(writer, entries_, ids, build_.codes()));
    NEARLINE_CHECK(write_values(writer, build_.intake.values(), ids));
    report.mean_degree = static_cast<double>(writer.graph().edges) / build_.count;
    return report;
  }

 private:
  /// Links a part; keeps its lists by row, its home rows in packed order, and its entry points by row.
  Result<std::uint64_t> link_part(std::uint32_t part) {
    const auto size = static_cast<std::uint32_t>(rows_.size(part));
    NEARLINE_TRY(image, RecordImage::create(build_.plan.image_shape, size));
    // Linking moves the records, so they carry their row in place of their id.
    NEARLINE_CHECK(rows_.for_each(part, [&](std::uint64_t i, const PartRows::Row& row) -> Result<void> {
      build_.fill(image.record(static_cast<std::uint32_t>(i)), image.shape(), row.row, row.vector);
      return {};
    }));
    LinkOptions options =
        build_.link_options(build_.options.degree / 2, std::max(1U, entry_count(build_.count) / build_.plan.parts));
    options.progress = {};  // counts of one part would mislead
    NEARLINE_TRY(linked, link(image, build_.nearness, options));
    std::vector<std::uint32_t> row_of(size);
    for (std::uint32_t local = 0; local < size; ++local) {
      row_of[local] = static_cast<std::uint32_t>(format::stored_id(image.shape(), image.record(local)));
    }
    std::vector<std::uint32_t> by_row(size);
    std::iota(by_row.begin(), by_row.end(), 0U);
    std::sort(by_row.begin(), by_row.end(), [&](std::uint32_t a, std::uint32_t b) { return row_of[a] < row_of[b]; });
    std::vector<std::uint32_t> list(image.shape().degree);
    for (const std::uint32_t local : by_row) {  // in order, so that the lists reach the disk in runs
      list.resize(image.shape().degree);
      list.resize(format::unpack_neighbors(image.shape(), image.record(local), list.data()));
      for (std::uint32_t& neighbor : list) neighbor = row_of[neighbor];
      NEARLINE_CHECK(lists_.store(row_of[local], parts_[row_of[local]].home == part, list));
    }
    for (const std::uint32_t local : pack(image, build_.plan.file_shape.slots)) {
      if (parts_[row_of[local]].home == part) order_.push_back(row_of[local]);
    }
    for (const std::uint32_t entry : linked.entries) entries_.push_back(row_of[entry]);
    return linked.repaired;
  }

  Result<std::vector<Id>> write_pages(IndexFileWriter& writer, const std::vector<std::uint32_t>& ordinal_of) {
    NEARLINE_TRY(pages, build_.begin_pages(writer));
    std::vector<Id> ids;
    ids.reserve(build_.count);
    for (std::uint32_t part = 0; part < build_.plan.parts; ++part) {
      NEARLINE_CHECK(build_.progress("write", ids.size()));
      NEARLINE_CHECK(write_part(part, ordinal_of, *pages, ids));
    }
    NEARLINE_TRY(begins, build_.end_pages(writer, *pages, std::move(entries_)));
    entries_ = std::move(begins);
    return ids;
  }

  /// Writes a part's home rows, which are the next ones in order_.
  Result<void> write_part(std::uint32_t part, const std::vector<std::uint32_t>& ordinal_of, PageSink& pages,
                          std::vector<Id>& ids) {
    const format::PageShape& shape = build_.plan.image_shape;
    NEARLINE_TRY(image, RecordImage::create(shape, rows_.size(part)));
    std::vector<std::uint32_t> row_of(rows_.size(part));
    NEARLINE_CHECK(rows_.for_each(part, [&](std::uint64_t i, const PartRows::Row& row) -> Result<void> {
      const auto local = static_cast<std::uint32_t>(i);
      build_.fill(image.record(local), shape, row.id, row.vector);
      row_of[local] = row.row;
      return {};
    }));
    std::vector<std::uint32_t> neighbors;
    for (; ids.size() < order_.size() && parts_[order_[ids.size()]].home == part;) {
      const std::uint32_t row = order_[ids.size()];
      const auto local = std::lower_bound(row_of.begin(), row_of.end(), row) - row_of.begin();
      const std::byte* record = image.record(static_cast<std::uint32_t>(local));
      NEARLINE_TRY(united, lists_.unite(row, parts_[row].other != part));
      neighbors.assign(united.begin(), united.end());
      for (std::uint32_t& neighbor : neighbors) neighbor = ordinal_of[neighbor];
      NEARLINE_CHECK(pages.append(shape, record, neighbors, {}));
      ids.push_back(format::stored_id(shape, record));
    }
    return {};
  }

  const Assembly& build_;
  PartRows rows_;
  PartLists lists_;
  std::vector<PartPair> parts_;
  std::vector<std::uint32_t> order_;    // rows by final ordinal
  std::vector<std::uint32_t> entries_;  // rows, then ordinals
};

}  // namespace

Result<BuildReport> assemble_parts(const Assembly& build, IndexFileWriter& writer) {
  NEARLINE_CHECK(build.progress("divide", 0));
  NEARLINE_TRY(parts, partition(build.intake.spill(), build.nearness.first(),
                                {.parts = build.plan.parts,
                                 .capacity = build.plan.part_records,
                                 .threads = build.threads,
                                 .seed = build.options.seed}));
  NEARLINE_TRY(rows_file, build.fs.create_unnamed(build.directory));
  NEARLINE_TRY(rows,
               PartRows::create(std::move(rows_file), build.intake.spill(), parts, build.plan.parts, kPartBufferBytes));
  NEARLINE_TRY(lists_file, build.fs.create_unnamed(build.directory));
  PartsAssembler assembler(build, std::move(rows), PartLists(std::move(lists_file), build.options.degree / 2),
                           std::move(parts));
  return assembler.run(writer);
}

}  // namespace nearline::engine
