// SPDX-License-Identifier: Apache-2.0
#include "format/column.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "format/column_keys.h"
#include "format/manifest_layout.h"
#include "tests/support/tiny_columns.h"

namespace nearline::format {
namespace {

using testing::Cell;
using testing::TinyColumn;

constexpr std::uint64_t kAt = 40'960;

Cell cell(std::vector<std::uint64_t> keys) {
  return keys;
}

template <class Row>
Row get(const std::vector<std::byte>& bytes, std::uint64_t at) {
  return row_at<Row>(bytes, at);
}
template <class Row>
void put(std::vector<std::byte>& bytes, std::uint64_t at, const Row& row) {
  std::memcpy(bytes.data() + at, &row, sizeof row);
}

/// Reads a column whole by the reader's rules and, when `strict`, by those of a verification.
Result<std::vector<Cell>> read(std::vector<std::byte> bytes, AttributeType type, std::uint64_t rows, bool strict) {
  const std::size_t size = bytes.size();
  bytes.resize(size + 16);
  NEARLINE_TRY(shape, decode_column(std::span(bytes).first(size), size, type, rows, kAt));
  std::vector<Cell> out;
  RunKeys keys;
  for (std::uint64_t i = 0; i < shape.runs(); ++i) {
    NEARLINE_TRY(run, decode_run(get<RunRow>(bytes, shape.runs_at() + i * sizeof(RunRow)), shape, i, kAt));
    NEARLINE_CHECK(unpack_run(run, bytes.data() + run.offset, kAt, keys));
    if (strict) NEARLINE_CHECK(check_run(run, shape, bytes.data() + run.offset, keys, kAt));
    for (std::uint32_t row = 0; row < run.shape.rows; ++row) {
      Cell cell;
      if (keys.has(row)) cell.emplace(keys.keys.begin() + keys.begin_of(row), keys.keys.begin() + keys.end_of(row));
      out.push_back(std::move(cell));
    }
  }
  return out;
}

Result<std::vector<Cell>> read(const TinyColumn& column, const std::vector<std::byte>& bytes, bool strict = true) {
  return read(bytes, column.type, column.rows.size(), strict);
}

struct Change {
  const char* what;
  std::function<void(ColumnHeader&)> header{};
  std::function<void(RunRow&)> run{};
};

void check_refused(const TinyColumn& column, std::span<const Change> changes) {
  for (const Change& change : changes) {
    CAPTURE(change.what);
    auto bytes = testing::column_bytes(column);
    auto header = get<ColumnHeader>(bytes, 0);
    auto run = get<RunRow>(bytes, sizeof header);
    if (change.header) change.header(header);
    if (change.run) change.run(run);
    put(bytes, 0, header);
    put(bytes, sizeof header, run);
    const auto got = read(column, bytes, false);
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Code::kCorrupt);
    CHECK(got.error().at >= kAt);
  }
}

}  // namespace

