// SPDX-License-Identifier: Apache-2.0
/// A small index with a history: segments with and without a graph, deleted and replaced records; and what each of its
/// commits held.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/api/live_index.h"
#include "engine/file/index_file.h"
#include "engine/repair/salvage.h"
#include "engine/write/index_writer.h"
#include "nearline/salvage.h"
#include "tests/engine/write/writer_world.h"
#include "tests/support/one_file.h"

namespace nearline::testing {

constexpr std::uint64_t kBlock = format::kBlockBytes;

struct Salvaged {
  SalvageReport report;
  Model held;
};

class SalvageWorld : public WriterWorld {
 public:
  SalvageWorld() {
    auto writer = engine::IndexWriter::open(disk, "index", small_writer()).value();
    put(writer, 0, 500);
    keep(writer);
    erase(writer, some_ids(40));
    put(writer, 1000, 10);
    keep(writer);
    put(writer, some_ids(8), true);
    erase(writer, some_ids(5));
    keep(writer);
    bytes = disk.contents("index");
  }

  void keep(engine::IndexWriter& writer) {
    const auto report = writer.commit();
    REQUIRE(report);
    generation = report.value().generation;
    models[generation] = model;
    images[generation] = disk.contents("index");
  }

  /// Salvages these bytes; what is saved must be an index that is whole.
  Result<Salvaged> salvage(std::vector<std::byte> damaged, SalvageOptions options = {}) {
    disk.put("damaged", std::move(damaged));
    options.threads = 1;
    options.replace = true;
    NEARLINE_TRY(report, engine::salvage(disk, "damaged", "saved", options));
    CHECK(findings(disk, "saved") == "");
    const auto index = engine::LiveIndex::open(disk, "saved", {.io = IoMode::kPread, .threads = 1});
    REQUIRE(index);
    Salvaged saved{std::move(report), contents(index.value())};
    CHECK(saved.report.saved == saved.held.size());
    return saved;
  }

  /// Whether some commit held this record.
  [[nodiscard]] bool was_true(Id id, const std::vector<float>& row) const {
    for (const auto& [number, held] : models) {
      const auto found = held.find(id);
      if (found != held.end() && found->second == row) return true;
    }
    return false;
  }
  [[nodiscard]] bool was_true(const Model& held) const {
    return std::all_of(held.begin(), held.end(), [&](const auto& r) { return was_true(r.first, r.second); });
  }

  /// The live records by the block in which they stand.
  [[nodiscard]] std::map<std::uint64_t, std::vector<Id>> ids_by_block() const {
    OneFile fs(bytes);
    const auto file = engine::IndexFile::open(fs, "index").value();
    std::map<std::uint64_t, std::vector<Id>> by_block;
    for (const engine::SegmentFile& segment : file->segments()) {
      const auto shape = segment.shape();
      REQUIRE(shape.page_bytes == kBlock);
      const auto dead = segment.tombstones().value();
      const std::uint64_t at = segment.section(format::SectionKind::kGraphPages)->offset;
      for (std::uint32_t o = 0; o < segment.segment().count; ++o) {
        if (dead.has(engine::Row(o))) continue;
        const std::uint64_t page = at + shape.page_of(format::Ordinal{o}) * kBlock;
        by_block[page / kBlock].push_back(
            format::stored_id(shape, bytes.data() + page + shape.place_of(format::Ordinal{o})));
      }
    }
    return by_block;
  }

  /// Offset of a section of the newest commit, the first of its kind.
  [[nodiscard]] format::Section section(format::SectionKind kind) const {
    OneFile fs(bytes);
    const auto file = engine::IndexFile::open(fs, "index").value();
    for (const format::Section& section : file->manifest().sections) {
      if (section.kind == kind) return section;
    }
    FAIL("no such section");
    return {};
  }

  [[nodiscard]] std::uint64_t blocks() const { return bytes.size() / kBlock; }

  std::uint64_t generation = 0;
  std::map<std::uint64_t, Model> models;                   ///< by generation
  std::map<std::uint64_t, std::vector<std::byte>> images;  ///< the file then
  std::vector<std::byte> bytes;                            ///< the file now
};

inline void zero_block(std::vector<std::byte>& bytes, std::uint64_t block) {
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(block * kBlock), kBlock, std::byte{0});
}

}  // namespace nearline::testing
