// SPDX-License-Identifier: Apache-2.0
/// Every byte of an index changed, every length cut, bytes added: a full verification reports each one, a stranger's
/// file is refused, and a file that is trusted and damaged gives errors or right answers, never wrong ones.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/api/live_index.h"
#include "engine/repair/verify.h"
#include "tests/engine/query/index_world.h"
#include "tests/support/one_file.h"
#include "tests/support/restamp.h"

namespace nearline::engine {
namespace {

using testing::OneFile;

struct Victim {
  std::string name;
  std::vector<std::byte> bytes;
};

std::vector<std::byte> golden(const std::string& name) {
  std::ifstream in("tests/golden/" + name + ".near", std::ios::binary);
  REQUIRE_MESSAGE(in.is_open(), "run from the source folder");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// The smallest files that have every kind of section: as this version writes them, and as the format allows them.
const std::vector<Victim>& victims() {
  static const std::vector<Victim> all{
      {"built", index_bytes(testing::clusters(ElementType::kU8, 3, 2), {2, ElementType::kU8, Metric::kCosine})},
      {"golden", golden("v1_all_sections")},
  };
  return all;
}

/// Whether a full verification says that something is wrong.
bool reported(OneFile& fs) {
  const auto report = engine::verify(fs, "index", true);
  return !report || !report->findings.empty();
}

/// A query that every type takes.
std::vector<std::byte> ones(const Schema& schema) {
  if (schema.type == ElementType::kI8 || schema.type == ElementType::kU8 || schema.type == ElementType::kB1) {
    return std::vector<std::byte>(vector_bytes(schema.type, schema.dim), std::byte{1});
  }
  const std::vector<float> floats(schema.dim, 1.0F);
  const auto bytes = std::as_bytes(std::span(floats));
  return {bytes.begin(), bytes.end()};
}

MatrixView one_row(const std::vector<std::byte>& bytes, const Schema& schema) {
  const bool as_stored = bytes.size() == vector_bytes(schema.type, schema.dim);
  return {bytes.data(), 1, schema.dim, as_stored ? schema.type : ElementType::kF32};
}

/// All that an index answers: the records nearest to a query, and the records themselves.
struct Found {
  std::vector<Id> ids;
  std::vector<float> distances;
  std::vector<Id> visited;
  std::vector<std::byte> vectors;
  std::vector<std::byte> by_id;  ///< the vectors of what was visited
  std::vector<bool> there;       ///< of some ids

  friend bool operator==(const Found&, const Found&) = default;
};

Result<Found> ask(const engine::LiveIndex& index, const std::vector<std::byte>& query) {
  Found answers;
  const auto k = static_cast<std::uint32_t>(std::min<std::uint64_t>(3, index.info().count));
  NEARLINE_TRY(found, index.search(one_row(query, index.info().schema), {.k = k}));
  answers.ids = found.ids;
  answers.distances = found.distances;
  NEARLINE_CHECK(index.for_each(2, [&](std::span<const Id> ids, const MatrixView& rows) -> Result<void> {
    answers.visited.insert(answers.visited.end(), ids.begin(), ids.end());
    answers.vectors.insert(answers.vectors.end(), rows.row(0), rows.row(rows.rows));
    return {};
  }));
  answers.by_id.resize(answers.vectors.size());
  NEARLINE_TRY(got, index.get(answers.visited, answers.by_id));
  NEARLINE_TRY(there, index.contains(std::vector<Id>{0, 1, 10, 11, 90, 91, kNoId}));
  answers.there = there;
  if (!got.absent.empty()) answers.by_id.clear();
  return answers;
}

OpenOptions with_io(IoMode io, bool untrusted = false) {
  return {.io = io, .memory_bytes = 16U << 20, .threads = 1, .untrusted = untrusted};
}

}  // namespace

TEST_SUITE("engine/query/damage") {
  TEST_CASE("a full verification finds nothing in what is whole") {
    for (const auto& each : victims()) {
      const auto& name = each.name;
      const auto& bytes = each.bytes;
      CAPTURE(name);
      OneFile fs(bytes);
      const auto report = engine::verify(fs, "index", true);
      REQUIRE(report);
      CHECK(report->finding_count == 0);
      CHECK(report->blocks_checked >= 8);
      CHECK(report->records_checked == engine::LiveIndex(engine::LiveIndex::open(fs, "index").value()).info().count);
    }
  }

  TEST_CASE("a full verification reports every complemented byte, and no stranger's file is opened with one") {
    for (const auto& each : victims()) {
      const auto& name = each.name;
      const auto& bytes = each.bytes;
      CAPTURE(name);
      OneFile fs(bytes);
      for (std::size_t at = 0; at < bytes.size(); ++at) {
        fs.bytes[at] = ~fs.bytes[at];
        if (!reported(fs)) FAIL_CHECK("not reported at " << at);
        if (at % 7 == 0 && engine::LiveIndex::open(fs, "index", with_io(IoMode::kAuto, true)))
          FAIL_CHECK("opened at " << at);
        fs.bytes[at] = ~fs.bytes[at];
      }
    }
  }

  TEST_CASE("a full verification reports every other value of a byte") {
    for (const auto& each : victims()) {
      const auto& name = each.name;
      const auto& bytes = each.bytes;
      CAPTURE(name);
      OneFile fs(bytes);
      for (std::size_t at = 0; at < bytes.size(); at += 509) {
        for (int value = 0; value < 256; value += 5) {
          if (std::to_integer<int>(bytes[at]) == value) continue;
          fs.bytes[at] = static_cast<std::byte>(value);
          if (!reported(fs)) FAIL_CHECK("not reported at " << at << ", value " << value);
        }
        fs.bytes[at] = bytes[at];
      }
    }
  }

  TEST_CASE("a file cut at any length is reported and does not open, and of one that has grown the growth is told") {
    for (const auto& each : victims()) {
      const auto& name = each.name;
      const auto& bytes = each.bytes;
      CAPTURE(name);
      OneFile fs(bytes);
      while (!fs.bytes.empty()) {
        fs.bytes.pop_back();
        if (!reported(fs)) FAIL_CHECK("not reported at " << fs.bytes.size());
        if (engine::LiveIndex::open(fs, "index", with_io(IoMode::kPread))) FAIL_CHECK("opened at " << fs.bytes.size());
      }
      for (const std::size_t more : {1U, 7U, 4095U, 4096U, 100'000U}) {
        for (const std::byte value : {std::byte{0}, std::byte{0xFF}}) {
          CAPTURE(more);
          fs.bytes = bytes;
          fs.bytes.insert(fs.bytes.end(), more, value);
          CHECK(engine::verify(fs, "index", true).value().uncommitted_bytes == more);
          CHECK_FALSE(reported(fs));
          for (const bool untrusted : {false, true}) {  // what was committed is whole
            CHECK(engine::LiveIndex::open(fs, "index", with_io(IoMode::kPread, untrusted)));
          }
        }
      }
    }
  }

  TEST_CASE("a trusted file that is damaged gives an error or the right answers, however its pages are read") {
    for (const auto& each : victims()) {
      const auto& name = each.name;
      const auto& bytes = each.bytes;
      for (const IoMode io : {IoMode::kPread, IoMode::kMapped}) {
        CAPTURE(name);
        CAPTURE(nearline::name(io));
        OneFile fs(bytes);
        const auto query = ones(engine::LiveIndex::open(fs, "index", with_io(io)).value().info().schema);
        const auto good = ask(engine::LiveIndex::open(fs, "index", with_io(io)).value(), query);
        REQUIRE(good);
        std::size_t errors = 0;
        for (std::size_t at = 0; at < bytes.size(); ++at) {
          fs.bytes[at] = ~fs.bytes[at];
          {
            const auto index = engine::LiveIndex::open(fs, "index", with_io(io));
            const auto answers = index ? ask(*index, query) : Result<Found>(index.error());
            if (answers ? *answers != *good : answers.error().code != Code::kCorrupt) FAIL_CHECK("wrong at " << at);
            errors += answers ? 0 : 1;
          }
          fs.bytes[at] = ~fs.bytes[at];
        }
        CHECK(errors >= 3 * 4096);  // manifest, pages, keys, and their trees
      }
    }
  }

  TEST_CASE("a file edited on purpose, with all checksums right, gives an error or answers that hold together") {
    for (const auto& each : victims()) {
      const auto& name = each.name;
      const auto& bytes = each.bytes;
      CAPTURE(name);
      OneFile fs(bytes);
      const auto index_of_good = engine::LiveIndex::open(fs, "index").value();
      const auto query = ones(index_of_good.info().schema);
      std::size_t opened = 0, refused = 0;
      // Superblocks, data and manifest; every byte of the data where something stands, some of the rest.
      for (std::size_t at = 0; at < bytes.size(); ++at) {
        if (bytes[at] == std::byte{0} && at % 61 != 0) continue;
        for (const std::byte value : {std::byte{0}, std::byte{0xFF}, ~bytes[at]}) {
          if (value == bytes[at]) continue;
          fs.bytes = bytes;
          fs.bytes[at] = value;
          testing::restamp(fs.bytes);
          testing::restamp_sections(fs.bytes);
          for (const bool untrusted : {false, true}) {
            const auto index = engine::LiveIndex::open(fs, "index", with_io(IoMode::kPread, untrusted));
            ++(index ? opened : refused);
            if (!index || index->info().schema.dim != index_of_good.info().schema.dim) continue;
            const auto answers = index->info().schema.type == index_of_good.info().schema.type ? ask(*index, query)
                                                                                               : Result<Found>(Error{});
            if (untrusted && !answers && answers.error().code == Code::kCorrupt) FAIL_CHECK("passed, and bad: " << at);
            if (!answers) continue;
            if (!std::is_sorted(answers->distances.begin(), answers->distances.end())) FAIL_CHECK("disorder: " << at);
          }
        }
      }
      CHECK(opened > 10);
      CHECK(refused > 1000);
    }
  }
}

}  // namespace nearline::engine
