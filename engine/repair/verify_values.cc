// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/verify_values.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "engine/columns/column.h"
#include "format/corrupt.h"
#include "format/payload.h"
#include "format/utf8.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kAheadBytes = 256 << 10;

/// A column front to back, and its runs once more where postings are to be compared.
class ColumnRules {
 public:
  ColumnRules(const Column& column, const ProgressFn& progress)
      : column_(column),
        shape_(column.shape()),
        progress_(progress),
        table_(column.window(kAheadBytes)),
        data_(column.window(kAheadBytes)) {}

  Result<void> check() {
    if (shape_.has_dictionary()) counts_.assign(shape_.entries, 0);
    NEARLINE_CHECK(check_runs());
    if (!shape_.has_dictionary()) return {};
    NEARLINE_TRY(posted, check_dictionary());
    return check_postings(posted);
  }

 private:
  [[nodiscard]] Error broken(std::uint64_t place, std::string what) const {
    return format::corrupt(table_.section().offset + place, std::move(what));
  }

  /// Shows the keys of all runs, row by row.
  template <class Visit>
  Result<void> for_each_run(const Visit& visit) {
    for (std::uint64_t i = 0; i < shape_.runs(); ++i) {
      if (i % 256 == 0) NEARLINE_CHECK(report(progress_, {"values", i * format::kRunRows, shape_.rows}));
      NEARLINE_TRY(run, column_.run(i, table_));
      NEARLINE_CHECK(column_.read_run(run, data_, keys_));
      NEARLINE_CHECK(visit(i, run));
    }
    return {};
  }

  Result<void> check_runs() {
    std::uint64_t nulls = 0, values = 0, end = shape_.data_at();
    Result<void> counted = for_each_run([&](std::uint64_t number, const format::Run& run) -> Result<void> {
      if (run.offset != end) {
        return broken(shape_.runs_at() + number * sizeof(format::RunRow),
                      "a run of a column at " + std::to_string(run.offset) + ": expected " + std::to_string(end));
      }
      NEARLINE_TRY(bytes, data_.look(run.offset, run.shape.bytes()));
      NEARLINE_CHECK(format::check_run(run, shape_, bytes, keys_, table_.section().offset));
      for_each_key([&](std::uint32_t, std::uint64_t key) { ++counts_[key]; });
      nulls += run.shape.nulls;
      values += run.shape.values;
      end += run.shape.bytes();
      return {};
    });
    if (!counted) return counted;
    if (nulls == shape_.nulls && values == shape_.values && end == shape_.dictionary) return {};
    return broken(0, "a column of " + std::to_string(shape_.nulls) + " nulls and " + std::to_string(shape_.values) +
                         " values, with runs up to byte " + std::to_string(shape_.dictionary) + ": counted " +
                         std::to_string(nulls) + " and " + std::to_string(values) + ", up to " + std::to_string(end));
  }

  /// Of the run at hand: each entry that a row has. Of other types nothing.
  template <class Take>
  void for_each_key(const Take& take) const {
    if (!shape_.has_dictionary() || keys_.keys.empty()) return;
    for (std::uint32_t row = 0; row < keys_.rows; ++row) {
      for (std::uint32_t i = keys_.begin_of(row); i < keys_.end_of(row); ++i) take(row, keys_.keys[i]);
    }
  }

  [[nodiscard]] bool has_posting(std::uint64_t entry) const noexcept { return counts_[entry] < shape_.posting_limit(); }

