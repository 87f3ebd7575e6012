// SPDX-License-Identifier: Apache-2.0
#include "format/column.h"

#include <string>

#include "format/corrupt.h"

namespace nearline::format {
namespace {

std::string numbers(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return std::to_string(a) + ", " + std::to_string(b) + ", " + std::to_string(c);
}

/// Dictionary, strings and postings in this order, with whole rows of the first.
bool parts_fit(const ColumnShape& c) noexcept {
  if (c.dictionary % 8 != 0 || c.postings % 8 != 0) return false;
  if (c.dictionary < c.data_at() || c.dictionary > c.strings || c.strings > c.postings || c.postings > c.bytes) {
    return false;
  }
  if (!c.has_dictionary()) return c.entries == 0 && c.dictionary == c.bytes;
  return c.entries < (c.strings - c.dictionary) / sizeof(EntryRow) + 1 &&
         c.strings - c.dictionary == (c.entries + 1) * sizeof(EntryRow);
}

/// Tags of a row differ: few bytes cannot stand for very many. Precondition: the least is not above the most.
std::uint64_t most_tags(const Run& run) noexcept {
  const std::uint64_t of_a_row = std::min<std::uint64_t>(kMaxTags - 1, run.most - run.least) + 1;
  return std::uint64_t{run.shape.rows - run.shape.nulls} * of_a_row;
}

}  // namespace

Result<ColumnShape> decode_column(std::span<const std::byte> bytes, std::uint64_t section_bytes, AttributeType type,
                                  std::uint64_t rows, std::uint64_t at) {
  if (section_bytes < sizeof(ColumnHeader) || bytes.size() < sizeof(ColumnHeader)) {
    return corrupt(at, "a column of " + std::to_string(section_bytes) + " bytes: expected at least " +
                           std::to_string(sizeof(ColumnHeader)));
  }
  ColumnHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.type != static_cast<std::uint8_t>(type) || header.rows != rows || !all_zero(header.reserved)) {
    return corrupt(at, "a column of type " + std::to_string(header.type) + " and " + std::to_string(header.rows) +
                           " rows: expected type " + std::to_string(static_cast<unsigned>(type)) + " and " +
                           std::to_string(rows));
  }
  const ColumnShape shape{.type = type,
                          .rows = header.rows,
                          .nulls = header.nulls,
                          .values = header.values,
                          .entries = header.entries,
                          .dictionary = header.dictionary,
                          .strings = header.strings,
                          .postings = header.postings,
                          .bytes = section_bytes};
  if (shape.nulls >= rows || (type != AttributeType::kTags && shape.values != rows - shape.nulls)) {
    return corrupt(at + offsetof(ColumnHeader, nulls),
                   std::to_string(shape.values) + " values and " + std::to_string(shape.nulls) + " nulls in " +
                       std::to_string(rows) + " rows: expected some value, and one for each row with one");
  }
  if (shape.data_at() > section_bytes || !parts_fit(shape)) {
    return corrupt(at + offsetof(ColumnHeader, entries),
                   std::to_string(shape.entries) + " entries, parts at " +
                       numbers(shape.dictionary, shape.strings, shape.postings) + ": expected them behind " +
                       std::to_string(shape.data_at()) + ", in order, in " + std::to_string(section_bytes) + " bytes");
  }
  return shape;
}

ColumnHeader encode_column(const ColumnShape& shape) noexcept {
  ColumnHeader header{};
  header.rows = shape.rows;
  header.nulls = shape.nulls;
  header.values = shape.values;
  header.entries = shape.entries;
  header.dictionary = shape.dictionary;
  header.strings = shape.strings;
  header.postings = shape.postings;
  header.type = static_cast<std::uint8_t>(shape.type);
  return header;
}

Result<Run> decode_run(const RunRow& row, const ColumnShape& column, std::uint64_t number, std::uint64_t at) {
  const Run run{.shape = {.rows = rows_in_run(column.rows, number),
                          .nulls = row.nulls,
                          .values = row.values,
                          .bits = row.bits,
                          .end_bits = row.end_bits,
                          .tags = column.type == AttributeType::kTags},
                .offset = row.offset,
                .least = row.least,
                .most = row.most};
  const RunShape& shape = run.shape;
  if (run.least > run.most) {
    return corrupt(at + column.runs_at() + number * sizeof(RunRow),
                   "run " + std::to_string(number) + " of a column with keys from " + std::to_string(run.least) +
                       " to " + std::to_string(run.most));
  }
  const std::uint64_t place = at + column.runs_at() + number * sizeof(RunRow);
  const bool counts = shape.nulls <= shape.rows && shape.bits <= 64 && shape.end_bits <= 32 &&
                      (shape.tags ? shape.values <= most_tags(run) : shape.values == shape.rows - shape.nulls);
  if (!counts || shape.bits != bits_of_span(run.most - run.least) || !all_zero(row.reserved)) {
    return corrupt(place, "run " + std::to_string(number) + " of a column with " +
                              numbers(shape.nulls, shape.values, shape.bits) +
                              " nulls, values and bits: expected those of " + std::to_string(shape.rows) + " rows");
  }
  if (run.offset % 8 != 0 || run.offset < column.data_at() || run.offset > column.dictionary ||
      shape.bytes() > column.dictionary - run.offset) {
    return corrupt(place, "run " + std::to_string(number) + " of a column with " + std::to_string(shape.bytes()) +
                              " bytes at " + std::to_string(run.offset) + ": expected them before " +
                              std::to_string(column.dictionary));
  }
  return run;
}

}  // namespace nearline::format
