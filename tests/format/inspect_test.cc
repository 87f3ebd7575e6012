// SPDX-License-Identifier: Apache-2.0
#include "format/inspect.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/tiny_columns.h"
#include "tests/support/tiny_index.h"

namespace nearline::format {
namespace {

struct Dump {
  Result<void> outcome;
  std::vector<InspectItem> items;

  [[nodiscard]] const InspectItem* find(std::string_view name) const {
    const auto at = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.name == name; });
    return at == items.end() ? nullptr : &*at;
  }
  [[nodiscard]] std::string value(std::string_view name) const {
    const InspectItem* item = find(name);
    return item == nullptr ? "missing" : item->value;
  }
};

Dump dump(const std::vector<std::byte>& file, bool all) {
  Dump out;
  const auto read = [&](std::uint64_t at, std::uint64_t bytes) -> Result<std::vector<std::byte>> {
    if (at > file.size() || bytes > file.size() - at) return Error{.code = Code::kTruncated, .what = "too far"};
    const auto from = file.begin() + static_cast<std::ptrdiff_t>(at);
    return std::vector<std::byte>(from, from + static_cast<std::ptrdiff_t>(bytes));
  };
  out.outcome = inspect(file.size(), read, all, [&](const InspectItem& item) { out.items.push_back(item); });
  return out;
}

std::vector<std::byte> sample() {
  auto file = testing::tiny_index({.metric = Metric::kCosine, .id_bytes = 8});
  file.commit();
  return file.bytes();
}

}  // namespace