  /// Order and places; gives how many rows all postings have together.
  Result<std::uint64_t> check_dictionary() {
    SectionWindow words = column_.window(kAheadBytes);
    std::uint64_t text = 0, posted = 0;
    std::string before;
    for (std::uint64_t i = 0; i <= shape_.entries; ++i) {
      const std::uint64_t place = shape_.dictionary + i * sizeof(format::EntryRow);
      NEARLINE_TRY(entry, column_.entry(i, table_));
      const bool last = i == shape_.entries;
      const std::uint64_t rows = last ? 0 : counts_[i];
      if (entry.string != text || entry.posting != posted || entry.rows != rows || !format::all_zero(entry.reserved)) {
        return broken(place, "entry " + std::to_string(i) + " of a dictionary, of " + std::to_string(entry.rows) +
                                 " rows: counted " + std::to_string(rows) + ", or its string or posting is elsewhere");
      }
      if (last) break;
      NEARLINE_TRY(string, column_.string(i, words));
      const bool good =
          format::first_bad_utf8(string) == string.size() && (shape_.type == AttributeType::kString || !string.empty());
      if (rows == 0 || !good || (i > 0 && string <= before)) {
        return broken(place, "entry " + std::to_string(i) +
                                 " of a dictionary, which no row has, or whose string is not UTF-8 or out of order");
      }
      text += string.size();
      if (has_posting(i)) posted += rows;
      before = std::move(string);
    }
    NEARLINE_CHECK(check_zeros(shape_.strings + text, shape_.postings, "strings"));
    return posted;
  }

  /// Zeros from `from` up to the next multiple of 8, which is `to`.
  Result<void> check_zeros(std::uint64_t from, std::uint64_t to, const char* behind) {
    if (to != format::RunShape::whole_words(from)) {
      return broken(from, std::string(behind) + " of a column end at " + std::to_string(from) +
                              ": expected what is next there, and not at " + std::to_string(to));
    }
    NEARLINE_TRY(bytes, data_.look(from, to - from));
    if (format::all_zero(std::span(bytes, to - from))) return {};
    return broken(from, "bytes behind the " + std::string(behind) + " of a column that are not zero");
  }

  Result<void> check_postings(std::uint64_t posted) {
    const unsigned width = shape_.posting_bits();
    const std::uint64_t room = shape_.bytes - shape_.postings;
    if (format::RunShape::whole_words((posted * width + 7) / 8) != room) {
      return broken(shape_.postings,
                    "postings of " + std::to_string(posted) + " rows in " + std::to_string(room) + " bytes");
    }
    if (posted == 0) return {};
    NEARLINE_TRY(rows, rows_of_entries(posted));
    for (std::uint64_t i = 0; i < posted; ++i) {
      const std::uint64_t bit = i * width;
      NEARLINE_TRY(bytes, data_.look(shape_.postings + bit / 8, (bit % 8 + width + 7) / 8));
      const std::uint64_t row = format::packed_number(bytes, bit % 8, width);
      if (row != rows[i]) {
        return broken(shape_.postings + bit / 8,
                      "a posting has row " + std::to_string(row) + ": expected " + std::to_string(rows[i]));
      }
    }
    const std::uint64_t end = posted * width, whole = end / 8;
    NEARLINE_TRY(bytes, data_.look(shape_.postings + whole, room - whole));
    const std::uint64_t behind = (room - whole) * 8 - end % 8;
    for (std::uint64_t bit = 0; bit < behind; ++bit) {
      if (format::packed_number(bytes, end % 8 + bit, 1) != 0) {
        return broken(shape_.postings + whole, "bits behind the postings of a column that are not zero");
      }
    }
    return {};
  }

  /// The rows that postings must have, one behind the other.
  Result<std::vector<std::uint32_t>> rows_of_entries(std::uint64_t posted) {
    std::vector<std::uint32_t> rows(posted);
    std::vector<std::uint64_t> next(counts_.size());
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      next[i] = at;
      if (has_posting(i)) at += counts_[i];
    }
    Result<void> placed = for_each_run([&](std::uint64_t number, const format::Run&) -> Result<void> {
      for_each_key([&](std::uint32_t row, std::uint64_t key) {
        if (key >= counts_.size() || !has_posting(key) || next[key] >= posted) return;  // the file may have changed
        rows[next[key]++] = static_cast<std::uint32_t>(number * format::kRunRows + row);
      });
      return {};
    });
    if (!placed) return std::move(placed).error();
    return rows;
  }

  const Column& column_;
  const format::ColumnShape& shape_;
  const ProgressFn& progress_;
  SectionWindow table_;
  SectionWindow data_;
  RunKeys keys_;
  std::vector<std::uint32_t> counts_;  // rows of each entry
};

