// SPDX-License-Identifier: Apache-2.0
/// Indexes that grew and shrank, in every form in which a segment can be, and all of their records in the order of
/// their distance.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nearline/writer.h"
#include "tests/api/index_world.h"

namespace nearline {

/// What an index is like, and how it is opened.
struct Form {
  Layout layout = Layout::kLean;
  bool codes = true;
  bool grown = false;  ///< several segments, one of them flat, and tombstones in each
};

inline std::string to_text(const Form& form) {
  return std::string(name(form.layout)) + (form.codes ? ", codes" : ", no codes") + (form.grown ? ", grown" : "");
}

/// Metrics and types between which code differs.
inline std::vector<testing::Kind> some_kinds() {
  return {{Metric::kL2, ElementType::kU8},     {Metric::kL2, ElementType::kF32}, {Metric::kCosine, ElementType::kF16},
          {Metric::kCosine, ElementType::kI8}, {Metric::kIp, ElementType::kF32}, {Metric::kHamming, ElementType::kB1},
          {Metric::kJaccard, ElementType::kB1}};
}

/// The forms that a kind of vectors can have.
inline std::vector<Form> forms_of(Metric metric) {
  std::vector<Form> forms{{Layout::kLean, false, false}, {Layout::kLean, false, true}};
  if (metric == Metric::kHamming || metric == Metric::kJaccard) return forms;
  for (const bool grown : {false, true}) {
    forms.push_back({Layout::kLean, true, grown});
    forms.push_back({Layout::kFused, true, grown});
  }
  return forms;
}

class RangeWorld {
 public:
  static constexpr std::uint32_t kDim = 24;
  static constexpr std::size_t kRows = 2'400, kQueries = 6;

  RangeWorld(const testing::Kind& kind, const Form& form)
      : kind_(kind),
        base_(testing::clusters(kind.type, kRows, kDim)),
        queries_(testing::queries_for(kind.type, kRows, kDim, kQueries)) {
    BuildOptions options = quick_build();
    options.layout = form.layout;
    options.calibrate = true;
    if (!form.codes) options.code_bytes = 0;
    const std::size_t first = form.grown ? 1'600 : kRows;
    const auto built = build(path(), {kDim, kind.type, kind.metric}, base_.view(0, first), {}, options);
    REQUIRE_MESSAGE(built, message(built));
    if (form.grown) grow(first);
  }

  [[nodiscard]] std::filesystem::path path() const { return folder_ / "x"; }
  [[nodiscard]] const testing::Vectors& base() const { return base_; }
  [[nodiscard]] const testing::Vectors& queries() const { return queries_; }
  [[nodiscard]] Metric metric() const { return kind_.metric; }

  [[nodiscard]] Index open(IoMode io, Ranking ranking, std::uint64_t memory = 64U << 20) const {
    OpenOptions options = with_io(io, memory);
    options.ranking = ranking;
    auto index = Index::open(path(), options);
    REQUIRE_MESSAGE(index, message(index));
    return std::move(index).value();
  }
  /// Every way of reading it, and of ranking: by distance, by whole codes, by as much of them as little memory holds.
  [[nodiscard]] std::vector<Index> openings(const Form& form) const {
    std::vector<Index> all;
    all.push_back(open(IoMode::kMapped, Ranking::kExact));
    all.push_back(open(IoMode::kPread, form.codes ? Ranking::kCodes : Ranking::kExact));
    if (system_info().io_uring) all.push_back(open(IoMode::kDirect, form.codes ? Ranking::kCodes : Ranking::kExact));
    if (!form.codes) return all;
    all.push_back(open(IoMode::kMapped, Ranking::kCodes));
    all.push_back(open(IoMode::kPread, Ranking::kAuto, form.grown ? 3U << 20 : 800U << 10));
    return all;
  }
  /// All live records by distance from each query, as comparing with all of them gives them.
  [[nodiscard]] SearchResult all_of() const {
    const Index index = open(IoMode::kMapped, Ranking::kExact);
    auto all = index.search(queries_.view(), {.k = static_cast<std::uint32_t>(index.info().count), .exact = true});
    REQUIRE_MESSAGE(all, message(all));
    return std::move(all).value();
  }

 private:
  void grow(std::size_t first) {
    auto writer = Writer::open(path(), {.delta_records = 200, .merge = false, .background_merges = false});
    REQUIRE_MESSAGE(writer, message(writer));
    for (const std::size_t rows : {500U, 250U, 50U}) {
      REQUIRE(writer->insert(base_.view(first, rows)));
      const auto committed = writer->commit();
      REQUIRE_MESSAGE(committed, message(committed));
      first += rows;
    }
    REQUIRE(first == kRows);
    std::vector<Id> dead;
    for (Id id = 0; id < kRows; id += 1 + id % 7) dead.push_back(id);
    for (Id id = 0; id < kRows; id += kRows / kQueries) {  // and the surroundings of queries
      for (Id near = id; near < id + 30; ++near) {
        if (std::ranges::find(dead, near) == dead.end()) dead.push_back(near);
      }
    }
    REQUIRE(writer->erase(dead));
    REQUIRE(writer->commit());
  }

  io::TempDir folder_;
  testing::Kind kind_;
  testing::Vectors base_, queries_;
};

/// One for all tests that change nothing.
inline const RangeWorld& range_world(const testing::Kind& kind, const Form& form) {
  static std::map<std::string, std::unique_ptr<RangeWorld>> worlds;
  auto& world = worlds[std::string(name(kind.metric)) + std::string(name(kind.type)) + to_text(form)];
  if (!world) world = std::make_unique<RangeWorld>(kind, form);
  return *world;
}

}  // namespace nearline
