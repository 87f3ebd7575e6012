// SPDX-License-Identifier: Apache-2.0
#include "engine/columns/column.h"

#include <algorithm>
#include <cstring>

#include "format/corrupt.h"

namespace nearline::engine {
namespace {

/// Blocks of the checksum tree that a column keeps.
constexpr std::uint32_t kTreeBlocks = 4;

/// Entries of which postings are asked one by one; of more, runs are read.
constexpr std::uint64_t kMostPosted = 4096;

}  // namespace

Column::Column(const SegmentFile& file, const format::Section& section)
    : owned_(file.index().share_file()),
      file_(*owned_),
      section_(section),
      check_(std::make_unique<SectionCheck>(file_, file.index().manifest().file_id, section_, kTreeBlocks)) {}

Result<std::shared_ptr<const Column>> Column::open(const SegmentFile& file, const format::Section& section,
                                                   AttributeType type) {
  std::shared_ptr<Column> column(new Column(file, section));
  SectionWindow window = column->window(0);
  NEARLINE_TRY(bytes, window.look(0, std::min<std::uint64_t>(section.length, sizeof(format::ColumnHeader))));
  const auto header = std::span(bytes, std::min<std::uint64_t>(section.length, sizeof(format::ColumnHeader)));
  auto shape = format::decode_column(header, section.length, type, file.segment().count, section.offset);
  if (!shape) return std::move(shape).error().in(file.file().path().string());
  column->shape_ = *shape;
  return std::shared_ptr<const Column>(std::move(column));
}

Error Column::corrupt(std::string what) const {
  return format::corrupt(section_.offset, std::move(what)).in(file_.path().string());
}

Result<format::Run> Column::run(std::uint64_t number, SectionWindow& window) const {
  NEARLINE_TRY(bytes, window.look(shape_.runs_at() + number * sizeof(format::RunRow), sizeof(format::RunRow)));
  format::RunRow row;
  std::memcpy(&row, bytes, sizeof row);
  auto found = format::decode_run(row, shape_, number, section_.offset);
  return found ? std::move(found) : Result<format::Run>(std::move(found).error().in(file_.path().string()));
}

Result<std::vector<format::Run>> Column::runs(SectionWindow& window) const {
  std::vector<format::Run> runs;
  runs.reserve(shape_.runs());
  for (std::uint64_t i = 0; i < shape_.runs(); ++i) {
    NEARLINE_TRY(one, run(i, window));
    runs.push_back(one);
  }
  return runs;
}

Result<void> Column::read_run(const format::Run& run, SectionWindow& window, RunKeys& out) const {
  const format::RunShape& shape = run.shape;
  NEARLINE_TRY(bytes, window.look(run.offset, shape.bytes()));
  out.rows = shape.rows;
  out.valid.assign((shape.rows + 63) / 64, shape.nulls == shape.rows ? 0 : ~std::uint64_t{0});
  if (shape.has_null_bits()) {
    for (std::size_t word = 0; word < out.valid.size(); ++word) {
      out.valid[word] = ~format::packed_number(bytes, word * 64, 64);
    }
  }
  if (shape.rows % 64 != 0) out.valid.back() &= (std::uint64_t{1} << (shape.rows % 64)) - 1;
  out.keys.resize(shape.packed());
  const std::byte* const packed = bytes + shape.keys_at();
  for (std::size_t i = 0; i < out.keys.size(); ++i) {
    out.keys[i] = run.least + format::packed_number(packed, i * shape.bits, shape.bits);
  }
  out.ends.assign(shape.tags ? shape.rows : 0, 0);
  if (!shape.tags || shape.values == 0) return {};
  std::uint64_t before = 0;
  for (std::uint32_t row = 0; row < shape.rows; ++row) {
    const std::uint64_t end =
        format::packed_number(bytes + shape.ends_at(), std::uint64_t{row} * shape.end_bits, shape.end_bits);
    if (end < before || end > shape.values) return corrupt("tags of a row end at " + std::to_string(end));
    out.ends[row] = static_cast<std::uint32_t>(before = end);
  }
  return {};
}

Result<format::EntryRow> Column::entry(std::uint64_t number, SectionWindow& window) const {
  format::EntryRow row;
  NEARLINE_TRY(bytes, window.look(shape_.dictionary + number * sizeof row, sizeof row));
  std::memcpy(&row, bytes, sizeof row);
  return row;
}

Result<std::string> Column::string(std::uint64_t number, SectionWindow& window) const {
  if (number >= shape_.entries) {
    return corrupt("entry " + std::to_string(number) + " of a dictionary of " + std::to_string(shape_.entries));
  }
  NEARLINE_TRY(from, entry(number, window));
  NEARLINE_TRY(to, entry(number + 1, window));
  const std::uint64_t room = shape_.postings - shape_.strings;
  if (from.string > to.string || to.string > room || to.string - from.string > kMaxStringBytes) {
    return corrupt("entry " + std::to_string(number) + " of a dictionary, with bytes " + std::to_string(from.string) +
                   " to " + std::to_string(to.string) + " of " + std::to_string(room));
  }
  NEARLINE_TRY(bytes, window.look(shape_.strings + from.string, to.string - from.string));
  return std::string(reinterpret_cast<const char*>(bytes), to.string - from.string);
}

Result<std::uint64_t> Column::place_of(std::string_view text, bool after, SectionWindow& window) const {
  std::uint64_t first = 0, last = shape_.entries;
  while (first < last) {
    const std::uint64_t middle = first + (last - first) / 2;
    NEARLINE_TRY(found, string(middle, window));
    if (after ? found <= text : found < text) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

Result<Column::Posted> Column::posted(const KeyRange& entries, SectionWindow& window) const {
  Posted all;
  if (entries.last - entries.first >= kMostPosted) return Posted{.rows = shape_.rows, .all = false};
  for (std::uint64_t i = entries.first; i <= entries.last; ++i) {
    NEARLINE_TRY(row, entry(i, window));
    all.rows += row.rows;
    all.all = all.all && row.rows < shape_.posting_limit();
  }
  return all;
}

Result<void> Column::add_posted(const KeyRange& entries, SectionWindow& window, std::span<std::uint64_t> bits) const {
  NEARLINE_TRY(from, entry(entries.first, window));
  NEARLINE_TRY(to, entry(entries.last + 1, window));
  const std::uint64_t width = shape_.posting_bits();
  const std::uint64_t begin = from.posting, end = to.posting;
  if (begin > end || end > (shape_.bytes - shape_.postings) * 8 / std::max<std::uint64_t>(width, 1)) {
    return corrupt("a posting of rows " + std::to_string(begin) + " to " + std::to_string(end));
  }
  constexpr std::uint64_t kTogether = 4096;
  for (std::uint64_t first = begin; first < end; first += kTogether) {
    const std::uint64_t some = std::min(kTogether, end - first);
    const std::uint64_t bit = first * width;
    NEARLINE_TRY(bytes, window.look(shape_.postings + bit / 8, (bit % 8 + some * width + 7) / 8));
    for (std::uint64_t i = 0; i < some; ++i) {
      const std::uint64_t row = format::packed_number(bytes, bit % 8 + i * width, static_cast<unsigned>(width));
      if (row >= shape_.rows) return corrupt("a posting with row " + std::to_string(row));
      bits[row / 64] |= std::uint64_t{1} << (row % 64);
    }
  }
  return {};
}

}  // namespace nearline::engine
