// SPDX-License-Identifier: Apache-2.0
#include "engine/write/commit.h"

#include <algorithm>
#include <limits>
#include <string>

#include "engine/file/free_space.h"
#include "engine/make/made_as.h"
#include "engine/write/merge_job.h"
#include "engine/write/new_segment.h"
#include "engine/write/recalibrate.h"

namespace nearline::engine {
namespace {

/// After it no generation follows that has room for one more (`generation_after`).
constexpr std::uint64_t kLastGeneration = std::numeric_limits<std::uint64_t>::max() - 2;

class Commit {
 public:
  Commit(std::span<const CommitInput> fields, std::span<const MergePlan> merges)
      : in_(fields.front()), fields_(fields), merges_(merges) {}

  Result<CommitReport> run() {
    const format::Superblock super = in_.index.file().superblock();
    if (super.generation > kLastGeneration) {
      return Error{.code = Code::kInvalidArgument,
                   .what = "generation " + std::to_string(super.generation) + ": expected at most " +
                           std::to_string(kLastGeneration) +
                           ", as each commit has one of its own; compact the index into a new file"};
    }
    format::Manifest manifest = in_.index.file().manifest();
    manifest.generation = generation_after(super);
    manifest.live_count = live_count();
    manifest.next_id = in_.pending.next_id();
    manifest.next_serial = std::max(manifest.next_serial, in_.space.next_serial());
    NEARLINE_TRY(free, free_space(in_.index.file(), in_.file));
    FileSpace space(super.committed_bytes, std::move(free));
    NEARLINE_CHECK(adopt_tail(super.committed_bytes, manifest.generation, space));
    for (const format::Extent& extent : in_.space.reserved()) space.hold(extent);
    space.give_back(super.manifest_offset, super.manifest_bytes, manifest.generation);
    IndexFileWriter writer(in_.file, std::move(manifest), std::move(space));
    std::vector<std::uint32_t> gone;
    std::uint64_t merged = 0;
    for (std::size_t f = 0; f < fields_.size(); ++f) {
      NEARLINE_TRY(taken, write_field(fields_[f], merges_[f], writer, gone));
      merged += taken;
    }
    writer.drop_segments(gone);
    NEARLINE_TRY(bytes, writer.commit(in_.boot));
    CommitReport report{.generation = writer.manifest().generation,
                        .count = writer.manifest().live_count,
                        .segments = segments_of(writer.manifest(), kPrimaryField),
                        .merged_records = merged,
                        .file_bytes = bytes,
                        .durable = in_.boot == format::BootId{}};
    for (const format::Extent& extent : writer.manifest().free) report.free_bytes += extent.length;
    return report;
  }

 private:
  /// What changes in one field. gone: segments that it leaves behind are added. Returns how many older records were
  /// written anew.
  Result<std::uint64_t> write_field(const CommitInput& in, const MergePlan& merge, IndexFileWriter& writer,
                                    std::vector<std::uint32_t>& gone) {
    std::vector<std::uint32_t> rows = merge.rows;
    std::uint64_t merged = 0;
    if (in.finished != nullptr) {
      for (const std::uint32_t row : in.finished->rows_in(in.index)) rows.push_back(row);
      merged += in.finished->plan().records;
      NEARLINE_CHECK(adopt(in, *in.finished, writer));
    }
    NEARLINE_TRY(taken, write_new_segment(in, merge, writer));
    merged += taken;
    NEARLINE_CHECK(write_tombstones(in, rows, writer));
    if (in.queries != nullptr) NEARLINE_CHECK(recalibrate(in, writer));
    gone.insert(gone.end(), rows.begin(), rows.end());
    return merged;
  }

  static std::uint32_t segments_of(const format::Manifest& manifest, std::uint32_t field) {
    return static_cast<std::uint32_t>(std::ranges::count(manifest.graphs, field, &format::Graph::field));
  }

  /// Makes free space of what stands behind the commit: a writer that died left it, or a reader of the commit before
  /// kept it from being cut off.
  Result<void> adopt_tail(std::uint64_t committed, std::uint64_t generation, FileSpace& space) {
    NEARLINE_TRY(bytes, in_.file.size());
    if (bytes <= committed) return {};
    const std::uint64_t tail = format::whole_blocks(bytes - committed);
    const std::uint64_t last = committed + tail - format::kBlockBytes;
    // A flush that failed may have left a length that is seen and not durable: it has to be flushed with this commit.
    // What stands there is written over itself: behind a commit that made the file shorter it may be the one's before.
    // But not where a merge beside reserved it: this writer made the file as long since, and no flush has failed since.
    if (!is_reserved(last)) {
      std::vector<std::byte> block(format::kBlockBytes);
      NEARLINE_CHECK(io::read_exact(in_.file, last, std::span(block).first(bytes - last)));
      NEARLINE_CHECK(in_.file.allocate(last, format::kBlockBytes));
      NEARLINE_CHECK(io::write_all(in_.file, last, block));
    }
    space.give_back(space.append(tail), tail, generation);
    return {};
  }

