// SPDX-License-Identifier: Apache-2.0
/// Records with vectors in several fields: random schemas and lives, against a table in memory.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "nearline/salvage.h"
#include "nearline/verify.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Kind;
using testing::Vectors;

constexpr std::size_t kPool = 400;

/// What a record has: of each field the number of a row of the field's pool, or none.
using Model = std::map<Id, std::vector<std::optional<std::size_t>>>;

class FieldWorld {
 public:
  explicit FieldWorld(std::uint64_t seed) : random_(seed) {
    const auto kinds = testing::all_kinds();
    const std::size_t count = 2 + draw(3);
    for (std::size_t f = 0; f < count; ++f) {
      const Kind kind = kinds[draw(kinds.size())];
      const auto dim = static_cast<std::uint32_t>(8 + draw(17));
      pools_.push_back(testing::clusters(kind.type, kPool, dim, f + 1));
      const bool indexed = draw(4) != 0;
      if (f == 0) {
        schema_ = {.dim = dim, .type = kind.type, .metric = kind.metric, .name = "first", .indexed = indexed};
        schema_.attributes = {{"group", AttributeType::kI64}};
      } else {
        schema_.fields.push_back({.name = "field " + std::to_string(f),
                                  .dim = dim,
                                  .type = kind.type,
                                  .metric = kind.metric,
                                  .indexed = indexed});
      }
    }
  }

  [[nodiscard]] std::filesystem::path path() const { return folder_ / "x"; }
  [[nodiscard]] const Schema& schema() const { return schema_; }

  void build(std::size_t records) {
    BuildOptions options = quick_build();
    options.code_bytes = Count::kAuto;
    auto builder = Builder::create(path(), schema_, options);
    REQUIRE_MESSAGE(builder, message(builder));
    for (std::size_t i = 0; i < records; ++i) {
      const Id id = new_id();
      const std::size_t row = draw(kPool);
      REQUIRE(builder->add(pools_[0].view(row, 1), std::span(&id, 1), group_of(id)));
      model_[id] = none();
      model_[id][0] = row;
    }
    for (std::size_t f = 1; f < pools_.size(); ++f) {
      const std::size_t share = draw(5);
      for (auto& [id, rows] : model_) {
        if (draw(4) >= share) continue;
        rows[f] = draw(kPool);
        REQUIRE(builder->add_field(name_of(f), pools_[f].view(*rows[f], 1), std::span(&id, 1)));
      }
    }
    const auto built = builder->finish();
    REQUIRE_MESSAGE(built, message(built));
  }

  /// Some changes of all kinds, and a commit.
  void change(Writer& writer) {
    for (std::size_t step = 0; step < 40; ++step) {
      const std::size_t what = draw(8);
      const Id old = some_id();
      if (what < 3 || model_.empty()) {
        const Id id = new_id();
        put(writer, id, false);
      } else if (what == 3) {
        put(writer, old, true);
      } else if (what == 4) {
        const auto erased = writer.erase(std::span(&old, 1));
        REQUIRE_MESSAGE(erased, message(erased));
        CHECK(erased->erased == 1);
        model_.erase(old);
      } else if (what == 5) {
        const std::size_t f = 1 + draw(pools_.size() - 1);
        const auto erased = writer.erase_field(name_of(f), std::span(&old, 1));
        REQUIRE_MESSAGE(erased, message(erased));
        CHECK(erased->erased == (model_[old][f] ? 1 : 0));
        model_[old][f].reset();
      } else {
        set(writer, old, 1 + draw(pools_.size() - 1));
      }
    }
    const auto committed = writer.commit();
    REQUIRE_MESSAGE(committed, message(committed));
    CHECK(committed->count == model_.size());
  }

  /// All that can be asked says what the table says.
  void check(const std::filesystem::path& file) {
    const auto report = verify(file, true);
    REQUIRE_MESSAGE(report, message(report));
    for (const VerifyFinding& finding : report->findings) FAIL_CHECK(finding.what);
    for (const IoMode io : {IoMode::kMapped, IoMode::kPread}) {
      auto index = Index::open(file, with_io(io));
      REQUIRE_MESSAGE(index, message(index));
      CHECK(index->info().schema.fields.size() + 1 == pools_.size());
      for (std::size_t f = 0; f < pools_.size(); ++f) check_field(*index, f);
    }
  }

