// SPDX-License-Identifier: Apache-2.0
/// Salvage over every type and metric, sizes of pages and widths of ids.
#include <cstring>
#include <map>

#include "engine/api/live_index.h"
#include "engine/repair/salvage.h"
#include "nearline/salvage.h"
#include "tests/engine/query/index_world.h"

namespace nearline::engine {
namespace {

using Records = std::map<Id, std::vector<std::byte>>;

Records records_of(io::FileSystem& fs, const std::filesystem::path& path) {
  const auto index = engine::LiveIndex::open(fs, path, {.io = IoMode::kPread, .threads = 1});
  REQUIRE(index);
  Records records;
  REQUIRE(index.value().for_each(7, [&](std::span<const Id> ids, const MatrixView& rows) -> Result<void> {
    const std::size_t bytes = vector_bytes(rows.type, rows.dim);
    for (std::size_t i = 0; i < ids.size(); ++i) records[ids[i]] = {rows.row(i), rows.row(i) + bytes};
    return {};
  }));
  return records;
}

/// Damages the first graph page of an index of these rows, and salvages it.
void check_salvage(const testing::Vectors& rows, const Schema& schema, std::span<const Id> ids) {
  io::SimulatedDisk disk;
  REQUIRE(build_on(disk, "index", rows, schema, quick_build(), ids));
  const Records all = records_of(disk, "index");
  auto bytes = disk.contents("index");
  const auto file = IndexFile::open(disk, "index").value();
  const SegmentFile segment = file->segments().front();
  const format::PageShape shape = segment.shape();
  const std::uint64_t at = segment.section(format::SectionKind::kGraphPages)->offset;
  bytes[at + shape.page_bytes - 1] ^= std::byte{1};  // its last block, in the seal
  disk.put("damaged", bytes);
  const auto report = engine::salvage(disk, "damaged", "saved", {.threads = 1});
  REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
  Records expected = all;
  for (std::uint32_t o = 0; o < shape.slots; ++o) {
    expected.erase(format::stored_id(shape, bytes.data() + at + shape.place_of(format::Ordinal{o})));
  }
  CHECK(report.value().lost == shape.slots);
  REQUIRE(report.value().lost_bytes.size() == 1);
  CHECK(report.value().lost_bytes[0].bytes == shape.page_bytes);
  CHECK(records_of(disk, "saved") == expected);
  const auto saved = IndexFile::open(disk, "saved").value();
  CHECK(saved->field().type == schema.type);
  CHECK(saved->field().metric == schema.metric);
}

}  // namespace

TEST_SUITE("engine/repair/salvage_kinds") {
  TEST_CASE("vectors of every type and metric are saved byte for byte") {
    for (const testing::Kind& kind : testing::all_kinds()) {
      CAPTURE(name(kind.metric));
      CAPTURE(name(kind.type));
      check_salvage(testing::clusters(kind.type, 300, 24), {24, kind.type, kind.metric}, {});
    }
  }

  TEST_CASE("pages of several blocks are lost and saved as one") {
    for (const std::uint32_t dim : {700U, 1500U, 9000U}) {
      CAPTURE(dim);
      check_salvage(testing::clusters(ElementType::kF32, 40, dim), {dim, ElementType::kF32, Metric::kL2}, {});
    }
  }

  TEST_CASE("ids of eight bytes are saved, and those of lost records named") {
    std::vector<Id> ids;
    for (Id i = 0; i < 300; ++i) ids.push_back((i << 40) + 7);
    check_salvage(testing::clusters(ElementType::kU8, 300, 24), {24, ElementType::kU8, Metric::kL2}, ids);
  }
}

}  // namespace nearline::engine
