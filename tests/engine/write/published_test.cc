// SPDX-License-Identifier: Apache-2.0
/// Files that are valid and full: a commit to one either makes a valid file again or leaves it as it is.
#include <limits>

#include "engine/make/segment_writer.h"
#include "format/checksum.h"
#include "tests/engine/write/writer_world.h"
#include "tests/io/temp_dir.h"

namespace nearline {
namespace {

using format::kBlockBytes;

constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kRecords = 5;

/// An index of some records on a real disk, whose newest commit a test writes by hand.
struct FullWorld {
  io::TempDir dir;
  std::filesystem::path path = dir / "full.near";
  io::FileSystem& fs = io::real_file_system();

  FullWorld() {
    auto builder = engine::IndexMaker::create(fs, path, testing::kSchema, {.threads = 1}).value();
    std::vector<float> rows(kRecords * testing::kDim);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i * i % 17);
    REQUIRE(builder.add({rows.data(), kRecords, testing::kDim}));
    REQUIRE(builder.finish());
  }

  /// Makes a commit of that generation. change(manifest, end): what is there may be added to up to `end`, which it may
  /// raise; the manifest comes behind.
  template <class Change>
  void publish(std::uint64_t generation, Change&& change) {
    const auto index = engine::IndexFile::open(fs, path).value();
    format::Superblock super = index->superblock();
    format::Manifest manifest = index->manifest();
    manifest.generation = generation;
    manifest.free.push_back({super.manifest_offset, super.manifest_bytes, generation});
    std::uint64_t end = super.committed_bytes;
    change(manifest, end);
    const std::vector<std::byte> bytes = format::encode(manifest);
    const auto file = fs.open_write(path).value();
    REQUIRE(io::write_all(*file, end, bytes));
    const std::uint32_t slot = format::slot_of(generation);
    super.slot = 1 - slot;
    REQUIRE(io::write_all(*file, std::uint64_t{super.slot} * kBlockBytes, format::encode(super)));
    super.slot = slot;
    super.generation = generation;
    super.committed_bytes = end + bytes.size();
    super.manifest_offset = end;
    super.manifest_bytes = bytes.size();
    super.manifest_hash = format::hash128(bytes);
    REQUIRE(io::write_all(*file, std::uint64_t{slot} * kBlockBytes, format::encode(super)));
    REQUIRE(testing::findings(fs, path) == "");
  }

  engine::IndexWriter open() { return engine::IndexWriter::open(fs, path, testing::small_writer()).value(); }

  Result<CommitReport> insert_one() {
    const std::vector<float> row(testing::kDim, 3.0F);
    auto writer = open();
    NEARLINE_CHECK(writer.insert({row.data(), 1, testing::kDim}));
    return writer.commit();
  }

  /// The insert is refused, says why, and leaves a file that opens as it was; a compaction into a new file works.
  void check_refused(std::uint64_t generation, const char* says) {
    const auto refused = insert_one();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kInvalidArgument);
    CHECK_MESSAGE(refused.error().what.find(says) != std::string::npos, refused.error().what);
    CHECK(refused.error().what.find("compact the index into a new file") != std::string::npos);
    const IndexInfo info = engine::LiveIndex::open(fs, path).value().info();
    CHECK(info.generation == generation);
    CHECK(info.count == kRecords);
    CHECK_FALSE(info.rolled_back);
    auto writer = open();
    REQUIRE(writer.compact_to(path, true));
    CHECK(insert_one().value().count == kRecords + 1);
    CHECK(testing::findings(fs, path) == "");
  }
};

/// A section of no bytes that readers ignore.
format::Section ignored(format::Manifest& manifest) {
  return {.kind = static_cast<format::SectionKind>(0x7FFF),
          .optional = true,
          .field = format::Section::kNone,
          .segment = format::Section::kNone,
          .offset = manifest.sections.back().offset,
          .element_bytes = 1,
          .serial = manifest.next_serial++};
}

}  // namespace

TEST_SUITE("engine/write/published") {
  TEST_CASE("the last serials are given, and none beyond") {
    for (const std::uint64_t left : {0U, 1U, 2U, 3U}) {
      CAPTURE(left);
      FullWorld world;
      world.publish(2, [&](format::Manifest& m, std::uint64_t&) { m.next_serial = kLast - left; });
      if (left < 3) {
        world.check_refused(2, "expected a lower one");
      } else {
        CHECK(world.insert_one().value().count == kRecords + 1);
        CHECK(testing::findings(world.fs, world.path) == "");
        world.open();
      }
    }
  }

  TEST_CASE("the last generations are made, and none beyond") {
    for (const std::uint64_t generation : {kLast, kLast - 1}) {
      CAPTURE(generation);
      FullWorld world;
      world.publish(generation, [](format::Manifest&, std::uint64_t&) {});
      world.check_refused(generation, "as each commit has one of its own");
    }
    FullWorld world;
    world.publish(kLast - 2, [](format::Manifest&, std::uint64_t&) {});
    CHECK(world.insert_one().value().generation == kLast - 1);
    CHECK(testing::findings(world.fs, world.path) == "");
    CHECK(engine::LiveIndex::open(world.fs, world.path).value().info().count == kRecords + 1);
  }

  TEST_CASE("a full table of sections takes no more") {
    FullWorld world;
    world.publish(2, [](format::Manifest& m, std::uint64_t&) {
      while (m.sections.size() < format::kMaxSections) m.sections.push_back(ignored(m));
    });
    world.check_refused(2, "sections: expected at most 65536");
  }

  TEST_CASE("a full table of free extents takes no more") {
    FullWorld world;
    // Of every second one the space may not be used yet: they do not become one.
    world.publish(2, [](format::Manifest&, std::uint64_t&) {});
    world.publish(3, [](format::Manifest& m, std::uint64_t& end) {
      for (; m.free.size() < format::kMaxFreeExtents; end += kBlockBytes) {
        m.free.push_back({end, kBlockBytes, 2 + m.free.size() % 2});
      }
    });
    world.check_refused(3, "free extents: expected at most 65536");
  }

  TEST_CASE("a full table of segments is merged") {
    FullWorld world;
    world.publish(2, [](format::Manifest& m, std::uint64_t&) {
      const format::Field& field = m.fields.front();
      const auto shape = format::PageShape::choose(0, field.dim, field.type, field.metric, field.settings.degree, 4);
      while (m.segments.size() < format::kMaxSegments) {
        m.graphs.push_back(engine::graph_of(shape, 0));
        m.graphs.back().segment = static_cast<std::uint32_t>(m.segments.size());
        m.segments.emplace_back();
      }
    });
    const auto report = world.insert_one();
    REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
    CHECK(report.value().segments <= 2);
    CHECK(report.value().count == kRecords + 1);
    CHECK(testing::findings(world.fs, world.path) == "");
  }
}

}  // namespace nearline