TEST_SUITE("format/inspect") {
  TEST_CASE("a line is place, name and value") {
    CHECK(line({12, 4, "a.b", "7"}) == "12 a.b = 7");
  }

  TEST_CASE("superblocks, manifest and sections are shown") {
    const Dump got = dump(sample(), false);
    REQUIRE(got.outcome);
    CHECK(got.value("superblock[1].slot") == "1");
    CHECK(got.value("manifest.section_count") == "3");
    CHECK(got.value("field[0].name") == "\"vector\"");
    CHECK(got.value("field[0].metric") == "3 (cosine)");
    CHECK(got.value("field[0].alpha") == "1.20000005");
    CHECK(got.value("section[2].kind") == "3 (keys)");
    CHECK(got.value("section[2].data") == "1 x 4096 bytes of keys");
    CHECK(got.value("section[2].tree") == "1 levels in 1 blocks");
    CHECK(got.value("footer.generation") == "1");
    CHECK(got.find("section[2].id[0]") == nullptr);
    CHECK(got.find("section[0].page[0].kind") == nullptr);
  }

  TEST_CASE("of columns and payloads headers, runs, rows, dictionaries and frames are shown") {
    const auto file = testing::index_with_columns();
    const Dump got = dump(file, true);
    REQUIRE(got.outcome);
    CHECK(got.value("section[3].kind") == "9 (attribute)");
    CHECK(got.value("section[3].column.type") == "1 (i64)");
    CHECK(got.value("section[3].column.rows") == "130");
    CHECK(got.value("section[3].run[0].nulls") == "19");
    CHECK(got.value("section[3].row[1]") == "-37");
    CHECK(got.value("section[3].row[3]") == "null");
    CHECK(got.value("section[4].row[10]") == "0");
    CHECK(got.value("section[4].row[51]") == "null");
    CHECK(got.value("section[4].row[52]") == "-0.5");
    CHECK(got.value("section[5].row[3]") == "true");
    CHECK(got.value("section[6].text[4]") == "\"\\xc3\\xa9t\\xc3\\xa9\"");
    CHECK(got.value("section[6].entry[5].rows") == "0");
    CHECK(got.value("section[6].posting[0]") == "7");
    CHECK(got.value("section[7].row[4]") == "0 1 3");
    CHECK(got.value("section[7].row[5]").empty());
    CHECK(got.value("section[8].row[1]") == "-89.0000000,-179.0000000");
    CHECK(got.value("section[9].payloads.frames") == "3");
    CHECK(got.value("section[9].frame[1].first_row") == "43");
    CHECK(got.value("section[9].frame[1].data[0]").substr(0, 8) == "28b52ffd");
    for (const InspectItem& item : got.items) CHECK(item.at + item.bytes <= file.size());
  }

  TEST_CASE("when all is asked for, every record, element and checksum is shown") {
    const Dump got = dump(sample(), true);
    REQUIRE(got.outcome);
    CHECK(got.value("section[0].page[0].count") == "5");
    CHECK(got.value("section[0].page[0].record[1].vector") == "9 1 4");
    CHECK(got.value("section[0].page[0].record[1].scale") == "0.101015255");
    CHECK(got.value("section[0].page[0].record[1].id") == "40");
    CHECK(got.value("section[0].page[0].record[1].degree") == "4");
    CHECK(got.value("section[0].page[0].record[1].neighbors") == "2 0 3 4");
    CHECK(got.value("section[1].element[0]") == "2");
    CHECK(got.value("section[2].id[0]") == "10");
    CHECK(got.value("section[2].row[4]") == "0");
    CHECK(got.find("section[0].level[1].checksum[0]") != nullptr);
    CHECK(got.find("section[0].level[1].checksum[1]") == nullptr);
  }

  TEST_CASE("items stand where they say, inside the file") {
    const auto file = sample();
    for (const InspectItem& item : dump(file, true).items) {
      CAPTURE(item.name);
      CHECK(item.bytes > 0);
      CHECK(item.at + item.bytes <= file.size());
    }
  }

  TEST_CASE("components of every element type are shown as numbers") {
    for (const ElementType type :
         {ElementType::kF32, ElementType::kF16, ElementType::kBF16, ElementType::kI8, ElementType::kU8}) {
      CAPTURE(name(type));
      auto file = testing::tiny_index({.type = type});
      file.commit();
      CHECK(dump(file.bytes(), true).value("section[0].page[0].record[1].vector") == "9 1 4");
    }
    auto bits = testing::tiny_index({.dim = 12, .type = ElementType::kB1, .metric = Metric::kHamming});
    bits.commit();
    CHECK(dump(bits.bytes(), true).value("section[0].page[0].record[0].vector").size() == 4);
  }

  TEST_CASE("of a damaged file, what can be read is shown before the error") {
    auto file = sample();
    file[100] ^= std::byte{1};
    file[4096 + 100] ^= std::byte{1};
    const Dump both = dump(file, false);
    CHECK_FALSE(both.outcome);
    CHECK(both.find("superblock[1].hash") != nullptr);
    CHECK(both.find("manifest.magic") == nullptr);

    file = sample();
    file[file.size() - 4096 + 68] ^= std::byte{1};  // the attribute count: the tables no longer fit the footer's hash
    const Dump manifest = dump(file, false);
    REQUIRE_FALSE(manifest.outcome);
    CHECK(manifest.outcome.error().code == Code::kCorrupt);
    CHECK(manifest.value("manifest.attribute_count") == "1");
    CHECK(manifest.find("footer.hash") != nullptr);
  }

  TEST_CASE("files too short for a superblock show what there is") {
    const auto whole = sample();
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{5000}, std::size_t{8192}}) {
      CAPTURE(length);
      const Dump got = dump({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}, true);
      CHECK_FALSE(got.outcome);
      CHECK((got.find("superblock[0].magic") != nullptr) == (length > 0));
      CHECK((got.find("superblock[1].magic") != nullptr) == (length > 4096));
    }
  }

  TEST_CASE("an error of the reader is handed on") {
    auto file = sample();
    const auto read = [&](std::uint64_t, std::uint64_t) -> Result<std::vector<std::byte>> {
      return Error{.code = Code::kIo, .what = "read failed"};
    };
    const auto got = inspect(file.size(), read, true, [](const InspectItem&) {});
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Code::kIo);
  }
}

}  // namespace nearline::format
