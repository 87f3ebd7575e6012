// SPDX-License-Identifier: Apache-2.0
/// format/SPEC.md against the structs: its tables, its list of section kinds, its worked example. Run from the source
/// folder.
#include <doctest/doctest.h>

#include <cctype>
#include <fstream>
#include <map>
#include <sstream>

#include "format/fields.h"
#include "format/manifest.h"
#include "tests/support/golden_files.h"

namespace nearline::format {
namespace {

std::vector<std::string> spec_lines() {
  std::ifstream in("format/SPEC.md");
  REQUIRE(in.is_open());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) {
    const auto first = cell.find_first_not_of(' ');
    const auto last = cell.find_last_not_of(' ');
    out.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
  }
  return out;
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// Rows that begin with a number, of the table that follows a heading.
std::vector<std::vector<std::string>> table_after(const std::vector<std::string>& lines, const std::string& heading) {
  std::vector<std::vector<std::string>> rows;
  bool inside = false;
  for (const std::string& line : lines) {
    if (line == heading) {
      inside = true;
    } else if (inside && line.rfind('#', 0) == 0) {
      break;
    } else if (inside && line.rfind("| ", 0) == 0 && is_number(cells(line)[0])) {
      rows.push_back(cells(line));
    }
  }
  return rows;
}

}  // namespace

TEST_SUITE("format/spec") {
  TEST_CASE("each struct has a table with its fields, places, sizes and types") {
    const auto lines = spec_lines();
    for (const StructInfo* info : all_structs()) {
      CAPTURE(info->name);
      const auto rows =
          table_after(lines, "### " + std::string(info->name) + ", " + std::to_string(info->bytes) + " bytes");
      REQUIRE(rows.size() == info->fields.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const FieldInfo& field = info->fields[i];
        CAPTURE(field.name);
        REQUIRE(rows[i].size() == 5);
        CHECK(rows[i][0] == std::to_string(field.offset));
        CHECK(rows[i][1] == std::to_string(field.bytes));
        CHECK(rows[i][2] == field.name);
        CHECK(rows[i][3] == type_word(field));
      }
    }
  }

  TEST_CASE("the document has no table of a struct that does not exist") {
    std::size_t tables = 0;
    for (const std::string& line : spec_lines()) tables += line.rfind("### ", 0) == 0 ? 1 : 0;
    CHECK(tables == all_structs().size());
  }

  TEST_CASE("the section kinds are those of the code") {
    const auto rows = table_after(spec_lines(), "## 7. Section kinds");
    std::size_t named = 0;
    for (unsigned kind = 0; kind < 100; ++kind) {
      if (name(static_cast<SectionKind>(kind)) != "unknown") ++named;
    }
    CHECK(rows.size() == named);
    for (const auto& row : rows) CHECK(name(static_cast<SectionKind>(std::stoi(row[0]))) == row[1]);
  }

  TEST_CASE("the worked example shows the bytes of the smallest golden file") {
    const auto file = testing::golden_files().front();
    REQUIRE(file.name == "v1_empty");
    std::size_t shown = 0;
    for (const std::string& line : spec_lines()) {
      std::istringstream in(line);
      std::string place;
      if (line.rfind("    0", 0) != 0 || !(in >> place) || place.size() != 8) continue;
      const std::size_t at = std::stoul(place, nullptr, 16);
      REQUIRE(at + 16 <= file.bytes.size());
      std::string hex;
      for (int i = 0; i < 16; ++i) {
        std::string byte;
        in >> byte;
        hex += byte;
      }
      CAPTURE(line);
      CHECK(hex == hexadecimal(std::span(file.bytes).subspan(at, 16)));
      ++shown;
    }
    CHECK(shown >= 20);
  }
}

}  // namespace nearline::format
