// SPDX-License-Identifier: Apache-2.0
#include "engine/columns/column_writer.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "engine/columns/payload_writer.h"
#include "format/column.h"

namespace nearline::engine {
namespace {

using format::kRunRows;

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// The staged row of each row of the segment, or kNone.
std::vector<std::uint32_t> places_of(std::span<const Id> staged, std::span<const Id> ids) {
  const auto in_order = [](std::span<const Id> all) {
    std::vector<std::uint32_t> order(all.size());
    std::iota(order.begin(), order.end(), 0U);
    if (!std::ranges::is_sorted(all)) std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return all[i]; });
    return order;
  };
  const std::vector<std::uint32_t> from = in_order(staged);
  std::vector<std::uint32_t> places(ids.size(), kNone);
  std::size_t next = 0;
  for (const std::uint32_t row : in_order(ids)) {
    while (next < from.size() && staged[from[next]] < ids[row]) ++next;
    while (next + 1 < from.size() && staged[from[next + 1]] == ids[row]) ++next;  // the last of several
    if (next < from.size() && staged[from[next]] == ids[row]) places[row] = from[next];
  }
  return places;
}

/// The keys of one column, a row after the other.
class Keys {
 public:
  Keys(const StagedValues& staged, std::size_t attribute, StagedColumn column, std::span<const std::uint32_t> places)
      : type_(staged.attributes()[attribute].type),
        strings_(staged.strings(attribute)),
        lists_(staged.lists(attribute)),
        column_(std::move(column)),
        places_(places) {
    if (type_ == AttributeType::kString || type_ == AttributeType::kTags) make_dictionary();
  }

  [[nodiscard]] AttributeType type() const noexcept { return type_; }
  [[nodiscard]] std::uint64_t rows() const noexcept { return places_.size(); }
  /// Pool numbers of the strings that are there, in the order of the strings.
  [[nodiscard]] const std::vector<std::uint32_t>& dictionary() const noexcept { return dictionary_; }
  [[nodiscard]] const std::string& string(std::size_t entry) const noexcept { return strings_[dictionary_[entry]]; }

  [[nodiscard]] bool has(std::uint64_t row) const noexcept {
    return places_[row] != kNone && column_.has(places_[row]);
  }
  /// In ascending order. Precondition: the row has a value.
  template <class Take>
  void keys_of(std::uint64_t row, const Take& take) {
    const std::uint64_t cell = column_.cells[places_[row]];
    if (type_ == AttributeType::kString) return take(rank_[cell]);
    if (type_ != AttributeType::kTags) return take(cell);
    some_.clear();
    for (std::size_t i = 0; i < lists_.length(cell); ++i) some_.push_back(rank_[lists_.at(cell, i)]);
    std::ranges::sort(some_);
    for (const std::uint32_t key : some_) take(key);
  }

 private:
  void make_dictionary() {
    rank_.assign(strings_.size(), 0);
    for (std::uint64_t row = 0; row < rows(); ++row) {
      if (!has(row)) continue;
      const std::uint64_t cell = column_.cells[places_[row]];
      if (type_ == AttributeType::kString) {
        rank_[cell] = 1;
        continue;
      }
      for (std::size_t i = 0; i < lists_.length(cell); ++i) rank_[lists_.at(cell, i)] = 1;
    }
    for (std::uint32_t number = 0; number < rank_.size(); ++number) {
      if (rank_[number] != 0) dictionary_.push_back(number);
    }
    std::ranges::sort(dictionary_, {}, [&](std::uint32_t number) -> const std::string& { return strings_[number]; });
    for (std::uint32_t rank = 0; rank < dictionary_.size(); ++rank) rank_[dictionary_[rank]] = rank;
  }

  AttributeType type_;
  const StringPool& strings_;
  const ListPool& lists_;
  StagedColumn column_;
  std::span<const std::uint32_t> places_;
  std::vector<std::uint32_t> rank_;
  std::vector<std::uint32_t> dictionary_;
  std::vector<std::uint32_t> some_;
};

class ColumnWriter {
 public:
  ColumnWriter(IndexFileWriter& writer, Keys& keys) : writer_(writer), keys_(keys) {}

  Result<void> write(std::uint32_t attribute) {
    measure();
    if (shape_.nulls == shape_.rows) return {};
    format::Section section;
    section.kind = format::SectionKind::kAttribute;
    section.field = attribute;
    section.count = shape_.bytes;
    section.element_bytes = 1;
    NEARLINE_CHECK(writer_.begin(section));
    const format::ColumnHeader header = format::encode_column(shape_);
    NEARLINE_CHECK(writer_.append(std::as_bytes(std::span(&header, 1))));
    NEARLINE_CHECK(writer_.append(std::as_bytes(std::span(runs_))));
    for (std::uint64_t run = 0; run < shape_.runs(); ++run) NEARLINE_CHECK(write_run(run));
    if (shape_.has_dictionary()) NEARLINE_CHECK(write_dictionary());
    return writer_.end();
  }

 private:
  /// What the header and the rows of runs say.
  void measure() {
    shape_.type = keys_.type();
    shape_.rows = keys_.rows();
    shape_.entries = keys_.dictionary().size();
    counts_.assign(shape_.entries, 0);
    std::uint64_t at = shape_.data_at();
    for (std::uint64_t run = 0; run < shape_.runs(); ++run) {
      const format::RunShape made = measure_run(run);
      runs_.back().offset = at;
      shape_.nulls += made.nulls;
      shape_.values += made.values;
      at += made.bytes();
    }
    shape_.dictionary = shape_.strings = shape_.postings = at;
    shape_.bytes = at;
    if (!shape_.has_dictionary()) return;
    shape_.strings += (shape_.entries + 1) * sizeof(format::EntryRow);
    std::uint64_t text = 0, posted = 0;
    for (std::size_t i = 0; i < shape_.entries; ++i) {
      text += keys_.string(i).size();
      if (counts_[i] < shape_.posting_limit()) posted += counts_[i];
    }
    shape_.postings = format::RunShape::whole_words(shape_.strings + text);
    shape_.bytes = shape_.postings + format::RunShape::whole_words((posted * shape_.posting_bits() + 7) / 8);
  }

