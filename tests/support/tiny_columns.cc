// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tiny_columns.h"

#include <algorithm>

#include "format/column.h"
#include "format/payload.h"
#include "format/place_key.h"

namespace nearline::testing {
namespace {

using Bytes = std::vector<std::byte>;

template <class Row>
void append(Bytes& out, const Row& row) {
  const auto bytes = std::as_bytes(std::span(&row, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}
void append_u32(Bytes& out, std::size_t number) {
  format::le32 stored;
  stored = static_cast<std::uint32_t>(number);
  append(out, stored);
}
void append_text(Bytes& out, const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// The rows of each entry, where there is a dictionary.
std::vector<std::vector<std::uint64_t>> postings_of(const TinyColumn& column) {
  std::vector<std::vector<std::uint64_t>> rows(column.dictionary.size());
  for (std::uint64_t row = 0; row < column.rows.size() && !rows.empty(); ++row) {
    for (const std::uint64_t key : column.rows[row].value_or(std::vector<std::uint64_t>())) rows[key].push_back(row);
  }
  return rows;
}

/// A run's data; its row is filled in but for the place.
Bytes run_bytes(std::span<const Cell> rows, bool tags, format::RunRow& row) {
  std::uint64_t least = ~std::uint64_t{0}, most = 0;
  std::uint32_t nulls = 0, values = 0;
  for (const Cell& cell : rows) {
    nulls += cell ? 0 : 1;
    for (const std::uint64_t key : cell.value_or(std::vector<std::uint64_t>())) {
      least = std::min(least, key), most = std::max(most, key), ++values;
    }
  }
  if (values == 0) least = most = 0;
  row.least = least, row.most = most, row.nulls = nulls, row.values = values;
  row.bits = format::bits_of_span(most - least);
  row.end_bits = tags ? format::bits_of_span(values) : std::uint8_t{0};
  Bytes bytes;
  format::BitWriter bits(bytes);
  if (nulls > 0 && nulls < rows.size()) {
    for (const Cell& cell : rows) bits.put(cell ? 0 : 1, 1);
    bits.end();
  }
  if (tags && values > 0) {
    std::uint64_t sum = 0;
    for (const Cell& cell : rows) bits.put(sum += cell ? cell->size() : 0, row.end_bits);
    bits.end();
  }
  for (const Cell& cell : rows) {
    for (const std::uint64_t key : cell.value_or(std::vector<std::uint64_t>())) bits.put(key - least, row.bits);
    if (!cell && !tags && values > 0) bits.put(0, row.bits);
  }
  bits.end();
  return bytes;
}

/// The same with the strings alone that some row has.
TinyColumn without_unused(TinyColumn column) {
  const auto postings = postings_of(column);
  std::vector<std::uint64_t> number(postings.size());
  std::vector<std::string> used;
  for (std::size_t i = 0; i < postings.size(); ++i) {
    number[i] = used.size();
    if (!postings[i].empty()) used.push_back(column.dictionary[i]);
  }
  for (Cell& cell : column.rows) {
    for (std::size_t i = 0; cell && i < cell->size(); ++i) (*cell)[i] = number[(*cell)[i]];
  }
  column.dictionary = std::move(used);
  return column;
}

/// One zstd frame of one block (RFC 8878, 3.1.1), which is repeated where all bytes are alike and else raw.
Bytes closed(const Bytes& opened) {
  const bool alike = std::ranges::all_of(opened, [&](std::byte b) { return b == opened[0]; });
  Bytes frame;
  append_u32(frame, 0xFD2F'B528);
  frame.push_back(std::byte{0xA0});  // one segment, its size in four bytes
  append_u32(frame, opened.size());
  const auto header = static_cast<std::uint32_t>(opened.size() << 3 | (alike ? 2U : 0U) | 1U);
  for (const unsigned shift : {0U, 8U, 16U}) frame.push_back(static_cast<std::byte>(header >> shift));
  frame.insert(frame.end(), opened.begin(), alike ? opened.begin() + 1 : opened.end());
  return frame;
}

}  // namespace

Bytes column_bytes(const TinyColumn& column) {
  const bool tags = column.type == AttributeType::kTags, words = tags || column.type == AttributeType::kString;
  const auto all_postings = postings_of(column);
  format::ColumnShape shape{.type = column.type, .rows = column.rows.size(), .entries = column.dictionary.size()};
  Bytes runs, data, entries, strings, packed;
  for (std::uint64_t run = 0; run < shape.runs(); ++run) {
    format::RunRow row{};
    const auto rows = std::span(column.rows).subspan(run * format::kRunRows, format::rows_in_run(shape.rows, run));
    const Bytes bytes = run_bytes(rows, tags, row);
    row.offset = shape.data_at() + data.size();
    shape.nulls += row.nulls;
    shape.values += row.values;
    append(runs, row);
    data.insert(data.end(), bytes.begin(), bytes.end());
  }
  format::BitWriter bits(packed);
  std::uint64_t posted = 0;
  for (std::size_t i = 0; words && i <= shape.entries; ++i) {
    format::EntryRow entry{};
    entry.string = strings.size();
    entry.posting = posted;
    if (i < shape.entries) {
      entry.rows = static_cast<std::uint32_t>(all_postings[i].size());
      append_text(strings, column.dictionary[i]);
      if (all_postings[i].size() < shape.posting_limit()) {
        posted += all_postings[i].size();
        for (const std::uint64_t row : all_postings[i]) bits.put(row, shape.posting_bits());
      }
    }
    append(entries, entry);
  }
  bits.end();
  strings.resize(format::RunShape::whole_words(strings.size()));
  shape.dictionary = shape.data_at() + data.size();
  shape.strings = shape.dictionary + entries.size();
  shape.postings = shape.strings + strings.size();
  Bytes bytes;
  append(bytes, format::encode_column(shape));
  for (const Bytes* part : {&runs, &data, &entries, &strings, &packed}) {
    bytes.insert(bytes.end(), part->begin(), part->end());
  }
  return bytes;
}

Bytes payload_bytes(const std::vector<std::vector<std::string>>& frames) {
  format::PayloadHeader header{};
  header.frames = static_cast<std::uint32_t>(frames.size());
  Bytes table, data;
  std::uint32_t rows = 0;
  for (const auto& payloads : frames) {
    Bytes ends, content;
    for (const std::string& payload : payloads) {
      append_text(content, payload);
      append_u32(ends, content.size());
    }
    ends.insert(ends.end(), content.begin(), content.end());
    const Bytes frame = closed(ends);
    format::FrameRow row{};
    row.offset = sizeof header + frames.size() * sizeof row + data.size();
    row.first_row = rows;
    row.bytes = static_cast<std::uint32_t>(frame.size());
    row.opened_bytes = static_cast<std::uint32_t>(ends.size());
    append(table, row);
    rows += static_cast<std::uint32_t>(payloads.size());
    data.insert(data.end(), frame.begin(), frame.end());
  }
  header.rows = rows;
  Bytes bytes;
  append(bytes, header);
  bytes.insert(bytes.end(), table.begin(), table.end());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

std::vector<TinyColumn> tiny_columns(std::uint32_t rows) {
  TinyColumn year{.type = AttributeType::kI64}, price{.type = AttributeType::kF64}, open{.type = AttributeType::kBool},
      language{.type = AttributeType::kString, .dictionary = {"", "de", "en", "fr", "\xC3\xA9t\xC3\xA9"}},
      labels{.type = AttributeType::kTags, .dictionary = {"a", "a/b", "rare", "\xE2\x82\xAC"}},
      home{.type = AttributeType::kPlace};
  const auto cell = [](std::uint64_t key) { return Cell(std::vector<std::uint64_t>{key}); };
  for (std::uint32_t row = 0; row < rows; ++row) {
    const bool none = rows > format::kRunRows && row < format::kRunRows;  // all of the first run
    const auto number = static_cast<std::int64_t>(row);
    year.rows.push_back(none || row % 7 == 3 ? Cell() : cell(format::key_of((number % 2 == 0 ? 1 : -1) * number * 37)));
    price.rows.push_back(row % 5 == 1 ? Cell() : cell(format::key_of(row % 10 == 0 ? -0.0 : 0.25 * (50.0 - row))));
    open.rows.push_back(row % 11 == 0 ? Cell() : cell(row % 3 == 0 ? 1 : 0));
    language.rows.push_back(row % 13 == 5 ? Cell() : cell(row == 7 ? 0 : row == 8 ? 4 : 1 + row % 3));
    Cell tags{std::in_place};
    if (row == 64 || row + 1 == rows) tags->push_back(2);
    if (!none && row % 4 == 0) tags = {{0, 1, 3}};
    if (row % 17 == 2) tags.reset();
    labels.rows.push_back(std::move(tags));
    const double north = row % 90, east = static_cast<double>(row % 361) - 180;  // the ends, too
    home.rows.push_back(row % 6 == 4 ? Cell()
                                     : cell(format::key_of(Place{row % 2 == 0 ? 90 - north : north - 90, east})));
  }
  return {year, price, open, without_unused(std::move(language)), without_unused(std::move(labels)), home};
}

std::vector<std::vector<std::string>> tiny_payloads(std::uint32_t rows) {
  std::vector<std::vector<std::string>> frames(3);
  for (std::uint32_t row = 0; row < rows; ++row) {
    const std::size_t frame = row < rows / 3 ? 0 : row < rows / 2 ? 1 : 2;
    // The second has none at all, and is one byte again and again.
    frames[frame].push_back(frame == 1 || row % 3 == 1 ? "" : "record " + std::to_string(row));
  }
  return frames;
}

void add_values(IndexAssembler& file, const std::vector<TinyColumn>& columns,
                const std::vector<std::vector<std::string>>& payloads) {
  constexpr const char* kNames[] = {"year", "price", "open", "language", "Schl\xC3\xBCssel", "home"};
  for (std::uint32_t i = 0; i < columns.size(); ++i) {
    const auto type = static_cast<std::size_t>(columns[i].type);
    file.manifest().attributes.push_back({.name = kNames[type - 1], .type = columns[i].type});
    const Bytes bytes = column_bytes(columns[i]);
    file.add_section({.kind = format::SectionKind::kAttribute, .field = i, .count = bytes.size(), .element_bytes = 1},
                     bytes);
  }
  const Bytes bytes = payload_bytes(payloads);
  file.add_section({.kind = format::SectionKind::kPayload,
                    .field = format::Section::kNone,
                    .count = bytes.size(),
                    .element_bytes = 1},
                   bytes);
}

Bytes index_with_columns() {
  constexpr std::uint32_t kRows = 130;  // entries of one row have postings
  IndexAssembler file = tiny_index({.count = kRows, .type = ElementType::kU8, .degree = 2});
  add_values(file, tiny_columns(kRows), tiny_payloads(kRows));
  file.commit();
  return file.bytes();
}

Bytes index_with_two_runs() {
  constexpr std::uint32_t kRows = format::kRunRows + 4;
  IndexAssembler file = tiny_index({.count = kRows,
                                    .dim = 8,
                                    .type = ElementType::kB1,
                                    .metric = Metric::kHamming,
                                    .degree = 1,
                                    .step = 1,
                                    .rising = true,
                                    .flat = true});
  std::vector<TinyColumn> columns = tiny_columns(kRows);
  add_values(file, {std::move(columns[0]), std::move(columns[4])}, tiny_payloads(kRows));
  file.commit();
  return file.bytes();
}

}  // namespace nearline::testing
