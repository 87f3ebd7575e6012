// SPDX-License-Identifier: Apache-2.0
#include "engine/columns/column.h"

#include <algorithm>
#include <cstring>

#include "format/corrupt.h"

namespace nearline::engine {
namespace {

/// Entries of which postings are asked one by one; of more, runs are read.
constexpr std::uint64_t kMostPosted = 4096;

}  // namespace

Column::Column(const SegmentFile& file, const format::Section& section, std::unique_ptr<BlockCheck> check)
    : owned_(file.index().share_file()), file_(*owned_), section_(section), check_(std::move(check)) {
  if (!check_) check_ = tree_check(file_, file.index().manifest().file_id, section_);
}

Result<std::shared_ptr<const Column>> Column::open(const SegmentFile& file, const format::Section& section,
                                                   AttributeType type, std::unique_ptr<BlockCheck> check) {
  std::shared_ptr<Column> column(new Column(file, section, std::move(check)));
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
  NEARLINE_TRY(bytes, window.look(run.offset, run.shape.bytes()));
  auto unpacked = format::unpack_run(run, bytes, section_.offset, out);
  return unpacked ? std::move(unpacked) : Result<void>(std::move(unpacked).error().in(file_.path().string()));
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
  const std::uint64_t bits_there = std::min(shape_.bytes - shape_.postings, ~std::uint64_t{0} / 8) * 8;
  // Each of them has fewer rows than the limit: a table that says more would have all postings read for each entry.
  const std::uint64_t most = (entries.last - entries.first + 1) * shape_.posting_limit();
  if (begin > end || end - begin > most || end > bits_there / std::max<std::uint64_t>(width, 1)) {
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