/// Every frame opens, and they and their payloads lie one behind the other.
Result<void> check_payloads(const SegmentFile& segment, const format::Section& section, const ProgressFn& progress) {
  const auto check = tree_check(segment.file(), segment.index().manifest().file_id, section);
  SectionWindow table(segment.file(), section, *check, kAheadBytes), data(segment.file(), section, *check, kAheadBytes);
  const std::uint64_t rows = segment.segment().count;
  NEARLINE_TRY(header, table.look(0, sizeof(format::PayloadHeader)));
  const std::span<const std::byte> head(header, sizeof(format::PayloadHeader));
  NEARLINE_TRY(frames, format::decode_payload_header(head, section.length, rows, section.offset));
  std::uint64_t row = 0, end = sizeof(format::PayloadHeader) + std::uint64_t{frames} * sizeof(format::FrameRow);
  for (std::uint64_t i = 0; i < frames; ++i) {
    if (i % 256 == 0) NEARLINE_CHECK(report(progress, {"values", row, rows}));
    const std::uint64_t place = sizeof(format::PayloadHeader) + i * sizeof(format::FrameRow);
    const bool last = i + 1 == frames;
    format::FrameRow here[2]{};
    const std::size_t bytes = last ? sizeof here[0] : sizeof here;
    NEARLINE_TRY(from, table.look(place, bytes));
    std::memcpy(here, from, bytes);
    const std::uint64_t at = section.offset + place;
    NEARLINE_TRY(frame, format::decode_frame(here[0], last ? nullptr : &here[1], rows, section.length, at));
    if (frame.first_row != row || frame.offset != end) {
      return format::corrupt(at, "a frame of payloads from row " + std::to_string(frame.first_row) + " on at " +
                                     std::to_string(frame.offset) + ": expected row " + std::to_string(row) + " at " +
                                     std::to_string(end));
    }
    row += frame.rows;
    end += frame.bytes;
    NEARLINE_TRY(closed, data.look(frame.offset, frame.bytes));
    const std::uint64_t stands = section.offset + frame.offset;
    NEARLINE_TRY(opened, format::open_frame(frame, {closed, frame.bytes}, stands));
    std::uint64_t said = std::uint64_t{frame.rows} * sizeof(format::le32);
    for (std::uint32_t r = frame.first_row; r < row; ++r) {
      NEARLINE_TRY(payload, format::payload_of(frame, opened, r, stands));
      said += payload.size();
      if (payload.size() > kMaxPayloadBytes) return format::corrupt(stands, "a payload of more than 2^24 bytes");
    }
    if (said != frame.opened_bytes) return format::corrupt(stands, "bytes behind the payloads of a frame");
  }
  if (end == section.length) return {};
  return format::corrupt(section.offset + end, "bytes behind the last frame of payloads");
}

}  // namespace

Result<std::optional<VerifyFinding>> broken_values(const SegmentFile& segment, const ProgressFn& progress) {
  const format::Manifest& manifest = segment.index().manifest();
  for (const format::Section& section : manifest.sections) {
    if (section.segment != segment.row()) continue;
    Result<void> checked;
    if (section.kind == format::SectionKind::kAttribute) {
      const auto column = Column::open(segment, section, manifest.attributes[section.field].type);
      checked = column ? ColumnRules(**column, progress).check() : Result<void>(column.error());
    } else if (section.kind == format::SectionKind::kPayload) {
      checked = check_payloads(segment, section, progress);
    }
    if (checked) continue;
    if (checked.error().code != Code::kCorrupt) return std::move(checked).error();
    return std::optional(VerifyFinding{checked.error().at, checked.error().what});
  }
  return std::optional<VerifyFinding>();
}

}  // namespace nearline::engine