  /// Searches by several fields, at random weights, against sums over the table.
  void check_fusion() {
    for (const IoMode io : {IoMode::kMapped, IoMode::kPread}) {
      auto index = Index::open(path(), with_io(io));
      REQUIRE_MESSAGE(index, message(index));
      for (int q = 0; q < 4; ++q) {
        std::vector<FieldQueries> asked;
        std::vector<std::size_t> rows(pools_.size());
        std::vector<float> weights(pools_.size(), 0);
        for (std::size_t f = 0; f < pools_.size(); ++f) {
          rows[f] = draw(kPool);
          if (f > 0 && draw(3) == 0) continue;
          weights[f] = static_cast<float>(1 + draw(8)) / 8;
          asked.push_back({.field = name_of(f), .queries = pools_[f].view(rows[f], 1), .weight = weights[f]});
          if (draw(3) != 0) continue;  // a limit at the distance of some record, and perhaps nothing but the limit
          const auto far = testing::distance(metric_of(f), pools_[f].row(rows[f]), pools_[f].row(draw(kPool)));
          asked.back().limit = static_cast<float>(far * 1.0001);
          if (f > 0 && draw(2) == 0) asked.back().weight = weights[f] = 0;
        }
        FusionOptions options{.k = 8, .exact = true, .filter = draw(2) == 0 ? "" : "group = 1"};
        if (draw(2) == 0) options.missing = static_cast<float>(draw(500));
        compare_sums(*index, asked, options, rows, weights);
      }
    }
  }

  std::size_t draw(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_); }

 private:
  void compare_sums(const Index& index, std::span<const FieldQueries> asked, FusionOptions options,
                    const std::vector<std::size_t>& rows, const std::vector<float>& weights) {
    std::vector<std::pair<double, Id>> expected;
    for (const auto& one : model_) {
      double sum = 0;
      bool counts = options.filter.empty() || one.first % 3 == 1;
      for (std::size_t f = 0; f < pools_.size() && counts; ++f) {
        const auto of = std::ranges::find(asked, name_of(f), &FieldQueries::field);
        if (of == asked.end() || (weights[f] == 0 && !of->limit)) continue;
        counts = one.second[f].has_value() || options.missing.has_value();
        if (!counts) break;
        const double distance =
            one.second[f] ? testing::distance(metric_of(f), pools_[f].row(rows[f]), pools_[f].row(*one.second[f]))
                          : static_cast<double>(*options.missing);
        sum += static_cast<double>(weights[f]) * distance;
        counts = !of->limit || distance <= static_cast<double>(*of->limit);
      }
      if (counts) expected.emplace_back(sum, one.first);
    }
    std::ranges::sort(expected);
    const std::size_t k = std::min<std::size_t>(options.k, expected.size());
    for (const bool exact : {true, false}) {
      CAPTURE(exact);
      options.exact = exact;
      const auto found = index.search_fields(asked, options);
      REQUIRE_MESSAGE(found, message(found));
      REQUIRE(found->counts[0] == k);
      if (exact) CHECK(found->expected_recall == 1);
      CHECK(found->stats[0].nanoseconds > 0);
      for (std::size_t i = 0; i < k; ++i) {
        CHECK(static_cast<double>(found->distances[i]) == doctest::Approx(expected[i].first).epsilon(1e-4));
      }
    }
  }

  [[nodiscard]] std::string name_of(std::size_t f) const { return f == 0 ? schema_.name : schema_.fields[f - 1].name; }
  [[nodiscard]] Metric metric_of(std::size_t f) const { return f == 0 ? schema_.metric : schema_.fields[f - 1].metric; }
  [[nodiscard]] std::vector<std::optional<std::size_t>> none() const {
    return std::vector<std::optional<std::size_t>>(pools_.size());
  }
  Id new_id() { return next_ += 1 + draw(3); }
  Id some_id() {
    if (model_.empty()) return 0;
    return std::next(model_.begin(), static_cast<std::ptrdiff_t>(draw(model_.size())))->first;
  }
  static RecordData group_of(Id id) { return {.names = {"group"}, .values = {static_cast<std::int64_t>(id % 3)}}; }

  void put(Writer& writer, Id id, bool replace) {
    const std::size_t row = draw(kPool);
    const MatrixView vector = pools_[0].view(row, 1);
    if (replace) {
      const auto put = writer.upsert(vector, std::span(&id, 1), group_of(id));
      REQUIRE_MESSAGE(put, message(put));
    } else {
      const auto put = writer.insert(vector, std::span(&id, 1), group_of(id));
      REQUIRE_MESSAGE(put, message(put));
    }
    model_[id] = none();
    model_[id][0] = row;
    for (std::size_t f = 1; f < pools_.size(); ++f) {
      if (draw(2) == 0) set(writer, id, f);
    }
  }

  void set(Writer& writer, Id id, std::size_t f) {
    const std::size_t row = draw(kPool);
    const auto set = writer.set_field(name_of(f), pools_[f].view(row, 1), std::span(&id, 1));
    REQUIRE_MESSAGE(set, message(set));
    model_[id][f] = row;
  }

  void check_field(const Index& index, std::size_t f) {
    const std::string field = name_of(f);
    CAPTURE(field);
    std::vector<Id> ids;
    Vectors there = testing::no_vectors(pools_[f].type, pools_[f].dim);
    for (const auto& one : model_) {
      if (!one.second[f]) continue;
      ids.push_back(one.first);
      there.push_back(pools_[f].row(*one.second[f]));
    }
    const auto info = index.info(field);
    REQUIRE_MESSAGE(info, message(info));
    CHECK(info->count == ids.size());
    check_get(index, f, ids);
    if (ids.empty()) return;
    const std::size_t queries = 3;
    for (std::size_t q = 0; q < queries; ++q) {
      const std::size_t row = draw(kPool);
      check_search(index, f, ids, there, row, "");
      check_search(index, f, ids, there, row, "group = 1");
    }
  }

  void check_get(const Index& index, std::size_t f, const std::vector<Id>& ids) {
    const std::string field = name_of(f);
    std::vector<Id> seen;
    const auto visited = index.for_each(
        7,
        [&](std::span<const Id> some, const MatrixView&) -> Result<void> {
          seen.insert(seen.end(), some.begin(), some.end());
          return {};
        },
        field);
    REQUIRE_MESSAGE(visited, message(visited));
    CHECK(seen == ids);
    std::vector<Id> asked;
    for (const auto& one : model_) asked.push_back(one.first);
    const auto contains = index.contains(asked, field);
    REQUIRE(contains);
    for (std::size_t i = 0; i < asked.size(); ++i) CHECK((*contains)[i] == model_[asked[i]][f].has_value());
  }

  void check_search(const Index& index, std::size_t f, const std::vector<Id>& ids, const Vectors& there,
                    std::size_t row, const std::string& filter) {
    SearchOptions options{.k = 10, .exact = true, .filter = filter};
    options.field = name_of(f);
    const auto found = index.search(pools_[f].view(row, 1), options);
    REQUIRE_MESSAGE(found, message(found));
    std::vector<std::pair<double, Id>> expected;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!filter.empty() && ids[i] % 3 != 1) continue;
      expected.emplace_back(testing::distance(metric_of(f), pools_[f].row(row), there.row(i)), ids[i]);
    }
    std::ranges::sort(expected);
    const std::size_t k = std::min<std::size_t>(10, expected.size());
    REQUIRE(found->counts[0] == k);
    for (std::size_t i = 0; i < k; ++i) {
      CHECK(static_cast<double>(found->distances[i]) == doctest::Approx(expected[i].first).epsilon(1e-4));
      const auto at = std::ranges::find(expected, found->ids[i], &std::pair<double, Id>::second);
      REQUIRE(at != expected.end());
      CHECK(at->first == doctest::Approx(expected[i].first).epsilon(1e-4));
    }
    if (!filter.empty()) CHECK(found->matches == expected.size());
  }

  std::mt19937_64 random_;
  TempDir folder_;
  Schema schema_;
  std::vector<Vectors> pools_;
  Model model_;
  Id next_ = 0;
};

}  // namespace

