// SPDX-License-Identifier: Apache-2.0
/// What is saved, block by block: each block of a small index damaged in turn, each length cut.
#include "nearline/salvage.h"
#include "engine/api/live_index.h"
#include "engine/make/index_maker.h"
#include "engine/repair/salvage.h"

#include "tests/engine/repair/salvage_world.h"

namespace nearline {
namespace {

using testing::kBlock;
using testing::Model;
using testing::SalvageWorld;
using testing::zero_block;

std::string message(const Result<testing::Salvaged>& saved) {
  return saved ? std::string() : saved.error().message();
}

}  // namespace

TEST_SUITE("engine/repair/salvage") {
  TEST_CASE("of a whole index everything is saved, and deleted records are left out") {
    SalvageWorld world;
    const auto saved = world.salvage(world.bytes);
    REQUIRE_MESSAGE(saved, message(saved));
    CHECK(saved.value().held == world.model);
    const SalvageReport& report = saved.value().report;
    CHECK(report.complete());
    CHECK_FALSE(report.by_footer);
    CHECK(report.generation == world.generation);
    CHECK(report.lost_bytes.empty());
    CHECK(report.lost_ids.empty());
    const auto index = engine::LiveIndex::open(world.disk, "index", {.io = IoMode::kPread, .threads = 1});
    REQUIRE(index);
    CHECK(report.deleted == index.value().info().deleted);
    CHECK(report.deleted > 0);
  }

  TEST_CASE(
      "the new index is built as the old one was: of whole ones that were never written to, the bytes are equal") {
    io::SimulatedDisk disk;
    const BuildOptions build{
        .degree = 9, .l_build = 17, .alpha = 1.5F, .code_bytes = 6, .calibrate = false, .threads = 1, .seed = 5};
    auto builder = engine::IndexMaker::create(disk, "index", testing::kSchema, build).value();
    std::vector<float> rows(1200 * testing::kDim);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i * i % 1009);
    REQUIRE(builder.add({rows.data(), 1200, testing::kDim}));
    REQUIRE(builder.finish());
    REQUIRE(engine::salvage(disk, "index", "saved", {.threads = 1}));
    const auto index = engine::LiveIndex::open(disk, "saved", {.io = IoMode::kPread, .threads = 1});
    REQUIRE(index);
    const IndexInfo& info = index.value().info();
    CHECK(info.count == 1200);
    CHECK(info.degree == 9);
    CHECK(info.l_build == 17);
    CHECK(info.alpha == 1.5F);
    CHECK(info.code_bytes == 6);
    CHECK(info.calibration_queries == 0);
    CHECK(info.seed == 5);
    CHECK((disk.contents("saved") == disk.contents("index")));
  }

