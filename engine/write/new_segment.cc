// SPDX-License-Identifier: Apache-2.0
#include "engine/write/new_segment.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "engine/codes/code_table.h"
#include "engine/make/assemble.h"
#include "engine/make/code_writer.h"
#include "engine/make/flat_segment.h"
#include "engine/make/value_memory.h"
#include "engine/progress.h"
#include "engine/write/merge_sources.h"
#include "io/system_error.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kCopyBytes = 1u << 20;
/// A calibration that stands on fewer queries is made anew: half of what one is made with.
constexpr std::uint32_t kLeastInherited = 256;

class NewSegment {
 public:
  NewSegment(const CommitInput& input, const MergePlan& merge) : in_(input), merge_(merge) {}

  Result<std::uint64_t> write(IndexFileWriter& writer) {
    if (merge_.records == 0) return std::uint64_t{0};
    writer.choose_field(in_.index.field());
    const Schema& schema = in_.index.schema();
    NEARLINE_TRY(spill, in_.fs.create_unnamed(in_.directory));
    Intake intake(schema, std::move(spill), in_.fs, in_.directory);
    MergeSources sources;
    std::vector<RowRange> rows_of(in_.index.segments().size());
    for (std::size_t s = 0; s < in_.index.segments().size(); ++s) {
      const Segment& segment = *in_.index.segments()[s];
      if (!is_merged(segment.file().row())) continue;
      const bool linked = segment.shape().layout == Layout::kLean && !segment.file().flat();
      if (linked) sources.add(segment, in_.pending.dead(s), intake.count());
      rows_of[s].first = intake.count();
      NEARLINE_CHECK(take_in(s, intake));
      rows_of[s].last = intake.count();
    }
    const std::uint64_t merged = intake.count();
    NEARLINE_CHECK(in_.pending.for_each([&](Id id, std::span<const std::byte> vector) -> Result<void> {
      return intake.add({vector.data(), 1, schema.dim, schema.type}, std::span(&id, 1));
    }));
    NEARLINE_CHECK(in_.pending.give_values(intake.values()));
    BuildOptions options = beside_values(build_options_of(in_.index, in_.options), intake.values());
    if (!schema.indexed) {
      if (merge_.flat) options.memory_bytes = std::numeric_limits<std::uint64_t>::max();  // few, as flat ones are
      NEARLINE_TRY(plan, plan_stored(intake.count(), schema, options, intake.id_bytes()));
      NEARLINE_CHECK(check_room(plan.least_file_bytes, writer.usable_bytes()));
      NEARLINE_CHECK(assemble_segment(intake, plan, schema, options, in_.fs, in_.directory, writer));
      return merged;
    }
    if (merge_.flat) {
      NEARLINE_CHECK(write_flat_segment(intake, schema, writer));
      return merged;
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
    if (heritage.book) {
      NEARLINE_TRY(fits,
                   book_fits(*heritage.book, intake.spill(), schema, rows_of[place_of(*coded)], plan.sample_bytes));
      if (!fits) heritage.book.reset();
    }
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
    return built ? Result<std::uint64_t>(merged) : std::move(built).error();
  }

  /// A segment with a graph that stays and is as large, or null. Its calibration and its way of coding say much of the
  /// data and little of a graph, and take as long as linking where records are few.
  [[nodiscard]] const Segment* larger_than(std::uint64_t records) const noexcept {
    return find_segment([&](const Segment& s) { return !is_merged(s.file().row()) && s.live() >= records; });
  }

 private:
  /// A disk that is too full for the segment is found before its records are linked.
  Result<void> check_room(std::uint64_t bytes, std::uint64_t inside) const {
    if (bytes <= inside) return {};
    NEARLINE_TRY(probe, in_.fs.create_unnamed(in_.directory));
    auto found = probe->reserve(0, bytes - inside);
    return found ? std::move(found) : io::named_for(std::move(found).error(), in_.file.path());
  }

  [[nodiscard]] bool is_merged(std::uint32_t row) const noexcept {
    return std::find(merge_.rows.begin(), merge_.rows.end(), row) != merge_.rows.end();
  }

  /// The segment that most of the merged records come from, unless all is to be made anew, or null.
  [[nodiscard]] const Segment* mostly_of(std::uint64_t records) const noexcept {
    if (merge_.anew) return nullptr;
    return find_segment([&](const Segment& s) { return is_merged(s.file().row()) && s.live() * 2 >= records; });
  }

  /// Records of a segment that are live once what is pending is done.
  [[nodiscard]] std::uint64_t stays(const Segment& segment) const noexcept {
    return segment.count() - in_.pending.dead(place_of(segment)).count();
  }

  /// Which of the index's segments it is.
  [[nodiscard]] std::size_t place_of(const Segment& segment) const noexcept {
    const auto& all = in_.index.segments();
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.get() == &segment; });
    return static_cast<std::size_t>(at - all.begin());
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
    const bool says = segment.file().field_number() == kPrimaryField;
    NEARLINE_TRY(values, segment.data_reader());
    RecordData data;
    for (std::uint32_t first = 0; first < count; first += together) {
      NEARLINE_CHECK(report(in_.options.progress, {"gather", first, count}));
      rows.resize(std::min(together, count - first));
      std::iota(rows.begin(), rows.end(), first);
      std::erase_if(rows, [&](std::uint32_t row) { return in_.pending.dead(s).has(Row(row)); });
      NEARLINE_CHECK(segment.read_rows(rows, ids, vectors));
      if (says) NEARLINE_CHECK(values.read(rows, data));
      NEARLINE_CHECK(intake.add({vectors.data(), ids.size(), schema.dim, schema.type}, ids, data));
    }
    return {};
  }

  const CommitInput& in_;
  const MergePlan& merge_;
};

}  // namespace

Result<std::uint64_t> write_new_segment(const CommitInput& input, const MergePlan& merge, IndexFileWriter& writer) {
  return NewSegment(input, merge).write(writer);
}

const Segment* model_of(const CommitInput& input, const MergePlan& merge) noexcept {
  return NewSegment(input, merge).larger_than(merge.records);
}

}  // namespace nearline::engine
