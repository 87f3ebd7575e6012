// SPDX-License-Identifier: Apache-2.0
/// What an index was built with stays, whatever becomes of its records.
#include "engine/repair/salvage.h"
#include "tests/engine/write/writer_world.h"
#include "tests/support/vectors.h"

namespace nearline {
namespace {

const Schema kWide{.dim = 16, .type = ElementType::kF32, .metric = Metric::kCosine};

const BuildOptions kChosen{.degree = 16,
                           .l_build = 48,
                           .alpha = 1.5F,
                           .code_bytes = 9,
                           .layout = Layout::kFused,
                           .page_records = 12,
                           .calibrate = false,
                           .threads = 1,
                           .seed = 7};

struct SettingsWorld {
  io::SimulatedDisk disk{1};
  std::vector<float> rows;

  explicit SettingsWorld(std::size_t records) {
    std::mt19937_64 random(3);
    for (std::size_t i = 0; i < 600 * kWide.dim; ++i) rows.push_back(static_cast<float>(random() % 1000) + 1);
    auto builder = engine::IndexMaker::create(disk, "index", kWide, kChosen).value();
    if (records > 0) REQUIRE(builder.add(view(records)));
    REQUIRE(builder.finish());
  }

  [[nodiscard]] MatrixView view(std::size_t count) const { return {rows.data(), count, kWide.dim}; }

  engine::IndexWriter open(const std::filesystem::path& path = "index") {
    return engine::IndexWriter::open(disk, path, {.delta_records = 24, .background_merges = false, .threads = 1})
        .value();
  }

  void check(const std::filesystem::path& path, bool with_graph) {
    CAPTURE(path.string());
    const auto file = engine::IndexFile::open(disk, path).value();
    const format::Settings& s = file->field().settings;
    CHECK(s.layout == Layout::kFused);
    CHECK(s.degree == 16);
    CHECK(s.l_build == 48);
    CHECK(s.alpha == 1.5F);
    CHECK(s.code_bytes == 9);
    CHECK(s.page_records == 12);
    CHECK_FALSE(s.calibrate);
    CHECK(s.seed == 7);
    const IndexInfo info = engine::LiveIndex::open(disk, path, {.threads = 1}).value().info();
    CHECK(info.layout == Layout::kFused);
    CHECK(info.degree == 16);
    CHECK(info.l_build == 48);
    CHECK(info.alpha == 1.5F);
    CHECK(info.seed == 7);
    if (!with_graph) return;
    CHECK(info.records_per_page == 12);
    CHECK(info.code_bytes == 9);
    CHECK(file->manifest().graphs.back().degree == 16);
    CHECK(testing::findings(disk, path) == "");
  }
};

}  // namespace

TEST_SUITE("engine/write/settings") {
  TEST_CASE("an index without a record keeps them, and so does what grows from it") {
    SettingsWorld world(0);
    world.check("index", false);
    auto writer = world.open();
    REQUIRE(writer.insert(world.view(5)));
    REQUIRE(writer.commit());
    world.check("index", false);
    REQUIRE(writer.insert(world.view(600)));
    REQUIRE(writer.commit());
    world.check("index", true);
  }

  TEST_CASE("an index that was emptied keeps them, in every copy of it") {
    SettingsWorld world(300);
    world.check("index", true);
    {
      auto writer = world.open();
      std::vector<Id> all(300);
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
      REQUIRE(writer.erase(all));
      REQUIRE(writer.commit());
      world.check("index", false);
      REQUIRE(writer.compact());
      world.check("index", false);
      REQUIRE(writer.compact_to("dense"));
    }
    REQUIRE(engine::LiveIndex::open(world.disk, "index").value().snapshot("copy"));
    REQUIRE(engine::salvage(world.disk, "index", "saved", {}));
    for (const char* path : {"dense", "copy", "saved", "index"}) {
      world.check(path, false);
      auto writer = world.open(path);
      REQUIRE(writer.insert(world.view(400)));
      REQUIRE(writer.commit());
      world.check(path, true);
    }
  }
}

}  // namespace nearline