  format::RunShape measure_run(std::uint64_t run) {
    format::RunShape made{.rows = format::rows_in_run(shape_.rows, run), .tags = shape_.type == AttributeType::kTags};
    std::uint64_t least = ~std::uint64_t{0}, most = 0;
    for (std::uint64_t row = run * kRunRows; row < run * kRunRows + made.rows; ++row) {
      if (!keys_.has(row)) {
        ++made.nulls;
        continue;
      }
      keys_.keys_of(row, [&](std::uint64_t key) {
        least = std::min(least, key);
        most = std::max(most, key);
        ++made.values;
        if (shape_.has_dictionary()) ++counts_[key];
      });
    }
    if (made.values == 0) least = most = 0;
    made.bits = format::bits_of_span(most - least);
    made.end_bits = made.tags ? format::bits_of_span(made.values) : std::uint8_t{0};
    format::RunRow row{};
    row.least = least;
    row.most = most;
    row.nulls = made.nulls;
    row.values = made.values;
    row.bits = made.bits;
    row.end_bits = made.end_bits;
    runs_.push_back(row);
    shapes_.push_back(made);
    return made;
  }

  Result<void> write_run(std::uint64_t run) {
    const format::RunShape& shape = shapes_[run];
    const std::uint64_t first = run * kRunRows, end = first + shape.rows;
    bytes_.clear();
    format::BitWriter bits(bytes_);
    if (shape.has_null_bits()) {
      for (std::uint64_t row = first; row < end; ++row) bits.put(keys_.has(row) ? 0 : 1, 1);
      bits.end();
    }
    if (shape.tags && shape.values > 0) {
      std::uint64_t sum = 0;
      for (std::uint64_t row = first; row < end; ++row) {
        if (keys_.has(row)) keys_.keys_of(row, [&](std::uint64_t) { ++sum; });
        bits.put(sum, shape.end_bits);
      }
      bits.end();
    }
    for (std::uint64_t row = first; row < end && shape.values > 0; ++row) {
      if (keys_.has(row)) {
        keys_.keys_of(row, [&](std::uint64_t key) { bits.put(key - runs_[run].least, shape.bits); });
      } else if (!shape.tags) {
        bits.put(0, shape.bits);
      }
    }
    bits.end();
    assert(bytes_.size() == shape.bytes());
    return writer_.append(bytes_);
  }

  Result<void> write_dictionary() {
    format::EntryRow entry{};
    std::uint64_t text = 0, posted = 0;
    for (std::size_t i = 0; i <= shape_.entries; ++i) {
      const bool last = i == shape_.entries;
      entry.string = text;
      entry.posting = posted;
      entry.rows = last ? 0 : counts_[i];
      NEARLINE_CHECK(writer_.append(std::as_bytes(std::span(&entry, 1))));
      if (last) break;
      text += keys_.string(i).size();
      if (counts_[i] < shape_.posting_limit()) posted += counts_[i];
    }
    for (std::size_t i = 0; i < shape_.entries; ++i) {
      NEARLINE_CHECK(writer_.append(std::as_bytes(std::span(keys_.string(i)))));
    }
    const std::array<std::byte, 8> zeros{};
    NEARLINE_CHECK(writer_.append(std::span(zeros).first(shape_.postings - shape_.strings - text)));
    return write_postings(posted);
  }

  /// Rows of each entry that has a posting, sorted by counting.
  Result<void> write_postings(std::uint64_t posted) {
    std::vector<std::uint64_t> next(shape_.entries);
    std::uint64_t at = 0;
    for (std::size_t i = 0; i < shape_.entries; ++i) {
      next[i] = at;
      if (counts_[i] < shape_.posting_limit()) at += counts_[i];
    }
    std::vector<std::uint32_t> rows(posted);
    for (std::uint64_t row = 0; row < shape_.rows; ++row) {
      if (!keys_.has(row)) continue;
      keys_.keys_of(row, [&](std::uint64_t key) {
        if (counts_[key] < shape_.posting_limit()) rows[next[key]++] = static_cast<std::uint32_t>(row);
      });
    }
    bytes_.clear();
    format::BitWriter bits(bytes_);
    for (const std::uint32_t row : rows) bits.put(row, shape_.posting_bits());
    bits.end();
    return writer_.append(bytes_);
  }

  IndexFileWriter& writer_;
  Keys& keys_;
  format::ColumnShape shape_;
  std::vector<format::RunRow> runs_;
  std::vector<format::RunShape> shapes_;
  std::vector<std::uint32_t> counts_;  // rows of each entry
  std::vector<std::byte> bytes_;
};

}  // namespace

Result<void> write_values(IndexFileWriter& writer, StagedValues& staged, std::span<const Id> ids) {
  if (staged.count() == 0 || ids.empty()) return {};
  std::vector<std::uint32_t> places;
  {
    NEARLINE_TRY(known, staged.ids());
    places = places_of(known, ids);
  }
  for (std::size_t a = 0; a < staged.attributes().size(); ++a) {
    NEARLINE_TRY(column, staged.column(a));
    Keys keys(staged, a, std::move(column), places);
    NEARLINE_CHECK(ColumnWriter(writer, keys).write(static_cast<std::uint32_t>(a)));
  }
  return staged.has_payloads() ? write_payloads(writer, staged, places) : Result<void>{};
}

}  // namespace nearline::engine
