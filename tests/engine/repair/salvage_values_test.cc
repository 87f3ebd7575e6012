// SPDX-License-Identifier: Apache-2.0
/// What records say besides their vectors, saved from damaged columns and payloads: no record is lost by these, no
/// value is another, and what is lost is counted.
#include "engine/repair/salvage.h"
#include "engine/repair/verify.h"
#include "format/column.h"
#include "io/simulated_disk.h"
#include "tests/engine/columns/values_world.h"
#include "tests/support/restamp.h"

namespace nearline::engine {
namespace {

using testing::Said;
using testing::value_sections;

constexpr std::uint64_t kBlock = format::kBlockBytes;
constexpr std::uint64_t kRecords = 130;

struct Saved {
  SalvageReport report;
  Said said;
};

/// Salvages these bytes; what is saved must be whole, and be asked.
Saved save(const std::vector<std::byte>& damaged) {
  io::SimulatedDisk disk;
  disk.put("damaged", damaged);
  const auto report = engine::salvage(disk, "damaged", "index", {.threads = 1});
  REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
  const auto findings = engine::verify(disk, "index", true);
  REQUIRE(findings);
  REQUIRE_MESSAGE(findings->findings.empty(), findings->findings[0].what);
  auto said = testing::all_said(disk, kRecords);
  REQUIRE_MESSAGE(said, (said ? std::string() : said.error().message()));
  return {*report, *std::move(said)};
}

/// How many values and payloads of `all` are missing; some(n) is called for each that is another.
template <class Other>
std::uint64_t missing(const Said& all, const Said& some, const Other& other) {
  std::uint64_t none = 0;
  REQUIRE(some.data.values.size() == all.data.values.size());
  for (std::size_t i = 0; i < all.data.values.size(); ++i) {
    if (some.data.values[i] == all.data.values[i]) continue;
    ++none;
    if (some.data.values[i] != Value()) other();
  }
  for (std::size_t i = 0; i < all.data.payloads.size(); ++i) {
    const std::string found = some.data.payloads.empty() ? "" : some.data.payloads[i];
    if (found == all.data.payloads[i]) continue;
    ++none;
    if (!found.empty()) other();
  }
  return none;
}

}  // namespace

TEST_SUITE("engine/repair/salvage_values") {
  TEST_CASE("of a whole index all values and payloads are saved, under the same schema") {
    const auto bytes = testing::index_with_columns();
    testing::OneFile fs(bytes);
    const Said all = testing::all_said(fs, kRecords).value();
    const Saved saved = save(bytes);
    CHECK(saved.report.complete());
    CHECK(saved.report.lost_values == 0);
    CHECK((saved.said == all));
    CHECK(saved.said.data.names == all.data.names);
  }

  TEST_CASE("each block of columns and payloads damaged in turn costs values at most, and the report counts them") {
    const auto bytes = testing::index_with_columns();
    testing::OneFile fs(bytes);
    const Said all = testing::all_said(fs, kRecords).value();
    std::uint64_t lost = 0;
    for (const format::Section& section : value_sections(bytes)) {
      for (const bool tree : {false, true}) {
        const std::uint64_t begin = tree ? section.tree_offset : section.offset;
        const std::uint64_t end = begin + (tree ? section.tree_bytes : section.length);
        for (std::uint64_t block = begin; block < end; block += kBlock) {
          CAPTURE(block);
          auto damaged = bytes;
          damaged[block + 20] ^= std::byte{4};
          const Saved saved = save(damaged);
          CHECK(saved.report.saved == kRecords);
          CHECK(saved.report.lost == 0);
          const std::uint64_t gone = missing(all, saved.said, [] { FAIL_CHECK("another value"); });
          CHECK(gone <= saved.report.lost_values);  // what was none and could not be read counts, too
          CHECK(saved.report.lost_values <= kRecords);
          CHECK((saved.report.lost_values == 0) == tree);  // checksums that are lost are proved by the blocks
          CHECK(saved.report.complete() == tree);
          lost += gone;
        }
      }
    }
    CHECK(lost > 300);
  }

  TEST_CASE("of a long run with one damaged block the rows in others are saved") {
    constexpr std::uint32_t kRows = format::kRunRows + 4;
    testing::TinyColumn numbers;
    for (std::uint64_t row = 0; row < kRows; ++row) {  // of eight bytes each
      numbers.rows.emplace_back(std::vector<std::uint64_t>{(row + 1) * 0x9E37'79B9'7F4A'7C15});
    }
    auto file = testing::tiny_index({.count = kRows,
                                     .dim = 8,
                                     .type = ElementType::kB1,
                                     .metric = Metric::kHamming,
                                     .degree = 1,
                                     .step = 1,
                                     .rising = true,
                                     .flat = true});
    testing::add_values(file, {numbers}, testing::tiny_payloads(kRows));
    file.commit();
    auto bytes = file.bytes();
    io::SimulatedDisk disk;
    disk.put("index", bytes);
    const auto before = LiveIndex::open(disk, "index", {.io = IoMode::kPread, .threads = 1}).value();
    std::vector<Id> ids;
    for (Id id = 1; id <= before.info().count; ++id) ids.push_back(id);
    const auto all = before.data(ids, {}).value();
    const format::Section column = value_sections(bytes)[0];
    REQUIRE(column.length > 8 * kBlock);
    bytes[column.offset + 2 * kBlock + 100] ^= std::byte{1};
    disk.put("damaged", bytes);
    const auto report = engine::salvage(disk, "damaged", "saved", {.threads = 1}).value();
    CHECK(report.saved == ids.size());
    CHECK(report.lost_values >= kBlock / 8);
    CHECK(report.lost_values <= kBlock / 8 + 2);
    const auto after =
        LiveIndex::open(disk, "saved", {.io = IoMode::kPread, .threads = 1}).value().data(ids, {}).value();
    std::uint64_t gone = 0;
    for (std::size_t i = 0; i < all.values.size(); ++i) {
      if (after.values[i] == all.values[i]) continue;
      ++gone;
      if (after.values[i] != Value()) FAIL_CHECK("another value at " << i);
    }
    CHECK(gone == report.lost_values);
    CHECK(after.payloads == all.payloads);
  }

  TEST_CASE("columns and payloads edited on purpose, with all checksums right, lose no record") {
    const auto bytes = testing::index_with_columns();
    for (const format::Section& section : value_sections(bytes)) {
      for (std::uint64_t at = section.offset; at < section.offset + section.length; at += 29) {
        CAPTURE(at);
        auto damaged = bytes;
        damaged[at] ^= at % 2 == 0 ? std::byte{0xFF} : static_cast<std::byte>(1U << at % 8);
        testing::restamp(damaged);
        testing::restamp_sections(damaged);
        CHECK(save(damaged).report.saved == kRecords);
      }
    }
  }
}

}  // namespace nearline::engine
