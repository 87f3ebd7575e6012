// SPDX-License-Identifier: Apache-2.0
/// A full verification finds each broken rule of columns and payloads, though all checksums are right.
#include <cstring>

#include "engine/repair/verify.h"
#include "format/column.h"
#include "format/payload.h"
#include "tests/engine/columns/values_world.h"

namespace nearline::engine {
namespace {

using testing::Cell;
using testing::IndexAssembler;
using testing::OneFile;
using testing::TinyColumn;

constexpr std::uint32_t kRows = 130;

Cell cell(std::vector<std::uint64_t> keys) {
  return keys;
}

/// An index of one column, and payloads where they are given.
std::vector<std::byte> index_of(AttributeType type, const std::vector<std::byte>& column,
                                const std::vector<std::byte>& payloads = {}) {
  IndexAssembler file = testing::tiny_index({.count = kRows, .degree = 2});
  file.manifest().attributes = {{.name = "value", .type = type}};
  const auto add = [&](format::SectionKind kind, std::uint32_t field, const std::vector<std::byte>& bytes) {
    if (!bytes.empty())
      file.add_section({.kind = kind, .field = field, .count = bytes.size(), .element_bytes = 1}, bytes);
  };
  add(format::SectionKind::kAttribute, 0, column);
  add(format::SectionKind::kPayload, format::Section::kNone, payloads);
  file.commit();
  return file.bytes();
}

std::string finding_of(const std::vector<std::byte>& bytes) {
  OneFile fs(bytes);
  const auto report = engine::verify(fs, "index", true);
  REQUIRE(report);
  if (report->findings.empty()) return "";
  CHECK(report->findings[0].at < bytes.size());
  return report->findings[0].what;
}

std::string finding_of(const TinyColumn& column) {
  return finding_of(index_of(column.type, testing::column_bytes(column)));
}

TinyColumn strings(std::vector<std::string> dictionary) {
  TinyColumn column{.type = AttributeType::kString, .dictionary = std::move(dictionary)};
  for (std::uint64_t row = 0; row < kRows; ++row) column.rows.push_back(cell({row % column.dictionary.size()}));
  return column;
}

template <class Row, class Change>
std::vector<std::byte> changed(std::vector<std::byte> bytes, std::uint64_t at, const Change& change) {
  Row row;
  std::memcpy(&row, bytes.data() + at, sizeof row);
  change(row);
  std::memcpy(bytes.data() + at, &row, sizeof row);
  return bytes;
}

}  // namespace

TEST_SUITE("engine/repair/verify_values") {
  TEST_CASE("columns of every type are found whole") {
    for (const TinyColumn& column : testing::tiny_columns(kRows)) CHECK(finding_of(column) == "");
    CHECK(finding_of(strings({"", "a", "aa", "b"})) == "");
  }

  TEST_CASE("a dictionary that is out of order, twice, not UTF-8 or not used is found") {
    CHECK(finding_of(strings({"b", "a"})).find("out of order") != std::string::npos);
    CHECK(finding_of(strings({"a", "a"})).find("out of order") != std::string::npos);
    CHECK(finding_of(strings({"aa", "a"})).find("out of order") != std::string::npos);
    CHECK(finding_of(strings({"\x80"})).find("UTF-8") != std::string::npos);
    CHECK(finding_of(strings({"\xC3", "a"})).find("UTF-8") != std::string::npos);
    TinyColumn unused = strings({"a", "b"});
    for (Cell& row : unused.rows) row = cell({0});
    CHECK(finding_of(unused).find("no row has") != std::string::npos);
    TinyColumn tags{.type = AttributeType::kTags, .rows = std::vector<Cell>(kRows, cell({0})), .dictionary = {""}};
    CHECK(finding_of(tags) != "");
  }

  TEST_CASE("keys that no value has, and tags of a row out of order, are found") {
    const auto all = [](AttributeType type, std::uint64_t key) {
      return TinyColumn{.type = type, .rows = std::vector<Cell>(kRows, cell({key}))};
    };
    CHECK(finding_of(all(AttributeType::kBool, 2)).find("key 2") != std::string::npos);
    CHECK(finding_of(all(AttributeType::kF64, ~std::uint64_t{0})).find("no value") != std::string::npos);
    CHECK(finding_of(all(AttributeType::kF64, format::key_of(0.0) - 1)).find("no value") != std::string::npos);
    TinyColumn tags{
        .type = AttributeType::kTags, .rows = std::vector<Cell>(kRows, cell({0, 1})), .dictionary = {"a", "b"}};
    CHECK(finding_of(tags) == "");
    tags.rows[7] = cell({1, 0});
    CHECK(finding_of(tags).find("order") != std::string::npos);
  }

  TEST_CASE("counts, places and postings that are not those of the rows are found") {
    TinyColumn column = strings({"common", "rare"});
    for (std::size_t row = 0; row < kRows; ++row) column.rows[row] = cell({row == 77 ? 1U : 0U});
    const auto good = testing::column_bytes(column);
    format::ColumnHeader header;
    std::memcpy(&header, good.data(), sizeof header);
    const std::uint64_t entries = header.dictionary, run = sizeof header;
    const auto found = [&](const std::vector<std::byte>& bytes) {
      return !finding_of(index_of(column.type, bytes)).empty();
    };
    REQUIRE_FALSE(found(good));
    using format::EntryRow;
    using format::RunRow;
    const std::uint64_t rare = entries + sizeof(EntryRow), last = rare + sizeof(EntryRow);
    CHECK(found(changed<EntryRow>(good, entries, [](auto& e) { e.rows = 128; })));
    CHECK(found(changed<EntryRow>(good, rare, [](auto& e) { e.rows = 2; })));
    CHECK(found(changed<EntryRow>(good, entries, [](auto& e) { e.string = 1; })));
    CHECK(found(changed<EntryRow>(good, rare, [](auto& e) { e.string = 11; })));
    CHECK(found(changed<EntryRow>(good, rare, [](auto& e) { e.posting = 1; })));
    CHECK(found(changed<EntryRow>(good, last, [](auto& e) { e.posting = 0; })));
    CHECK(found(changed<EntryRow>(good, last, [](auto& e) { e.rows = 1; })));
    CHECK(found(changed<EntryRow>(good, last, [](auto& e) { e.reserved[0] = 1; })));
    CHECK(found(changed<RunRow>(good, run, [](auto& r) { r.least = 1, r.most = 2; })));
    for (std::uint64_t bit = 0; bit < 64; ++bit) {
      CAPTURE(bit);
      auto bytes = good;
      bytes[header.postings + bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      CHECK(found(bytes));  // the row, and the zeros behind it
    }
    auto longer = good;
    longer.resize(longer.size() + 8);
    CHECK(found(longer));
  }

  TEST_CASE("frames that do not lie one behind the other, do not open, or hold too much are found") {
    const TinyColumn column = testing::tiny_columns(kRows)[0];
    const auto values = testing::column_bytes(column);
    const auto good = testing::payload_bytes(testing::tiny_payloads(kRows));
    const auto found = [&](const std::vector<std::byte>& payloads) {
      return !finding_of(index_of(column.type, values, payloads)).empty();
    };
    REQUIRE_FALSE(found(good));
    using format::FrameRow;
    const std::uint64_t first = sizeof(format::PayloadHeader), second = first + sizeof(FrameRow);
    CHECK(found(changed<FrameRow>(good, first, [](auto& f) { f.first_row = 1; })));
    CHECK(found(changed<FrameRow>(good, second, [](auto& f) { f.first_row = 44; })));
    CHECK(found(changed<FrameRow>(good, second, [](auto& f) { f.offset = f.offset + 1; })));
    CHECK(found(changed<FrameRow>(good, second, [](auto& f) { f.bytes = f.bytes - 1; })));
    CHECK(found(changed<FrameRow>(good, second, [](auto& f) { f.opened_bytes = f.opened_bytes + 1; })));
    auto longer = good;
    longer.push_back(std::byte{0});
    CHECK(found(longer));
    auto torn = good;
    FrameRow row;
    std::memcpy(&row, good.data() + first, sizeof row);
    torn[row.offset + 12] ^= std::byte{0x40};  // an end of its payloads
    CHECK(found(torn));
  }
}

}  // namespace nearline::engine
