// SPDX-License-Identifier: Apache-2.0
#include "engine/file/index_file.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "tests/engine/query/index_world.h"
#include "tests/support/restamp.h"
#include "tests/support/tiny_index.h"

namespace nearline::engine {
namespace {

std::vector<std::byte> some_index() {
  return index_bytes(testing::clusters(ElementType::kU8, 200, 8), {8, ElementType::kU8, Metric::kL2});
}

Result<std::unique_ptr<IndexFile>> open(std::vector<std::byte> bytes) {
  static io::SimulatedDisk disk;
  disk.put("index", std::move(bytes));
  return IndexFile::open(disk, "index");
}

}  // namespace

TEST_SUITE("engine/file/index_file") {
  TEST_CASE(
      "an index opens by reading its superblocks, once more when they are pinned, and its manifest, nothing else") {
    io::SimulatedDisk disk;
    disk.put("index", some_index());
    const auto index = IndexFile::open(disk, "index");
    REQUIRE(index);
    CHECK(disk.calls(io::Operation::kRead) == 3);
    const SegmentFile segment = (*index)->segments().front();
    CHECK(segment.segment().count == 200);
    CHECK((*index)->field().dim == 8);
    CHECK((*index)->file_bytes() == some_index().size());
    CHECK(segment.shape().slots == segment.graph().slots);
  }

  TEST_CASE("queries that are no vectors of the field, or more than a sample, are damage and never read") {
    const testing::TinySpec spec;
    const auto with = [&](std::uint64_t count, std::uint32_t size, float value) {
      auto file = testing::tiny_index(spec);
      const std::vector<float> rows(count * size / sizeof(float), value);
      file.add_section({.kind = format::SectionKind::kQueries,
                        .optional = true,
                        .segment = format::Section::kNone,
                        .count = count,
                        .element_bytes = size},
                       std::as_bytes(std::span(rows)));
      file.commit();
      auto index = open(file.bytes());
      REQUIRE(index);
      return (*index)->queries();
    };
    const std::uint32_t bytes = spec.dim * 4;
    REQUIRE(with(512, bytes, 1));
    CHECK(with(512, bytes, 1)->size() == 512 * bytes);
    CHECK(with(0, bytes, 1)->empty());
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const auto& bad : {with(513, bytes, 1), with(5, bytes + 4, 1), with(5, bytes, nan)}) {
      REQUIRE_FALSE(bad);
      CHECK(bad.error().code == Code::kCorrupt);
      CHECK(bad.error().at > 0);
    }
    CHECK(open(some_index()).value()->queries()->empty());
  }

  TEST_CASE("what is not an index, or is one no more, is told apart, and every error names the file") {
    const auto good = some_index();
    const auto changed = [&](auto&& change) {
      auto bytes = good;
      change(bytes);
      return bytes;
    };
    struct Case {
      std::vector<std::byte> bytes;
      Code code;
    };
    const std::vector<Case> cases{
        {{}, Code::kNotAnIndex},
        {std::vector<std::byte>(100'000, std::byte{'x'}), Code::kNotAnIndex},
        {{good.begin(), good.begin() + 8192}, Code::kTruncated},
        {{good.begin(), good.end() - 1}, Code::kTruncated},
        {changed([](auto& b) { b[100] ^= std::byte{1}, b[4196] ^= std::byte{1}; }), Code::kCorrupt},
        {changed([](auto& b) { b[b.size() - 4096] ^= std::byte{1}; }), Code::kCorrupt},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
      CAPTURE(i);
      const auto index = open(cases[i].bytes);
      REQUIRE_FALSE(index);
      CHECK(index.error().code == cases[i].code);
      CHECK(index.error().file == "index");
    }
    io::SimulatedDisk disk;
    CHECK(IndexFile::open(disk, "nothing").error().code == Code::kNotFound);
  }

  TEST_CASE("with one superblock damaged the other one serves") {
    for (const std::size_t at : {0U, 100U, 4096U, 4200U}) {
      CAPTURE(at);
      auto bytes = some_index();
      bytes[at] ^= std::byte{1};
      const auto index = open(bytes);
      REQUIRE(index);
      CHECK_FALSE((*index)->choice().other_valid);
      CHECK((*index)->segments().front().segment().count == 200);
    }
    CHECK(open(some_index()).value()->choice().other_valid);
  }

  TEST_CASE("a section of numbers is read whole, and no damaged one") {
    const auto good = index_bytes(testing::clusters(ElementType::kU8, 2500, 2), {2, ElementType::kU8, Metric::kL2});
    io::SimulatedDisk disk;
    disk.put("index", good);
    const auto index = IndexFile::open(disk, "index").value();
    const format::Section& section = *index->segments().front().section(format::SectionKind::kEntryPoints);
    const auto all = index->read_u32(section);
    REQUIRE(all);
    CHECK(all->size() == section.count);
    for (std::size_t i = 0; i < all->size(); ++i) {
      CHECK(std::memcmp(&(*all)[i], good.data() + section.offset + i * 4, 4) == 0);
    }
    auto bad = good;
    bad[section.offset + section.length - 1] ^= std::byte{1};
    disk.put("index", bad);
    const auto damaged = IndexFile::open(disk, "index").value();
    CHECK(damaged->read_u32(section).error().code == Code::kCorrupt);
  }

  TEST_CASE("a file of several fields opens, and one of sets of vectors is refused as something newer") {
    for (const bool multi : {false, true}) {
      std::vector<std::byte> bytes;
      format::Manifest manifest;
      manifest.file_id = {1};
      manifest.generation = 1;
      for (const char* name : {"image", "text"}) manifest.fields.push_back({.name = name, .dim = 4});
      manifest.fields.back().multi = multi;
      bytes.resize(format::kDataStart);
      const auto encoded = format::encode(manifest);
      bytes.insert(bytes.end(), encoded.begin(), encoded.end());
      for (std::uint32_t slot = 0; slot < 2; ++slot) {
        const auto block = format::encode(format::Superblock{.major = 1,
                                                             .minor = 0,
                                                             .file_id = manifest.file_id,
                                                             .generation = 1,
                                                             .committed_bytes = bytes.size(),
                                                             .manifest_offset = format::kDataStart,
                                                             .manifest_bytes = encoded.size(),
                                                             .slot = slot});
        std::copy(block.begin(), block.end(), bytes.begin() + slot * 4096);
      }
      testing::restamp(bytes);
      const auto index = open(bytes);
      REQUIRE(index.has_value() != multi);
      if (!multi) CHECK((*index)->manifest().fields.size() == 2);
      if (multi) CHECK(index.error().code == Code::kUnsupported);
      if (multi) CHECK(index.error().what.find("several vectors per record") != std::string::npos);
    }
  }
}

}  // namespace nearline::engine
