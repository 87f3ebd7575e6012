// SPDX-License-Identifier: Apache-2.0
/// An index that is written to on a simulated disk, and beside it a map that says what it must hold.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/api/live_index.h"
#include "engine/make/index_maker.h"
#include "engine/repair/verify.h"
#include "engine/write/index_writer.h"
#include "io/simulated_disk.h"
#include "nearline/writer.h"

namespace nearline::testing {

/// What an index holds: each record's vector by its id.
using Model = std::map<Id, std::vector<float>>;

constexpr std::uint32_t kDim = 4;
inline const Schema kSchema{.dim = kDim, .type = ElementType::kF32, .metric = Metric::kL2};

/// Small tables and lists, so that every step of growth is seen with few records.
inline WriterOptions small_writer() {
  return {.memory_bytes = 64U << 20, .delta_records = 24, .background_merges = false, .threads = 1};
}

class WriterWorld {
 public:
  explicit WriterWorld(std::uint64_t seed = 1) : disk(seed), random_(seed) {
    auto builder =
        engine::IndexMaker::create(disk, "index", kSchema, {.degree = 8, .l_build = 16, .threads = 1}).value();
    REQUIRE(builder.finish());
  }

  std::vector<float> vector() {
    std::vector<float> made(kDim);
    for (float& x : made) x = static_cast<float>(random_() % 1000);
    return made;
  }

  /// Records with these ids and random vectors, given to the writer and to the model.
  void put(engine::IndexWriter& writer, std::span<const Id> ids, bool upsert = false) {
    std::vector<float> rows;
    for (const Id id : ids) {
      const auto made = vector();
      rows.insert(rows.end(), made.begin(), made.end());
      model[id] = made;
    }
    const MatrixView view{rows.data(), ids.size(), kDim};
    if (upsert) {
      const auto put = writer.upsert(view, ids);
      REQUIRE_MESSAGE(put, (put ? std::string() : put.error().message()));
    } else {
      const auto put = writer.insert(view, ids);
      REQUIRE_MESSAGE(put, (put ? std::string() : put.error().message()));
      CHECK_FALSE(put.value().first_id);
    }
  }
  void put(engine::IndexWriter& writer, Id first, std::size_t count) {
    std::vector<Id> ids;
    for (Id id = first; id < first + count; ++id) ids.push_back(id);
    put(writer, ids);
  }
  void erase(engine::IndexWriter& writer, std::span<const Id> ids) {
    const auto erased = writer.erase(ids);
    REQUIRE(erased);
    std::uint64_t known = 0;
    for (const Id id : ids) known += model.erase(id);
    CHECK(erased.value().erased == known);
    CHECK(erased.value().unknown == ids.size() - known);
  }
  std::vector<Id> some_ids(std::size_t count) {
    std::vector<Id> ids;
    for (const auto& [id, row] : model) ids.push_back(id);
    std::shuffle(ids.begin(), ids.end(), random_);
    ids.resize(std::min(count, ids.size()));
    return ids;
  }
  std::uint64_t draw() { return random_(); }

  io::SimulatedDisk disk;
  Model model;

 private:
  std::mt19937_64 random_;
};

inline Model contents(const engine::LiveIndex& index) {
  Model held;
  const auto read = index.for_each(7, [&](std::span<const Id> ids, const MatrixView& rows) -> Result<void> {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::vector<float> row(kDim);
      std::memcpy(row.data(), rows.row(i), kDim * sizeof(float));
      held[ids[i]] = row;
    }
    return {};
  });
  REQUIRE_MESSAGE(read, (read ? std::string() : read.error().message()));
  return held;
}

/// Ids of the k records of the model nearest to a query, nearest first.
inline std::vector<Id> nearest_ids(const Model& model, std::span<const float> query, std::size_t k) {
  std::vector<std::pair<double, Id>> all;
  for (const auto& [id, row] : model) {
    double sum = 0;
    for (std::uint32_t i = 0; i < kDim; ++i) sum += (row[i] - query[i]) * (row[i] - query[i]);
    all.emplace_back(sum, id);
  }
  std::sort(all.begin(), all.end());
  std::vector<Id> ids;
  for (std::size_t i = 0; i < std::min(k, all.size()); ++i) ids.push_back(all[i].second);
  return ids;
}

/// Holds just what the model says, finds it by id and by search, and is whole.
inline void check_holds(io::FileSystem& fs, const std::filesystem::path& path, const Model& model) {
  const auto index = engine::LiveIndex::open(fs, path, {.io = IoMode::kPread, .threads = 1});
  REQUIRE_MESSAGE(index, (index ? std::string() : index.error().message()));
  CHECK(index.value().info().count == model.size());
  CHECK(contents(index.value()) == model);
  const std::vector<float> query(kDim, 500.0F);
  const MatrixView queries{query.data(), 1, kDim};
  if (!model.empty()) {
    const auto k = static_cast<std::uint32_t>(std::min<std::size_t>(10, model.size()));
    for (const bool exact : {false, true}) {
      const auto found = index.value().search(queries, {.k = k, .l = 200, .exact = exact});
      REQUIRE_MESSAGE(found, (found ? std::string() : found.error().message()));
      CHECK(found.value().ids == nearest_ids(model, query, k));
    }
  }
  std::vector<float> row(kDim);
  for (const auto& [id, expected] : model) {
    REQUIRE(index.value().get(std::span(&id, 1), std::as_writable_bytes(std::span(row))));
    REQUIRE(row == expected);
  }
}

/// The findings of a full verification.
inline std::string findings(io::FileSystem& fs, const std::filesystem::path& path) {
  const auto report = engine::verify(fs, path, true);
  if (!report) return report.error().message();
  std::string text;
  for (const VerifyFinding& finding : report.value().findings) text += finding.what + "; ";
  return text;
}

}  // namespace nearline::testing