  [[nodiscard]] bool is_reserved(std::uint64_t at) const noexcept {
    return std::ranges::any_of(in_.space.reserved(), [&](const format::Extent& extent) {
      return at >= extent.offset && at - extent.offset < extent.length;
    });
  }

  [[nodiscard]] std::uint64_t live_count() const noexcept {
    std::uint64_t live = in_.pending.fresh();
    for (std::size_t s = 0; s < in_.index.segments().size(); ++s) {
      live += in_.index.segments()[s]->count() - in_.pending.dead(s).count();
    }
    return live;
  }

  /// Takes over the segment of a merge. What was deleted from its sources since they were read is deleted from it.
  static Result<void> adopt(const CommitInput& in, const MergeJob& job, IndexFileWriter& writer) {
    const std::uint32_t row = writer.adopt(job.segment());
    NEARLINE_TRY(lost, job.lost(in));
    if (lost.empty()) return {};
    const IndexFile written(writer.file(), writer.manifest());
    const OpenOptions open{
        .memory_bytes = in.options.memory_bytes / 2, .ranking = Ranking::kExact, .threads = 1, .untrusted = false};
    NEARLINE_TRY(segment, Segment::open(SegmentFile(written, row), open, IoMode::kPread));
    std::ranges::sort(lost);
    std::vector<std::uint32_t> rows(lost.size());
    ReadCount count;
    NEARLINE_CHECK(segment->find(lost, rows, count));
    RecordSet dead;
    dead.make_room(segment->count());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] == kNoOrdinal || !dead.add(Row(rows[i]))) {
        return Error{.code = Code::kCorrupt,
                     .what = "a merge without record " + std::to_string(lost[i]) + ": expected each of its sources"};
      }
    }
    return write_tombstones(row, dead, segment->count(), writer);
  }

  /// Writes the tombstones of segments that stay and lost records.
  static Result<void> write_tombstones(const CommitInput& in, std::span<const std::uint32_t> gone,
                                       IndexFileWriter& writer) {
    for (std::size_t s = 0; s < in.index.segments().size(); ++s) {
      const Segment& segment = *in.index.segments()[s];
      const RecordSet& dead = in.pending.dead(s);
      const std::uint32_t row = segment.file().row();
      if (std::ranges::find(gone, row) != gone.end() || dead.count() == segment.dead().count()) continue;
      writer.drop_section(format::SectionKind::kTombstones, row);
      NEARLINE_CHECK(write_tombstones(row, dead, segment.count(), writer));
    }
    return {};
  }
  static Result<void> write_tombstones(std::uint32_t row, const RecordSet& dead, std::uint64_t records,
                                       IndexFileWriter& writer) {
    writer.choose_segment(row);
    writer.segment().deleted = dead.count();
    const std::vector<std::byte> bytes = dead.encode(records);
    format::Section section;
    section.kind = format::SectionKind::kTombstones;
    section.count = bytes.size();
    section.element_bytes = 1;
    NEARLINE_CHECK(writer.begin(section));
    NEARLINE_CHECK(writer.append(bytes));
    return writer.end();
  }

  const CommitInput& in_;  ///< of the first field; what it says of the file holds for all
  std::span<const CommitInput> fields_;
  std::span<const MergePlan> merges_;
};

}  // namespace

std::vector<SegmentLoad> loads_of(const CommitInput& input) {
  const format::Manifest& manifest = input.index.file().manifest();
  std::vector<SegmentLoad> loads;
  for (std::uint32_t row = 0; row < manifest.segments.size(); ++row) {
    if (manifest.graphs[row].field == input.index.field()) loads.push_back({.row = row});
  }
  const bool indexed = input.index.schema().indexed;
  for (std::size_t s = 0; s < input.index.segments().size(); ++s) {
    const Segment& segment = *input.index.segments()[s];
    SegmentLoad& load = *std::ranges::find(loads, segment.file().row(), &SegmentLoad::row);
    load.count = segment.count();
    load.live = segment.count() - input.pending.dead(s).count();
    load.flat =
        indexed &&
        segment.file().flat();  // what is stored only is merged as graphs are: few segments, none rewritten often
    load.busy = input.running != nullptr && input.running->works_on(segment.file());
  }
  if (input.finished != nullptr) {
    const std::vector<std::uint32_t> gone = input.finished->rows_in(input.index);
    std::erase_if(loads, [&](const SegmentLoad& load) { return std::ranges::find(gone, load.row) != gone.end(); });
    const std::uint64_t records = input.finished->plan().records;
    loads.push_back({.row = format::Section::kNone, .count = records, .live = records, .busy = true});
  }
  return loads;
}

Result<CommitReport> write_commit(std::span<const CommitInput> fields, std::span<const MergePlan> merges) {
  return Commit(fields, merges).run();
}

BuildOptions build_options_of(const Snapshot& index, const WriterOptions& options) {
  BuildOptions build = made_as(index.file(), index.field());
  build.memory_bytes = options.memory_bytes;
  build.threads = options.threads;
  build.progress = options.progress;
  return build;
}

}  // namespace nearline::engine
