// SPDX-License-Identifier: Apache-2.0
/// Every byte of columns and payloads changed: with checksums as they were an error or the right answer; with all of
/// them right again an error, or answers that hold together, and never anything out of bounds (run under the
/// sanitizers).
#include "engine/repair/verify.h"
#include "tests/engine/columns/values_world.h"
#include "tests/support/restamp.h"

namespace nearline::engine {
namespace {

using testing::all_said;
using testing::OneFile;
using testing::value_sections;

constexpr std::uint64_t kRecords = 130;

bool reported(OneFile& fs) {
  const auto report = engine::verify(fs, "index", true);
  return !report || !report->findings.empty();
}

}  // namespace

TEST_SUITE("engine/columns/damage") {
  TEST_CASE("what is whole is read as it was written, and filters find what values say") {
    OneFile fs(testing::index_with_columns());
    const auto said = all_said(fs, kRecords, true);
    REQUIRE_MESSAGE(said, (said ? "" : said.error().message()));
    CHECK(said->agrees());
    CHECK_FALSE(reported(fs));
    // Ids fall with the row: the last is row 0.
    const auto& values = said->data.values;
    const std::size_t last = (kRecords - 1) * testing::kValueColumns;
    CHECK(values[last + testing::kYear] == Value(std::int64_t{0}));
    CHECK(values[last + testing::kPrice] == Value(0.0));
    CHECK_FALSE(std::signbit(std::get<double>(values[last + testing::kPrice])));
    CHECK(values[last + testing::kOpen] == Value());
    CHECK(values[last + testing::kLanguage] == Value(std::string("de")));
    CHECK(values[last + testing::kLabels] == Value(Tags{"a", "a/b", "\xE2\x82\xAC"}));
    CHECK(values[last - testing::kValueColumns + testing::kLabels] == Value(Tags()));
    CHECK(values[last + testing::kHome] == Value(Place{90, -180}));
    CHECK(said->data.payloads.back() == "record 0");
    CHECK(said->counts[7] == 1);
    CHECK(said->counts[10] == 1);
  }

  TEST_CASE("of two runs, one of which has no value, all is read and whole") {
    OneFile fs(testing::index_with_two_runs());
    CHECK_FALSE(reported(fs));
    const auto index = LiveIndex::open(fs, "index", {.io = IoMode::kPread, .threads = 1}).value();
    CHECK(index.count("year is not null").value() == 3);
    CHECK(index.count("year is null").value() == format::kRunRows + 1);
    const std::vector<Id> ids{1, 4096, 4097, 4098};
    const auto data = index.data(ids, {}).value();
    CHECK(data.values[0] == Value());
    CHECK(data.values[2] == Value());
    CHECK(data.values[4] == Value(std::int64_t{4096 * 37}));
    CHECK(data.values[6] == Value(std::int64_t{-4097 * 37}));
  }

  TEST_CASE("damage is reported, and gives an error or the right answer") {
    OneFile fs(testing::index_with_columns());
    const auto bytes = fs.bytes;
    const auto good = all_said(fs, kRecords).value();
    std::size_t errors = 0;
    for (const format::Section& section : value_sections(bytes)) {
      const std::uint64_t end = section.tree_offset + section.tree_bytes;  // the tree stands behind the data
      for (std::uint64_t at = section.offset; at < end; ++at) {
        if (at >= section.offset + section.length && at % 61 != 0) continue;
        fs.bytes[at] = ~fs.bytes[at];
        if (at % 5 == 0 && !reported(fs)) FAIL_CHECK("not reported at " << at);
        const auto said = all_said(fs, kRecords);
        if (said ? !(*said == good) : said.error().code != Code::kCorrupt) FAIL_CHECK("wrong at " << at);
        errors += said ? 0 : 1;
        fs.bytes[at] = bytes[at];
      }
    }
    CHECK(errors > 2000);
  }

  TEST_CASE("a file edited on purpose gives an error or answers that hold together, as verification says") {
    OneFile fs(testing::index_with_columns());
    const auto bytes = fs.bytes;
    std::size_t passed = 0, refused = 0;
    for (const format::Section& section : value_sections(bytes)) {
      for (std::uint64_t at = section.offset; at < section.offset + section.length; ++at) {
        fs.bytes = bytes;
        fs.bytes[at] ^= at % 2 == 0 ? std::byte{0xFF} : static_cast<std::byte>(1U << at % 8);
        testing::restamp(fs.bytes);
        testing::restamp_sections(fs.bytes);
        const auto said = all_said(fs, kRecords);
        if (!said && said.error().code != Code::kCorrupt) FAIL_CHECK("another error at " << at);
        const bool sound = !reported(fs);
        ++(sound ? passed : refused);
        if (sound && !said) FAIL_CHECK("verified, and yet not readable at " << at);
        if (sound && said && !said->agrees()) FAIL_CHECK("filters and values differ at " << at);
      }
    }
    CHECK(passed > 300);  // other values
    CHECK(refused > 1000);
  }

  TEST_CASE("a file cut in a column or in payloads does not open") {
    OneFile fs(testing::index_with_columns());
    for (const format::Section& section : value_sections(fs.bytes)) {
      OneFile cut(
          std::vector<std::byte>(fs.bytes.begin(), fs.bytes.begin() + static_cast<std::ptrdiff_t>(section.offset)));
      CHECK_FALSE(all_said(cut, kRecords));
    }
  }
}

}  // namespace nearline::engine