  TEST_CASE("of an index of fused pages all records are saved, and the new one has such pages") {
    io::SimulatedDisk disk;
    BuildOptions build{.degree = 8, .l_build = 16, .code_bytes = 6, .calibrate = false, .threads = 1};
    build.layout = Layout::kFused;
    build.page_records = 5;
    auto builder = engine::IndexMaker::create(disk, "index", testing::kSchema, build).value();
    std::vector<float> rows(1200 * testing::kDim);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i * i % 1009);
    REQUIRE(builder.add({rows.data(), 1200, testing::kDim}));
    REQUIRE(builder.finish());
    const auto report = engine::salvage(disk, "index", "saved", {.threads = 1});
    REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
    CHECK(report.value().complete());
    CHECK(report.value().saved == 1200);
    const auto index = engine::LiveIndex::open(disk, "saved", {.io = IoMode::kPread, .threads = 1});
    REQUIRE(index);
    CHECK(index.value().info().layout == Layout::kFused);
    CHECK(index.value().info().records_per_page == 5);
    CHECK((disk.contents("saved") == disk.contents("index")));
  }

  TEST_CASE("each block damaged in turn costs the records that stand in it, and nothing else") {
    SalvageWorld world;
    const auto by_block = world.ids_by_block();
    const format::Section dead = world.section(format::SectionKind::kTombstones);
    std::size_t complete = 0;
    for (std::uint64_t block = 0; block < world.blocks(); ++block) {
      for (const bool zeroed : {false, true}) {
        CAPTURE(block);
        CAPTURE(zeroed);
        auto bytes = world.bytes;
        bytes[block * kBlock + 1234] ^= std::byte{0x10};
        if (zeroed) zero_block(bytes, block);
        const auto saved = world.salvage(bytes);
        REQUIRE_MESSAGE(saved, message(saved));
        const SalvageReport& report = saved.value().report;
        Model expected = world.models[report.generation];
        if (report.generation == world.generation) {
          const auto lost = by_block.find(block);
          if (lost != by_block.end()) {
            for (const Id id : lost->second) expected.erase(id);
            CHECK(report.lost == lost->second.size());
            REQUIRE(report.lost_bytes.size() == 1);
            CHECK(report.lost_bytes[0].at == block * kBlock);
            CHECK(report.lost_bytes[0].bytes == kBlock);
          }
        } else {  // the manifest: the commit before is whole
          CHECK(report.generation + 1 == world.generation);
          CHECK(report.newer_generation == world.generation);
        }
        if (report.unsure > 0) {
          CHECK(block == dead.offset / kBlock);
          CHECK(world.was_true(saved.value().held));
        } else {
          CHECK(saved.value().held == expected);
        }
        CHECK(report.complete() == (saved.value().held == world.model));
        complete += report.complete() ? 1 : 0;
      }
    }
    CHECK(complete > world.blocks());  // most blocks hold what can be made anew
  }

  TEST_CASE("ids of lost records are named where keys survive") {
    SalvageWorld world;
    std::size_t named = 0;
    for (const auto& [block, ids] : world.ids_by_block()) {
      auto bytes = world.bytes;
      zero_block(bytes, block);
      const auto saved = world.salvage(bytes);
      if (!saved || saved.value().held.empty()) continue;
      for (const Id id : ids) {
        const auto& ranges = saved.value().report.lost_ids;
        const bool inside =
            std::any_of(ranges.begin(), ranges.end(), [&](const LostIds& r) { return r.first <= id && id <= r.last; });
        CHECK((inside || ranges.size() == 100));
        named += inside ? 1 : 0;
      }
      for (const LostIds& range : saved.value().report.lost_ids) {
        CHECK(range.records <= range.last - range.first + 1);
        CHECK((range.records > 1 || range.first == range.last));  // the ends are ids that were lost, and not bounds
      }
    }
    CHECK(named > 100);
  }

  TEST_CASE("without both superblocks the newest manifest is found by its last bytes") {
    SalvageWorld world;
    auto bytes = world.bytes;
    zero_block(bytes, 0);
    zero_block(bytes, 1);
    const auto saved = world.salvage(bytes);
    REQUIRE_MESSAGE(saved, message(saved));
    CHECK(saved.value().held == world.model);
    CHECK(saved.value().report.by_footer);
    CHECK(saved.value().report.complete());
  }

  TEST_CASE("tombstones that are damaged let deleted records come back, and the report says so") {
    SalvageWorld world;
    auto bytes = world.bytes;
    const format::Section dead = world.section(format::SectionKind::kTombstones);
    zero_block(bytes, dead.offset / kBlock);
    zero_block(bytes, dead.tree_offset / kBlock);
    const auto saved = world.salvage(bytes);
    REQUIRE_MESSAGE(saved, message(saved));
    CHECK_FALSE(saved.value().report.complete());
    CHECK(saved.value().report.unsure > 0);
    CHECK(saved.value().report.lost == 0);
    for (const auto& [id, row] : world.model) {  // a replaced record does not win over the one that replaced it
      REQUIRE(saved.value().held.count(id) == 1);
      CHECK(saved.value().held.at(id) == row);
    }
    CHECK(saved.value().held.size() > world.model.size());
    CHECK(saved.value().report.repeated > 0);
  }

  TEST_CASE("a page whose section's checksums are lost is saved by its seal") {
    SalvageWorld world;
    const format::Section pages = world.section(format::SectionKind::kGraphPages);
    const std::uint64_t first = pages.offset / kBlock;
    auto bytes = world.bytes;
    zero_block(bytes, pages.tree_offset / kBlock);
    zero_block(bytes, first);
    const std::size_t gone = world.ids_by_block()[first].size();
    const auto saved = world.salvage(bytes);
    REQUIRE_MESSAGE(saved, message(saved));
    CHECK(saved.value().held.size() == world.model.size() - gone);
    CHECK(world.was_true(saved.value().held));
    CHECK_FALSE(saved.value().report.complete());
  }

  TEST_CASE("a file cut at any block gives what an older commit held, or says that no manifest is left") {
    SalvageWorld world;
    std::size_t saved_some = 0;
    for (std::uint64_t block = 0; block < world.blocks(); ++block) {
      CAPTURE(block);
      auto bytes = world.bytes;
      bytes.resize(block * kBlock + (block % 2) * 700);
      const auto saved = world.salvage(bytes);
      if (!saved) {
        const Code code = saved.error().code;
        CHECK((code == Code::kTruncated || code == Code::kCorrupt || code == Code::kNotAnIndex));
        CHECK(saved.error().what.find("nothing can be saved") != std::string::npos);
        continue;
      }
      ++saved_some;
      const SalvageReport& report = saved.value().report;
      CHECK(world.was_true(saved.value().held));
      const bool newest = report.generation == world.generation;
      CHECK((!newest || report.complete() == (saved.value().held == world.model)));
      CHECK(report.saved + report.lost >= world.models[report.generation].size());
    }
    CHECK(saved_some > 0);
  }
}

}  // namespace nearline
