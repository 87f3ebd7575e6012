// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "nearline/verify.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"
#include "tests/support/restamp.h"
#include "tests/support/tiny_index.h"

namespace nearline {
namespace {

using io::TempDir;

std::vector<char> as_chars(const std::vector<std::byte>& bytes) {
  const auto* first = reinterpret_cast<const char*>(bytes.data());
  return {first, first + bytes.size()};
}

/// A small valid file, after a change that an attacker makes: all checksums hold, seals only if asked for.
VerifyReport verify_edited(const testing::TinySpec& spec, const std::function<void(std::vector<std::byte>&)>& edit,
                           bool seals = true) {
  const TempDir folder;
  testing::IndexAssembler file = testing::tiny_index(spec);
  file.commit();
  auto bytes = file.bytes();
  edit(bytes);
  testing::restamp_sections(bytes, seals);
  write(folder / "x", as_chars(bytes));
  const auto report = verify(folder / "x", true);
  REQUIRE_MESSAGE(report, message(report));
  return *report;
}

/// Sections of a tiny file, in their order: pages, entry points, keys, each with one block of checksums.
constexpr std::size_t kPages = 8'192, kEntries = kPages + 2 * 4'096, kKeys = kEntries + 2 * 4'096;

}  // namespace

TEST_SUITE("api/verify") {
  TEST_CASE("a good file has no findings, and a full look is at every byte of it") {
    const TempDir folder;
    const auto base = testing::clusters(ElementType::kU8, 5'000, 40);
    REQUIRE(build(folder / "x", {40, ElementType::kU8, Metric::kL2}, base.view()));
    std::vector<std::string> phases;
    const auto report = verify(folder / "x", true, [&](const Progress& progress) {
      if (phases.empty() || phases.back() != progress.phase) phases.emplace_back(progress.phase);
      return true;
    });
    REQUIRE(report);
    CHECK(report->finding_count == 0);
    CHECK(report->findings.empty());
    CHECK(report->records_checked == 5'000);
    CHECK(report->blocks_checked == std::filesystem::file_size(folder / "x") / 4'096);
    CHECK(phases == std::vector<std::string>{"blocks", "records", "paths"});
    const auto quick = verify(folder / "x", false);
    REQUIRE(quick);
    CHECK(quick->records_checked == 0);
    CHECK(quick->blocks_checked < 10);
  }

  TEST_CASE("bytes behind the commit are a note, and the next writer takes them") {
    const TempDir folder;
    const auto base = testing::clusters(ElementType::kU8, 500, 8);
    REQUIRE(build(folder / "x", {8, ElementType::kU8, Metric::kL2}, base.view(0, 400)));
    std::filesystem::resize_file(folder / "x", std::filesystem::file_size(folder / "x") + 70'000);
    for (const bool full : {false, true}) {
      const auto report = verify(folder / "x", full);
      REQUIRE(report);
      CHECK(report->finding_count == 0);
      CHECK(report->uncommitted_bytes == 70'000);
      CHECK(report->full == full);
    }
    auto writer = Writer::open(folder / "x", {.untrusted = true});
    REQUIRE(writer);
    REQUIRE(writer->insert(base.view(400, 100)));
    REQUIRE(writer->commit());
    CHECK(verify(folder / "x", true)->uncommitted_bytes == 0);
    CHECK(verify(folder / "x", true)->finding_count == 0);
  }

  TEST_CASE("a look that is told to stop stops") {
    const TempDir folder;
    const auto base = testing::clusters(ElementType::kU8, 500, 8);
    REQUIRE(build(folder / "x", {8, ElementType::kU8, Metric::kL2}, base.view()));
    for (const std::string at : {"blocks", "records", "paths"}) {
      const auto report = verify(folder / "x", true, [&](const Progress& progress) { return progress.phase != at; });
      REQUIRE_FALSE(report);
      CHECK(report.error().code == Code::kCancelled);
      CHECK(report.error().file == (folder / "x").string());
    }
  }

  TEST_CASE("many damaged blocks are all counted, and the first hundred listed with their places") {
    const TempDir folder;
    const auto base = testing::clusters(ElementType::kF32, 3'000, 100);
    REQUIRE(build(folder / "x", {100, ElementType::kF32, Metric::kL2}, base.view()));
    auto bytes = contents(folder / "x");
    std::size_t damaged = 0;
    for (std::size_t at = 8'192; at < 8'192 + 200 * 4'096; at += 4'096, ++damaged) bytes[at + 77] ^= 4;
    write(folder / "x", bytes);
    const auto report = verify(folder / "x", true);
    REQUIRE(report);
    CHECK(report->finding_count == damaged);
    REQUIRE(report->findings.size() == 100);
    for (std::size_t i = 0; i < 100; ++i) CHECK(report->findings[i].at == 8'192 + i * 4'096);
    CHECK(verify(folder / "x", false)->finding_count == 0);
  }

  TEST_CASE("what is not there, or no index, is an error rather than a finding") {
    const TempDir folder;
    CHECK(verify(folder / "x", true).error().code == Code::kNotFound);
    write(folder / "x", std::vector<char>(20'000, 'x'));
    CHECK(verify(folder / "x", true).error().code == Code::kNotAnIndex);
    write(folder / "y", std::vector<char>(10, 'x'));
    CHECK(verify(folder / "y", true).error().code == Code::kNotAnIndex);
  }

  TEST_CASE("edits that keep all checksums right are found by the rules they break") {
    struct Case {
      const char* what;
      void (*edit)(std::vector<std::byte>&);
    };
    const Case cases[] = {
        {"", [](auto&) {}},
        {"keys name record 200", [](auto& b) { b[kKeys + 2044] = std::byte{200}; }},
        {"keys say that record 4 has id 11: it has 10", [](auto& b) { b[kKeys] = std::byte{11}; }},
        {"keys say that record 3 has id 10: it has 20", [](auto& b) { std::swap(b[kKeys + 2044], b[kKeys + 2048]); }},
        {"id 20 in the keys after 0: expected ascending ids from 10 to 50",
         [](auto& b) { std::swap(b[kKeys], b[kKeys + 4]), std::swap(b[kKeys + 2044], b[kKeys + 2048]); }},
        {"behind the last key of a block", [](auto& b) { b[kKeys + 20] = std::byte{1}; }},
        {"behind the last key of a block", [](auto& b) { b[kKeys + 4087] = std::byte{1}; }},
        {"entry point 99", [](auto& b) { b[kEntries] = std::byte{99}; }},
        {"graph page 0", [](auto& b) { b[kPages + 2] = std::byte{1}; }},
    };
    for (const Case& c : cases) {
      CAPTURE(c.what);
      const VerifyReport report = verify_edited({.count = 5, .dim = 3}, c.edit);
      if (*c.what == '\0') {
        CHECK(report.finding_count == 0);
        continue;
      }
      REQUIRE(report.finding_count == 1);
      CHECK(report.findings[0].what.find(c.what) != std::string::npos);
      CHECK(report.findings[0].at >= kPages);
    }
  }

  TEST_CASE("a broken seal under a tree that is right is found, since no reader would take the page") {
    CHECK(verify_edited(
              {.count = 5, .dim = 3}, [](auto&) {}, false)
              .finding_count == 0);
    for (const std::size_t section : {kPages, kKeys}) {
      CAPTURE(section);
      const auto break_seal = [section](auto& bytes) { bytes[section + 4'095] ^= std::byte{1}; };
      const VerifyReport report = verify_edited({.count = 5, .dim = 3}, break_seal, false);
      REQUIRE(report.finding_count == 1);
      CHECK(report.findings[0].what == "page 0 does not match its checksum");
      CHECK(report.findings[0].at == section);
    }
  }

  TEST_CASE("keys without ids, without rows, and of several blocks are held against the records") {
    const testing::TinySpec in_a_row{.count = 5, .dim = 3, .step = 1};
    CHECK(verify_edited(in_a_row, [](auto&) {}).finding_count == 0);
    VerifyReport report = verify_edited(in_a_row, [](auto& bytes) { bytes[kKeys] = std::byte{3}; });
    REQUIRE(report.finding_count == 1);
    CHECK(report.findings[0].what == "keys say that record 3 has id 1: it has 2");

    testing::TinySpec in_order = in_a_row;
    in_order.rising = true;
    CHECK(verify_edited(in_order, [](auto&) {}).finding_count == 0);
    report = verify_edited(in_order, [](auto& bytes) { bytes[kPages + 8 + 12] = std::byte{9}; });  // an id
    REQUIRE(report.finding_count >= 1);
    CHECK(report.findings[0].what == "keys say that record 0 has id 1: it has 9");

    const testing::TinySpec many{
        .count = 350, .dim = 8, .type = ElementType::kB1, .metric = Metric::kHamming, .id_bytes = 8};
    constexpr std::size_t fences = kKeys + 4'096;  // there are two pages of 255 records
    CHECK(verify_edited(many, [](auto&) {}).finding_count == 0);
    report = verify_edited(many, [](auto& bytes) { bytes[fences] = std::byte{0x53}; });
    REQUIRE(report.finding_count == 1);
    CHECK(report.findings[0].what.find("fence 0 says 3411: expected the first id of its block of keys, 3410") == 0);
    report = verify_edited(many, [](auto& bytes) { bytes[fences + 8] = std::byte{1}; });
    REQUIRE(report.finding_count == 1);
    CHECK(report.findings[0].what.find("bytes behind the last fence") == 0);
  }

  TEST_CASE("records that no path leads to are counted") {
    // A ring of two neighbours each, whose middle record and entry point is cut off from the others: its degree is 0.
    const VerifyReport report = verify_edited({.count = 5, .dim = 3, .degree = 4}, [](std::vector<std::byte>& bytes) {
      const std::size_t slot = 12 + 4 + 2 + 2;  // three floats, id, degree, four neighbours of three bits
      const std::size_t degree_at = kPages + 8 + 2 * slot + 16;
      REQUIRE(bytes[degree_at] == std::byte{4});
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(degree_at), 4, std::byte{0});
    });
    REQUIRE(report.finding_count == 2);
    CHECK(report.findings[0].what.find("edges: counted") != std::string::npos);
    CHECK(report.findings[1].what == "4 records that no path leads to");
  }

  TEST_CASE("a path that leads through all records against their order takes no more reads than another") {
    // A ring: from its entry point half of the records are reached backwards, one by one. Sweeps over the file would be
    // as many as there are records.
    const TempDir folder;
    testing::IndexAssembler file = testing::tiny_index({.count = 20'000, .dim = 3, .degree = 2});
    file.commit();
    write(folder / "x", as_chars(file.bytes()));
    std::uint64_t calls = 0;
    const auto report = verify(folder / "x", true, [&](const Progress&) {
      ++calls;
      return true;
    });
    REQUIRE(report);
    CHECK(report->finding_count == 0);
    CHECK(report->records_checked == 20'000);
    CHECK(calls < 20);
  }
}

}  // namespace nearline