TEST_SUITE("format/column") {
  TEST_CASE("keys are in the order of values and give them back") {
    const std::int64_t wholes[] = {std::numeric_limits<std::int64_t>::min(), -5, -1, 0, 1, 7,
                                   std::numeric_limits<std::int64_t>::max()};
    for (std::size_t i = 0; i < std::size(wholes); ++i) {
      CHECK(i64_of(key_of(wholes[i])) == wholes[i]);
      if (i > 0) CHECK(key_of(wholes[i - 1]) < key_of(wholes[i]));
    }
    const double numbers[] = {
        -std::numeric_limits<double>::max(),       -1.5, -std::numeric_limits<double>::denorm_min(), 0.0,
        std::numeric_limits<double>::denorm_min(), 1.0,  std::numeric_limits<double>::max()};
    for (std::size_t i = 0; i < std::size(numbers); ++i) {
      CHECK(f64_of(key_of(numbers[i])) == numbers[i]);
      if (i > 0) CHECK(key_of(numbers[i - 1]) < key_of(numbers[i]));
    }
    CHECK(key_of(-0.0) == key_of(0.0));
    CHECK_FALSE(std::signbit(f64_of(key_of(-0.0))));
  }

  TEST_CASE("numbers of every width are packed and read") {
    for (unsigned bits = 0; bits <= 64; ++bits) {
      std::vector<std::uint64_t> numbers;
      for (std::uint64_t i = 0; i < 70; ++i) {
        const std::uint64_t mixed = (i + 1) * 0x9E37'79B9'7F4A'7C15;
        numbers.push_back(bits == 0 ? 0 : mixed >> (64 - bits));
      }
      std::vector<std::byte> bytes;
      BitWriter writer(bytes);
      for (const std::uint64_t number : numbers) writer.put(number, bits);
      writer.end();
      CHECK(bytes.size() == RunShape::whole_words((numbers.size() * bits + 7) / 8));
      bytes.resize(bytes.size() + 16);
      for (std::size_t i = 0; i < numbers.size(); ++i) CHECK(packed_number(bytes.data(), i * bits, bits) == numbers[i]);
    }
  }

  TEST_CASE("columns of every type say what was written, and keep all rules") {
    for (const std::uint32_t rows : {1U, 9U, 63U, 64U, 130U, 4096U, 4100U}) {
      for (const TinyColumn& column : testing::tiny_columns(rows)) {
        CAPTURE(rows);
        CAPTURE(static_cast<int>(column.type));
        const auto got = read(column, testing::column_bytes(column));
        if (std::ranges::none_of(column.rows, [](const Cell& cell) { return cell.has_value(); })) {
          CHECK_FALSE(got);  // without a value there is no column
          continue;
        }
        REQUIRE_MESSAGE(got, (got ? "" : got.error().message()));
        CHECK((*got == column.rows));
      }
    }
  }

  TEST_CASE("keys that span all of 64 bits, and keys that are all alike, are read") {
    const TinyColumn wide{.rows = {cell({0}), Cell(), cell({~std::uint64_t{0}}), cell({1})}};
    CHECK((read(wide, testing::column_bytes(wide)).value() == wide.rows));
    const TinyColumn alike{.rows = {cell({7}), Cell(), cell({7})}};
    CHECK((read(alike, testing::column_bytes(alike)).value() == alike.rows));
  }

  TEST_CASE("a header that does not fit is refused") {
    const auto all = testing::tiny_columns(130);
    const Change any[] = {
        {"rows", [](auto& h) { h.rows = 131; }},
        {"type", [](auto& h) { h.type = h.type == 1 ? 2 : 1; }},
        {"reserved", [](auto& h) { h.reserved[6] = 1; }},
        {"no value", [](auto& h) { h.nulls = 130, h.values = 0; }},
        {"more nulls than rows", [](auto& h) { h.nulls = ~std::uint64_t{0}; }},
        {"dictionary in the run table", [](auto& h) { h.dictionary = 64; }},
        {"dictionary off a multiple of 8", [](auto& h) { h.dictionary = h.dictionary - 4; }},
        {"dictionary behind the end", [](auto& h) { h.dictionary = ~std::uint64_t{7}; }},
        {"strings before the dictionary", [](auto& h) { h.strings = h.dictionary - 8; }},
        {"strings elsewhere", [](auto& h) { h.strings = h.strings + 8; }},
        {"postings before the strings", [](auto& h) { h.postings = h.strings - 8; }},
        {"postings off a multiple of 8", [](auto& h) { h.postings = h.postings + 4; }},
        {"postings behind the end", [](auto& h) { h.postings = h.postings + (std::uint64_t{1} << 40); }},
        {"one entry more", [](auto& h) { h.entries = h.entries + 1; }},
        {"entries whose rows overflow", [](auto& h) { h.entries = h.entries + (~std::uint64_t{0} / 24 + 1); }},
    };
    for (const TinyColumn& column : all) check_refused(column, any);
    const Change plain[] = {{"values", [](auto& h) { h.values = h.values + 1; }}};
    check_refused(all[0], plain);
    check_refused(all[3], plain);
  }

  TEST_CASE("a column cut at any length is refused") {
    for (const TinyColumn& column : testing::tiny_columns(9)) {
      const auto bytes = testing::column_bytes(column);
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        if (size < sizeof(ColumnHeader)) {
          CHECK_FALSE(decode_column(std::span(bytes).first(size), size, column.type, 9, kAt));
        } else {
          CHECK_FALSE(read(column, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}, false));
        }
      }
    }
  }

  TEST_CASE("a run that does not fit is refused") {
    const auto all = testing::tiny_columns(130);
    const Change any[] = {
        {"offset in the run table", {}, [](auto& r) { r.offset = 64; }},
        {"offset off a multiple of 8", {}, [](auto& r) { r.offset = r.offset + 4; }},
        {"offset behind the end", {}, [](auto& r) { r.offset = ~std::uint64_t{7}; }},
        {"data that reach into the dictionary", {}, [](auto& r) { r.offset = r.offset + 8; }},
        {"least above most", {}, [](auto& r) { r.least = r.most + 1; }},
        {"too few bits", {}, [](auto& r) { r.bits = static_cast<std::uint8_t>(r.bits - 1); }},
        {"65 bits", {}, [](auto& r) { r.bits = 65; }},
        {"more nulls than rows", {}, [](auto& r) { r.nulls = 131; }},
        {"reserved", {}, [](auto& r) { r.reserved[0] = 1; }},
    };
    for (const TinyColumn& column : all) check_refused(column, any);
    const Change values[] = {{"values", {}, [](auto& r) { r.values = r.values + 1; }}};
    check_refused(all[1], values);
    const Change tags[] = {
        {"more tags than differ", {}, [](auto& r) { r.values = 130 * 4 + 1; }},
        {"more tags than ever", {}, [](auto& r) { r.values = ~0U; }},
        {"ends of 33 bits", {}, [](auto& r) { r.end_bits = 33; }},
        {"ends behind the last key", {}, [](auto& r) { r.values = 3; }},
    };
    check_refused(all[4], tags);
  }

  TEST_CASE("few bytes cannot stand for very many tags") {
    // All keys alike take no bits: without a bound 16 million of them would stand in a few kilobytes.
    ColumnShape shape{.type = AttributeType::kTags, .rows = kRunRows, .values = 1, .entries = 1};
    shape.dictionary = 1U << 20, shape.bytes = 2U << 20;
    RunRow row{};
    row.offset = shape.data_at();
    row.values = kRunRows, row.end_bits = 13;
    CHECK(decode_run(row, shape, 0, kAt));
    row.values = kRunRows + 1;
    CHECK_FALSE(decode_run(row, shape, 0, kAt));
    row.least = 1, row.most = ~std::uint64_t{0}, row.bits = 64;
    CHECK(decode_run(row, shape, 0, kAt));
    row.least = 0;
    row.values = kRunRows * kMaxTags + 1;
    CHECK_FALSE(decode_run(row, shape, 0, kAt));
  }

  TEST_CASE("rules that only a verification asks are asked") {
    const auto refused = [](const TinyColumn& column) {
      const auto bytes = testing::column_bytes(column);
      CHECK(read(column, bytes, false));
      return !read(column, bytes, true);
    };
    const std::vector<std::string> words{"a", "b"};
    CHECK(refused({.type = AttributeType::kBool, .rows = {cell({2})}}));
    CHECK(refused({.type = AttributeType::kF64, .rows = {cell({key_of(0.0) - 1})}}));    // -0.0
    CHECK(refused({.type = AttributeType::kF64, .rows = {cell({~std::uint64_t{0}})}}));  // NaN
    CHECK(refused({.type = AttributeType::kF64, .rows = {cell({key_of(std::numeric_limits<double>::infinity())})}}));
    CHECK(refused({.type = AttributeType::kTags, .rows = {cell({1, 0})}, .dictionary = words}));               // order
    CHECK(refused({.type = AttributeType::kTags, .rows = {cell({0, 1, 1}), cell({})}, .dictionary = words}));  // twice
  }

  TEST_CASE("each byte of the data of a run changed is noticed by a verification, or says something else") {
    for (const std::uint32_t rows : {9U, 130U}) {
      for (const TinyColumn& column : testing::tiny_columns(rows)) {
        const auto good = testing::column_bytes(column);
        const auto header = get<ColumnHeader>(good, 0);
        for (std::size_t at = 0; at < header.dictionary; ++at) {
          for (int bit = 0; bit < 8; ++bit) {
            auto bytes = good;
            bytes[at] ^= static_cast<std::byte>(1U << bit);
            const auto got = read(column, bytes);
            // Places of parts, sums over runs and postings are what else a verification compares.
            const bool elsewhere = at < sizeof(ColumnHeader);
            if (got && *got == column.rows && !elsewhere) {
              CAPTURE(static_cast<int>(column.type));
              FAIL_CHECK("not noticed at " << at << ", bit " << bit);
            }
            static_cast<void>(read(column, bytes, false));
          }
        }
      }
    }
  }
}

}  // namespace nearline::format