TEST_SUITE("api/fields") {
  TEST_CASE("a field that is stored only takes the least memory that an estimate says, and no byte less") {
    constexpr std::size_t kRows = 20'000;
    const Vectors rows = testing::clusters(ElementType::kF32, kRows, 96);
    const Schema schema{.dim = 96, .type = ElementType::kF32, .metric = Metric::kL2, .indexed = false};
    const auto needs = estimate(kRows, schema);
    REQUIRE_MESSAGE(needs, message(needs));
    CHECK(needs->least_build_memory_bytes < needs->build_memory_bytes);
    const TempDir folder;
    BuildOptions options = quick_build();
    options.memory_bytes = needs->least_build_memory_bytes - 1;
    const auto refused = build(folder / "x", schema, rows.view(), {}, options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kOverBudget);
    CHECK(refused.error().what.find(std::to_string(needs->least_build_memory_bytes)) != std::string::npos);
    ++options.memory_bytes;
    REQUIRE(build(folder / "x", schema, rows.view(), {}, options));
    REQUIRE(build(folder / "y", schema, rows.view()));
    CHECK(contents(folder / "x") == contents(folder / "y"));  // in parts, and at once
  }

  TEST_CASE("every field of every record is what was said last, through any life") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      CAPTURE(seed);
      FieldWorld world(seed);
      world.build(world.draw(3) == 0 ? 0 : 300);
      world.check(world.path());
      WriterOptions options{.delta_records = 20, .background_merges = seed % 2 == 0};
      {
        auto writer = Writer::open(world.path(), options);
        REQUIRE_MESSAGE(writer, message(writer));
        for (int commit = 0; commit < 6; ++commit) world.change(*writer);
        if (options.background_merges) REQUIRE(writer->wait_for_merges());
      }
      world.check(world.path());
      world.check_fusion();
      const TempDir other;
      {
        auto writer = Writer::open(world.path(), options);
        REQUIRE_MESSAGE(writer, message(writer));
        world.change(*writer);
        const auto compacted = seed % 3 == 0 ? Result<void>{} : [&]() -> Result<void> {
          NEARLINE_CHECK(writer->compact());
          return {};
        }();
        REQUIRE_MESSAGE(compacted, message(compacted));
        const auto copied = writer->compact_to(other / "copy");
        REQUIRE_MESSAGE(copied, message(copied));
      }
      world.check(world.path());
      world.check(other / "copy");
      const auto saved = salvage(world.path(), other / "saved");
      REQUIRE_MESSAGE(saved, message(saved));
      CHECK(saved->complete());
      world.check(other / "saved");
    }
  }
}

}  // namespace nearline
