// SPDX-License-Identifier: Apache-2.0
/// Groups of records and votes for them against brute force over a table in memory.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "nearline/writer.h"
#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 12;

struct Record {
  std::size_t row;
  std::int64_t number;
  bool flag;
  std::optional<std::string> word;
  bool second;  ///< has a vector in the second field: that of another row
};

/// Records in three segments, some of them deleted, of few and of many groups.
class GroupWorld {
 public:
  GroupWorld() : vectors_(testing::clusters(ElementType::kF32, 1'400, kDim, 7)) {
    const Schema schema{.dim = kDim,
                        .attributes = {{"number", AttributeType::kI64},
                                       {"flag", AttributeType::kBool},
                                       {"word", AttributeType::kString},
                                       {"price", AttributeType::kF64}},
                        .fields = {{.name = "second", .dim = kDim}}};
    BuildOptions options = quick_build();
    options.code_bytes = 8;
    auto builder = Builder::create(path(), schema, options);
    REQUIRE_MESSAGE(builder, message(builder));
    for (std::size_t i = 0; i < 1'100; ++i) {
      const Id id = draw(i);
      REQUIRE(builder->add(vectors_.view(i, 1), std::span(&id, 1), data_of(table_.at(id))));
      if (table_.at(id).second) REQUIRE(builder->add_field("second", vectors_.view(1'399 - i, 1), std::span(&id, 1)));
    }
    REQUIRE(builder->finish());
    auto writer = Writer::open(path(), {.delta_records = 2'000, .merge = false, .background_merges = false});
    REQUIRE_MESSAGE(writer, message(writer));
    for (std::size_t i = 1'100; i < 1'200; ++i) {
      const Id id = draw(i);
      REQUIRE(writer->insert(vectors_.view(i, 1), std::span(&id, 1), data_of(table_.at(id))));
      table_.at(id).second = false;
      if (i == 1'150) REQUIRE(writer->commit());
    }
    std::vector<Id> gone;
    for (const auto& [id, record] : table_) {
      if (id % 7 == 0) gone.push_back(id);
    }
    REQUIRE(writer->commit());
    REQUIRE(writer->erase(gone));
    REQUIRE(writer->commit());
    for (const Id id : gone) table_.erase(id);
  }

  [[nodiscard]] std::filesystem::path path() const { return dir_ / "x"; }
  [[nodiscard]] const Vectors& vectors() const { return vectors_; }

  struct Near {
    float distance;
    Id id;
    Value group;
    friend bool operator<(const Near& a, const Near& b) {
      return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
    }
  };
  /// The groups by their nearest record, each with all its records.
  [[nodiscard]] std::vector<std::vector<Near>> groups(const std::string& by, std::span<const float> query,
                                                      bool filtered, bool second = false) const {
    std::map<Value, std::vector<Near>> all;
    for (const auto& [id, record] : table_) {
      if (by == "word" && !record.word) continue;
      if ((filtered && record.number >= 20) || (second && !record.second)) continue;
      const Value value = by == "number" ? Value(record.number)
                          : by == "flag" ? Value(record.flag)
                                         : Value(*record.word);
      const auto vector = vectors_.row(second ? 1'399 - record.row : record.row);
      all[value].push_back({static_cast<float>(testing::distance(Metric::kL2, query, vector)), id, value});
    }
    std::vector<std::vector<Near>> groups;
    for (auto& [value, records] : all) {
      std::sort(records.begin(), records.end());
      groups.push_back(std::move(records));
    }
    std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a[0] < b[0]; });
    return groups;
  }

 private:
  Id draw(std::size_t row) {
    const Id id = 10'000 - 3 * row;
    Record record{row, static_cast<std::int64_t>(random_() % 40) - 5, random_() % 9 == 0, {}, row % 3 != 0};
    // Words go with the place in space: near records share them.
    if (random_() % 6 != 0) record.word = "w" + std::to_string(row % 11 == 0 ? random_() % 30 : row % 4);
    table_[id] = record;
    return id;
  }
  static RecordData data_of(const Record& record) {
    return {.names = {"number", "flag", "word"},
            .values = {record.number, record.flag, record.word ? Value(*record.word) : Value()},
            .payloads = {}};
  }

  std::mt19937_64 random_{5};
  TempDir dir_;
  Vectors vectors_;
  std::map<Id, Record> table_;
};

void check_row(const GroupResult& found, std::size_t row, const std::vector<std::vector<GroupWorld::Near>>& wanted) {
  REQUIRE(found.counts[row] == std::min<std::size_t>(found.k, wanted.size()));
  for (std::uint32_t g = 0; g < found.counts[row]; ++g) {
    const std::size_t at = row * found.k + g;
    CHECK(found.groups[at] == wanted[g][0].group);
    REQUIRE(found.sizes[at] == std::min<std::size_t>(found.per_group, wanted[g].size()));
    for (std::uint32_t i = 0; i < found.sizes[at]; ++i) {
      CHECK(found.ids[at * found.per_group + i] == wanted[g][i].id);
      CHECK(found.distances[at * found.per_group + i] == doctest::Approx(wanted[g][i].distance).epsilon(1e-5));
    }
  }
}

}  // namespace

TEST_SUITE("api/groups") {
  TEST_CASE("exact searches find the groups and the records of each that brute force finds, and fill them") {
    const GroupWorld world;
    for (const IoMode mode : io_modes()) {
      const auto index = Index::open(world.path(), with_io(mode));
      REQUIRE_MESSAGE(index, message(index));
      CHECK(index->info().segments >= 2);
      for (const std::string by : {"number", "flag", "word"}) {
        for (const std::uint32_t per_group : {1U, 3U, 500U}) {
          for (const bool filtered : {false, true}) {
            CAPTURE(by);
            CAPTURE(per_group);
            const std::uint32_t k = per_group == 500 ? 50 : 6;
            const GroupOptions options{.group_by = by,
                                       .per_group = per_group,
                                       .search = {.k = k, .exact = true, .filter = filtered ? "number < 20" : ""}};
            const auto found = index->search_groups(world.vectors().view(1'200, 2), options);
            REQUIRE_MESSAGE(found, message(found));
            CHECK(found->expected_recall == 1);
            for (std::size_t q = 0; q < 2; ++q) {
              const auto wanted = world.groups(by, world.vectors().row(1'200 + q), filtered);
              check_row(*found, q, wanted);
              CHECK(found->group_count == wanted.size());
            }
          }
        }
      }
    }
  }

  TEST_CASE("a further field's records are grouped by what the first's say") {
    const GroupWorld world;
    const auto index = Index::open(world.path());
    REQUIRE(index);
    const GroupOptions options{.group_by = "word",
                               .per_group = 2,
                               .search = {.k = 5, .exact = true, .filter = "number < 20", .field = "second"}};
    const auto found = index->search_groups(world.vectors().view(1'210, 1), options);
    REQUIRE_MESSAGE(found, message(found));
    check_row(*found, 0, world.groups("word", world.vectors().row(1'210), true, true));
  }

  TEST_CASE("walks fill as many groups, and find most of the nearest") {
    const GroupWorld world;
    for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
      auto options = with_io(IoMode::kPread);
      options.ranking = ranking;
      const auto index = Index::open(world.path(), options);
      REQUIRE(index);
      std::size_t hits = 0, all = 0;
      const GroupOptions asked{.group_by = "number", .per_group = 2, .search = {.k = 5}};
      const auto found = index->search_groups(world.vectors().view(1'200, 40), asked);
      REQUIRE_MESSAGE(found, message(found));
      for (std::size_t q = 0; q < 40; ++q) {
        const auto wanted = world.groups("number", world.vectors().row(1'200 + q), false);
        REQUIRE(found->counts[q] == 5);
        std::set<Id> nearest;
        for (std::size_t g = 0; g < 5; ++g) {
          for (std::size_t i = 0; i < 2; ++i) nearest.insert(wanted[g][i].id);
        }
        for (std::size_t g = 0; g < 5; ++g) {
          CHECK(found->sizes[q * 5 + g] == 2);
          for (std::size_t i = 0; i < 2; ++i, ++all) hits += nearest.count(found->ids[(q * 5 + g) * 2 + i]);
        }
      }
      CHECK(hits * 100 >= all * 95);
    }
  }

  TEST_CASE("votes are sums of capped scores of each query's nearest groups") {
    const GroupWorld world;
    const auto index = Index::open(world.path());
    REQUIRE(index);
    const std::vector<std::uint64_t> offsets{0, 12, 12, 30};
    for (const float cap : {0.0F, 3.0F}) {
      const VoteOptions options{.group_by = "number", .top = 4, .neighbors = 6, .cap = cap, .search = {.exact = true}};
      const auto found = index->vote(world.vectors().view(1'200, 30), offsets, options);
      REQUIRE_MESSAGE(found, message(found));
      REQUIRE(found->offsets.size() == 4);
      CHECK(found->queries == std::vector<std::uint64_t>{12, 0, 18});
      CHECK(found->offsets[1] == found->offsets[2]);
      for (std::size_t s = 0; s < 3; ++s) {
        std::map<Value, double> scores;
        for (std::uint64_t q = offsets[s]; q < offsets[s + 1]; ++q) {
          const auto groups = world.groups("number", world.vectors().row(1'200 + q), false);
          const double far = cap > 0 ? static_cast<double>(cap) : static_cast<double>(groups[5][0].distance);
          for (std::size_t g = 0; g < 6; ++g) {
            const double score = 1 - static_cast<double>(groups[g][0].distance) / far;
            if (score > 0) scores[groups[g][0].group] += score;
          }
        }
        std::vector<double> ranked;
        for (const auto& [value, score] : scores) ranked.push_back(score);
        std::ranges::sort(ranked, std::greater<>{});
        const auto given =
            std::span(found->groups).subspan(found->offsets[s], found->offsets[s + 1] - found->offsets[s]);
        REQUIRE(given.size() == std::min<std::size_t>(4, ranked.size()));
        for (std::size_t g = 0; g < given.size(); ++g) {
          CHECK(given[g].score == doctest::Approx(ranked[g]).epsilon(1e-4));
          CHECK(given[g].score == doctest::Approx(scores[given[g].group]).epsilon(1e-4));
          CHECK(given[g].nearest <= given[g].votes);
        }
      }
    }
  }

  TEST_CASE("what makes no groups is refused by name") {
    const GroupWorld world;
    const auto index = Index::open(world.path());
    REQUIRE(index);
    const MatrixView query = world.vectors().view(0, 2);
    const auto says = [&](const GroupOptions& options, const std::string& what) {
      const auto found = index->search_groups(query, options);
      REQUIRE_FALSE(found);
      CHECK(found.error().code == Code::kInvalidArgument);
      CHECK_MESSAGE(found.error().what.find(what) != std::string::npos, found.error().what);
    };
    says({.group_by = "wrod"}, "did you mean 'word'?");
    says({.group_by = ""}, "unknown attribute ''");
    says({.group_by = "price"}, "expected an attribute of type i64, string or bool");
    says({.group_by = "word", .per_group = 0}, "10 groups of 0 records");
    says({.group_by = "word", .per_group = 6'554}, "expected 1 to 65536 answers");
    const auto refused = [&](const std::vector<std::uint64_t>& offsets, const VoteOptions& options) {
      const auto found = index->vote(query, offsets, options);
      return found ? std::string("accepted") : found.error().what;
    };
    const VoteOptions good{.group_by = "word"};
    CHECK(refused({}, good) == "accepted");
    CHECK(refused({0, 2}, good) == "accepted");
    CHECK(refused({0}, good).find("one offset") == 0);
    CHECK(refused({0, 1}, good).find("offset 1") == 0);
    CHECK(refused({1, 2}, good).find("offset 0") == 0);
    CHECK(refused({0, 2, 1, 2}, good).find("offset 2") == 0);
    CHECK(refused({0, 3, 2}, good).find("offset 1") == 0);
    CHECK(refused({}, {.group_by = "word", .cap = -1}).find("cap of") == 0);
    CHECK(refused({}, {.group_by = "word", .top = 0}).find("top of 0") == 0);
    CHECK(refused({}, {.group_by = "word", .neighbors = 1}).find("votes by 1") == 0);
  }
}

}  // namespace nearline
