// SPDX-License-Identifier: Apache-2.0
#include "engine/write/commit.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "engine/codes/code_table.h"
#include "engine/file/free_space.h"
#include "engine/make/assemble.h"
#include "engine/make/made_as.h"
#include "engine/progress.h"
#include "engine/write/flat_segment.h"
#include "engine/write/merge_sources.h"
#include "engine/write/recalibrate.h"
#include "io/system_error.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kCopyBytes = 1u << 20;
/// After it no generation follows that has room for one more (`generation_after`).
constexpr std::uint64_t kLastGeneration = std::numeric_limits<std::uint64_t>::max() - 2;
/// A calibration that stands on fewer queries is made anew: half of what one is made with.
constexpr std::uint32_t kLeastInherited = 256;

class Commit {
 public:
  Commit(const CommitInput& input, const MergePlan& merge) : in_(input), merge_(merge) {}

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
    NEARLINE_TRY(free, free_space(in_.index.file(), in_.file));
    FileSpace space(super.committed_bytes, std::move(free));
    NEARLINE_CHECK(adopt_tail(super.committed_bytes, manifest.generation, space));
    space.give_back(super.manifest_offset, super.manifest_bytes, manifest.generation);
    IndexFileWriter writer(in_.file, std::move(manifest), std::move(space));
    NEARLINE_CHECK(write_new_segment(writer));
    NEARLINE_CHECK(write_tombstones(writer));
    if (in_.queries != nullptr) NEARLINE_CHECK(recalibrate(in_, writer));
    writer.drop_segments(merge_.rows);
    NEARLINE_TRY(bytes, writer.commit(in_.boot));
    CommitReport report{.generation = writer.manifest().generation,
                        .count = writer.manifest().live_count,
                        .segments = static_cast<std::uint32_t>(writer.manifest().segments.size()),
                        .merged_records = merged_,
                        .file_bytes = bytes,
                        .durable = in_.boot == format::BootId{}};
    for (const format::Extent& extent : writer.manifest().free) report.free_bytes += extent.length;
    return report;
  }

 private:
  /// Makes free space of what stands behind the commit: a writer that died left it, or a reader of the commit before
  /// kept it from being cut off.
  Result<void> adopt_tail(std::uint64_t committed, std::uint64_t generation, FileSpace& space) {
    NEARLINE_TRY(bytes, in_.file.size());
    if (bytes <= committed) return {};
    const std::uint64_t tail = format::whole_blocks(bytes - committed);
    const std::uint64_t last = committed + tail - format::kBlockBytes;
    // A flush that failed may have left a length that is seen and not durable: it has to be flushed with this commit.
    // What stands there is written over itself: behind a commit that made the file shorter it may be the one's before.
    std::vector<std::byte> block(format::kBlockBytes);
    NEARLINE_CHECK(io::read_exact(in_.file, last, std::span(block).first(bytes - last)));
    NEARLINE_CHECK(in_.file.allocate(last, format::kBlockBytes));
    NEARLINE_CHECK(io::write_all(in_.file, last, block));
    space.give_back(space.append(tail), tail, generation);
    return {};
  }

  /// A disk that is too full for the segment is found before its records are linked.
  Result<void> check_room(std::uint64_t bytes, std::uint64_t inside) const {
    if (bytes <= inside) return {};
    NEARLINE_TRY(probe, in_.fs.create_unnamed(in_.directory));
    auto found = probe->reserve(0, bytes - inside);
    return found ? std::move(found) : io::named_for(std::move(found).error(), in_.file.path());
  }

  [[nodiscard]] std::uint64_t live_count() const noexcept {
    std::uint64_t live = in_.pending.fresh();
    for (std::size_t s = 0; s < in_.index.segments().size(); ++s) {
      live += in_.index.segments()[s]->count() - in_.pending.dead(s).count();
    }
    return live;
  }

  [[nodiscard]] bool is_merged(std::uint32_t row) const noexcept {
    return std::find(merge_.rows.begin(), merge_.rows.end(), row) != merge_.rows.end();
  }

  Result<void> write_new_segment(IndexFileWriter& writer) {
    if (merge_.records == 0) return {};
    const Schema& schema = in_.index.schema();
    NEARLINE_TRY(spill, in_.fs.create_unnamed(in_.directory));
    Intake intake(schema, std::move(spill));
    MergeSources sources;
    for (std::size_t s = 0; s < in_.index.segments().size(); ++s) {
      const Segment& segment = *in_.index.segments()[s];
      if (!is_merged(segment.file().row())) continue;
      const bool linked = segment.shape().layout == Layout::kLean && !segment.file().flat();
      if (linked) sources.add(segment, in_.pending.dead(s), intake.count());
      NEARLINE_CHECK(take_in(s, intake));
    }
    merged_ = intake.count();
    NEARLINE_CHECK(in_.pending.for_each([&](Id id, std::span<const std::byte> vector) -> Result<void> {
      return intake.add({vector.data(), 1, schema.dim, schema.type}, std::span(&id, 1));
    }));
    BuildOptions options = build_options_of(in_.index, in_.options);
    if (merge_.flat) {
      return write_flat_segment(intake, schema, writer);
    }
    Heritage heritage;
    const Segment* larger = larger_than(intake.count());
    const Segment* mostly = larger != nullptr ? nullptr : mostly_of(intake.count());
    if (larger != nullptr) options.calibrate = false;  // its calibration serves, too
    if (mostly != nullptr) heritage.calibration = calibration_of(*mostly, intake.count());
    const Segment* coded = larger != nullptr ? larger : mostly;
    if (coded != nullptr && CodeTable::has_codes(coded->file())) {
      NEARLINE_TRY(read, CodeTable::read_book(coded->file()));
      heritage.book = std::move(read);
    }
    NEARLINE_TRY(plan, plan_build(intake.count(), schema, options, intake.id_bytes()));
    NEARLINE_CHECK(check_room(plan.least_file_bytes, writer.usable_bytes()));
    std::optional<KnownCodes> codes;
    if (!merge_.anew && plan.parts == 1 && sources.worth(intake.count())) {
      heritage.lists = &sources;
      if (heritage.book) {
        NEARLINE_TRY(file, in_.fs.create_unnamed(in_.directory));
        codes.emplace(std::move(file), heritage.book->code_bytes());
        NEARLINE_CHECK(sources.give_codes(*heritage.book, *codes));
        heritage.codes = &*codes;
      }
    }
    auto built = assemble_segment(intake, plan, schema, options, in_.fs, in_.directory, writer, std::move(heritage));
    return built ? Result<void>{} : std::move(built).error();
  }

  /// A segment with a graph that stays and is as large, or null. Its calibration and its way of coding say much of the
  /// data and little of a graph, and take as long as linking where records are few.
  [[nodiscard]] const Segment* larger_than(std::uint64_t records) const noexcept {
    return find_segment([&](const Segment& s) { return !is_merged(s.file().row()) && s.live() >= records; });
  }

  /// The segment that most of the merged records come from, unless all is to be made anew, or null.
  [[nodiscard]] const Segment* mostly_of(std::uint64_t records) const noexcept {
    if (merge_.anew) return nullptr;
    return find_segment([&](const Segment& s) { return is_merged(s.file().row()) && s.live() * 2 >= records; });
  }

  /// Records of a segment that are live once what is pending is done.
  [[nodiscard]] std::uint64_t stays(const Segment& segment) const noexcept {
    const auto& all = in_.index.segments();
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.get() == &segment; });
    return segment.count() - in_.pending.dead(static_cast<std::size_t>(at - all.begin())).count();
  }

  /// The calibration of a segment for the one that it goes into with others: its queries count as its records do among
  /// all. None when they are too few then.
  [[nodiscard]] std::optional<format::Calibration> calibration_of(const Segment& from, std::uint64_t records) const {
    if (from.field().calibration() == nullptr) return std::nullopt;
    format::Calibration calibration = *from.field().calibration();
    calibration.queries = static_cast<std::uint32_t>(calibration.queries * stays(from) / records);
    return calibration.queries < kLeastInherited ? std::nullopt : std::optional(std::move(calibration));
  }

  template <class Fits>
  [[nodiscard]] const Segment* find_segment(const Fits& fits) const noexcept {
    for (const auto& segment : in_.index.segments()) {
      if (!segment->file().flat() && fits(*segment)) return segment.get();
    }
    return nullptr;
  }

  /// The live records of a segment, in the order in which they stand.
  Result<void> take_in(std::size_t s, Intake& intake) {
    const Segment& segment = *in_.index.segments()[s];
    const Schema& schema = segment.schema();
    const auto together =
        static_cast<std::uint32_t>(std::max<std::uint64_t>(1, kCopyBytes / vector_bytes(schema.type, schema.dim)));
    const auto count = static_cast<std::uint32_t>(segment.count());
    std::vector<std::uint32_t> rows;
    std::vector<Id> ids;
    std::vector<std::byte> vectors;
    for (std::uint32_t first = 0; first < count; first += together) {
      NEARLINE_CHECK(report(in_.options.progress, {"gather", first, count}));
      rows.resize(std::min(together, count - first));
      std::iota(rows.begin(), rows.end(), first);
      std::erase_if(rows, [&](std::uint32_t row) { return in_.pending.dead(s).has(Row(row)); });
      NEARLINE_CHECK(segment.read_rows(rows, ids, vectors));
      NEARLINE_CHECK(intake.add({vectors.data(), ids.size(), schema.dim, schema.type}, ids));
    }
    return {};
  }

  /// Writes the tombstones of segments that stay and lost records.
  Result<void> write_tombstones(IndexFileWriter& writer) {
    for (std::size_t s = 0; s < in_.index.segments().size(); ++s) {
      const Segment& segment = *in_.index.segments()[s];
      const RecordSet& dead = in_.pending.dead(s);
      const std::uint32_t row = segment.file().row();
      if (is_merged(row) || dead.count() == segment.dead().count()) continue;
      writer.drop_section(format::SectionKind::kTombstones, row);
      writer.choose_segment(row);
      writer.segment().deleted = dead.count();
      const std::vector<std::byte> bytes = dead.encode(segment.count());
      format::Section section;
      section.kind = format::SectionKind::kTombstones;
      section.count = bytes.size();
      section.element_bytes = 1;
      NEARLINE_CHECK(writer.begin(section));
      NEARLINE_CHECK(writer.append(bytes));
      NEARLINE_CHECK(writer.end());
    }
    return {};
  }

  const CommitInput& in_;
  const MergePlan& merge_;
  std::uint64_t merged_ = 0;
};

}  // namespace

std::vector<SegmentLoad> loads_of(const CommitInput& input) {
  const format::Manifest& manifest = input.index.file().manifest();
  std::vector<SegmentLoad> loads;
  for (std::uint32_t row = 0; row < manifest.segments.size(); ++row) loads.push_back({.row = row});
  for (std::size_t s = 0; s < input.index.segments().size(); ++s) {
    const Segment& segment = *input.index.segments()[s];
    SegmentLoad& load = loads[segment.file().row()];
    load.count = segment.count();
    load.live = segment.count() - input.pending.dead(s).count();
    load.flat = segment.file().flat();
  }
  return loads;
}

Result<CommitReport> write_commit(const CommitInput& input, const MergePlan& merge) {
  return Commit(input, merge).run();
}

BuildOptions build_options_of(const Snapshot& index, const WriterOptions& options) {
  BuildOptions build = made_as(index.file());
  build.memory_bytes = options.memory_bytes;
  build.threads = options.threads;
  build.progress = options.progress;
  return build;
}

}  // namespace nearline::engine
