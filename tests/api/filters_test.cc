// SPDX-License-Identifier: Apache-2.0
/// What records say, and searches among those that say the right thing, against a table in memory: random values and
/// filters, through builds, commits, deletions, upserts and compactions, by every way to pages.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "nearline/verify.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"
#include "tests/support/said.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::RandomFilter;
using testing::Vectors;

constexpr std::uint32_t kDim = 16;
constexpr std::uint32_t kK = 10;

struct Record {
  std::vector<float> vector;
  std::vector<Value> values;
  std::string payload;
};

/// An index and the table that says what is in it.
class World {
 public:
  World(std::uint64_t seed, Layout layout)
      : layout_(layout), random_(seed), vectors_(testing::clusters(ElementType::kF32, 6'000, kDim, seed)) {
    schema_ = {kDim, ElementType::kF32, Metric::kL2, testing::attributes_of_all_types()};
  }

  [[nodiscard]] std::filesystem::path path() const { return dir_ / "index.near"; }
  [[nodiscard]] const std::map<Id, Record>& table() const { return table_; }
  std::mt19937_64& random() { return random_; }

  void build(std::size_t rows) {
    BuildOptions options = quick_build();
    options.layout = layout_;
    options.code_bytes = 12;
    options.replace = true;
    auto builder = Builder::create(path(), schema_, options);
    REQUIRE_MESSAGE(builder, message(builder));
    for (std::size_t done = 0; done < rows; done += 300) {
      const Batch batch = draw(std::min<std::size_t>(300, rows - done), false);
      const auto added = builder->add(batch.view(), batch.ids, batch.data);
      REQUIRE_MESSAGE(added, message(added));
    }
    const auto built = builder->finish();
    REQUIRE_MESSAGE(built, message(built));
  }

  void insert(Writer& writer, std::size_t rows) {
    const Batch batch = draw(rows, false);
    const auto added = writer.insert(batch.view(), batch.ids, batch.data);
    REQUIRE_MESSAGE(added, message(added));
  }
  void upsert(Writer& writer, std::size_t rows) {
    const Batch batch = draw(rows, true);
    const auto added = writer.upsert(batch.view(), batch.ids, batch.data);
    REQUIRE_MESSAGE(added, message(added));
  }
  void erase_where(Writer& writer, const RandomFilter& filter) {
    const auto erased = writer.erase_where(filter.text);
    REQUIRE_MESSAGE(erased, message(erased));
    const auto gone = std::erase_if(table_, [&](const auto& one) { return holds(filter, one); });
    CHECK(erased->erased == gone);
  }

  static bool holds(const RandomFilter& filter, const std::pair<const Id, Record>& one) {
    return filter.holds(one.first, one.second.values).value_or(false);
  }

  /// All that the index says of its records, and of what matches filters.
  void check(const OpenOptions& options) {
    const auto index = Index::open(path(), options);
    REQUIRE_MESSAGE(index, message(index));
    check_data(*index);
    for (int i = 0; i < 12; ++i) check_filter(*index, testing::random_filter(random_, i % 4));
  }

 private:
  struct Batch {
    std::vector<float> components;
    std::vector<Id> ids;
    RecordData data;
    [[nodiscard]] MatrixView view() const { return {components.data(), ids.size(), kDim}; }
  };

  /// New records, or new ones in place of old; some say nothing, which batches do together.
  Batch draw(std::size_t rows, bool there) {
    Batch batch;
    std::vector<std::vector<Value>> values;
    std::vector<std::string> payloads;
    const bool silent = !there && random_() % 5 == 0;
    for (std::size_t i = 0; i < rows; ++i) {
      Id id = random_() % 4'000;
      while (table_.contains(id) != there || std::ranges::find(batch.ids, id) != batch.ids.end())
        id = random_() % 4'000;
      const auto vector = vectors_.row(next_++);
      Record& record = table_[id];
      record = {.vector = {vector.begin(), vector.end()}, .values = std::vector<Value>(5), .payload = {}};
      if (!silent) record.values = testing::random_values(random_);
      if (!silent && random_() % 3 != 0) record.payload.assign(random_() % 200, static_cast<char>(random_() % 256));
      batch.ids.push_back(id);
      batch.components.insert(batch.components.end(), vector.begin(), vector.end());
      values.push_back(record.values);
      payloads.push_back(record.payload);
    }
    if (!silent) batch.data = testing::table_of(values, std::move(payloads));
    return batch;
  }

  void check_data(const Index& index) const {
    std::vector<Id> ids;
    for (const auto& [id, record] : table_) ids.push_back(id);
    ids.push_back(5'000);  // of no record
    const auto data = index.data(ids);
    REQUIRE_MESSAGE(data, message(data));
    REQUIRE(data->values.size() == ids.size() * 5);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto found = table_.find(ids[i]);
      for (std::size_t a = 0; a < 5; ++a) {
        const Value wanted = found == table_.end() ? Value() : found->second.values[a];
        wrong += testing::same_value(data->values[i * 5 + a], wanted) ? 0 : 1;
      }
      const std::string payload = found == table_.end() ? "" : found->second.payload;
      wrong += (data->payloads.empty() ? "" : data->payloads[i]) == payload ? 0 : 1;
    }
    CHECK(wrong == 0);
  }

  void check_filter(const Index& index, const RandomFilter& filter) {
    CAPTURE(filter.text);
    std::vector<Id> matches;
    for (const auto& one : table_) {
      if (holds(filter, one)) matches.push_back(one.first);
    }
    const auto count = index.count(filter.text);
    REQUIRE_MESSAGE(count, message(count));
    CHECK(*count == matches.size());
    const auto ids = index.matching_ids(filter.text);
    REQUIRE_MESSAGE(ids, message(ids));
    CHECK(*ids == matches);
    const auto query = vectors_.row(next_++ % vectors_.rows());
    check_search(index, filter.text, matches, query, true);
    check_search(index, filter.text, matches, query, false);
    check_more(index, filter.text, matches, query);
  }

  /// All matches within a radius, and all of them page by page.
  void check_more(const Index& index, const std::string& filter, const std::vector<Id>& matches,
                  std::span<const float> query) {
    const auto wanted = in_order(matches, query);
    const MatrixView one(query.data(), 1, kDim);
    const float radius = wanted.empty() ? 1 : wanted[wanted.size() / 2].first;
    const auto within = index.range_search(one, {.radius = radius, .exact = true, .filter = filter});
    REQUIRE_MESSAGE(within, message(within));
    const auto end = std::ranges::upper_bound(wanted, radius, {}, &std::pair<float, Id>::first);
    std::vector<Id> ids;
    for (auto it = wanted.begin(); it != end; ++it) ids.push_back(it->second);
    CHECK(within->ids == ids);
    const SearchOptions paged{.k = 40, .exact = true, .filter = filter};
    std::vector<Id> given;
    std::string token;
    for (int pages = 0; pages < 3; ++pages) {
      const auto page = index.search_page(one, paged, token);
      REQUIRE_MESSAGE(page, message(page));
      given.insert(given.end(), page->ids.begin(), page->ids.end());
      token = page->next;
      if (page->end) break;
    }
    ids.clear();
    for (std::size_t i = 0; i < std::min<std::size_t>(120, wanted.size()); ++i) ids.push_back(wanted[i].second);
    CHECK(given == ids);
    if (!token.empty()) CHECK(!index.search_page(one, {.k = 40, .exact = true, .filter = "id >= 0"}, token));
  }

  /// The matches by distance, then id.
  [[nodiscard]] std::vector<std::pair<float, Id>> in_order(const std::vector<Id>& matches,
                                                           std::span<const float> query) const {
    std::vector<std::pair<float, Id>> all;
    for (const Id id : matches) {
      all.emplace_back(static_cast<float>(testing::distance(Metric::kL2, query, table_.at(id).vector)), id);
    }
    std::ranges::sort(all);
    return all;
  }

  void check_search(const Index& index, const std::string& filter, const std::vector<Id>& matches,
                    std::span<const float> query, bool exact) {
    const auto wanted = in_order(matches, query);
    const auto found = index.search({query.data(), 1, kDim}, {.k = kK, .exact = exact, .filter = filter});
    REQUIRE_MESSAGE(found, message(found));
    CHECK(found->matches == matches.size());
    CHECK(found->counts[0] == std::min<std::size_t>(kK, matches.size()));
    std::size_t hits = 0;
    for (std::size_t i = 0; i < found->counts[0]; ++i) {
      CHECK(std::ranges::binary_search(matches, found->ids[i]));
      if (exact) CHECK(found->ids[i] == wanted[i].second);
      hits += found->distances[i] <= wanted[std::min<std::size_t>(kK, wanted.size()) - 1].first ? 1 : 0;
    }
    asked_ += found->counts[0];
    found_ += hits;
  }

 public:
  /// The share of the nearest matches that were found, over all searches.
  [[nodiscard]] double recall() const { return static_cast<double>(found_) / static_cast<double>(asked_); }

 private:
  Layout layout_;
  std::mt19937_64 random_;
  Vectors vectors_;
  Schema schema_;
  TempDir dir_;
  std::map<Id, Record> table_;
  std::size_t next_ = 0;
  std::size_t asked_ = 0;
  std::size_t found_ = 0;
};

void check_verified(const std::filesystem::path& path) {
  const auto report = verify(path, true);
  REQUIRE_MESSAGE(report, message(report));
  for (const VerifyFinding& finding : report->findings) FAIL_CHECK(finding.what);
}

}  // namespace

TEST_SUITE("api/filters") {
  TEST_CASE("filters count, find and search what a table in memory says, through the whole life of an index") {
    for (const Layout layout : {Layout::kLean, Layout::kFused}) {
      CAPTURE(layout);
      World world(layout == Layout::kLean ? 1 : 2, layout);
      world.build(1'500);
      for (const IoMode mode : io_modes()) world.check(with_io(mode));
      auto writer = Writer::open(world.path(), {.delta_records = 100, .background_merges = false});
      REQUIRE_MESSAGE(writer, message(writer));
      for (int round = 0; round < 4; ++round) {
        world.insert(*writer, round % 2 == 0 ? 60 : 250);
        world.upsert(*writer, 40);
        REQUIRE(writer->commit());
        world.erase_where(*writer, testing::random_filter(world.random(), 0));
        REQUIRE(writer->commit());
        OpenOptions options = with_io(round % 2 == 0 ? IoMode::kPread : IoMode::kMapped, 8U << 20);
        options.ranking = round == 1 && layout == Layout::kLean ? Ranking::kCodes : Ranking::kAuto;
        world.check(options);
      }
      check_verified(world.path());
      REQUIRE(writer->compact());
      world.check(with_io(IoMode::kPread));
      REQUIRE(writer->compact_to(world.path(), true));
      world.check(with_io(IoMode::kMapped));
      check_verified(world.path());
      CHECK(world.recall() > 0.98);
    }
  }

  TEST_CASE("a filter that cannot be is refused by its byte, with what was expected, and changes nothing") {
    World world(3, Layout::kLean);
    world.build(50);
    const auto index = Index::open(world.path());
    REQUIRE(index);
    struct {
      const char* filter;
      const char* says;
    } const cases[] = {{"yaer = 3", "did you mean 'year'?"},
                       {"year = 'x'", "expected a number, found a string (at byte 0"},
                       {"lang = 3", "expected a string, found a number"},
                       {"sold < true", "expected '=', '!=' or 'in'"},
                       {"tags = 'bio'", "'tags' is tags: expected 'has'"},
                       {"lang has 'bio'", "'lang' is string: expected a comparison"},
                       {"id is null", "expected a comparison"},
                       {"year >", "byte 6"},
                       {"year = 3 or nothing = 4", "(at byte 12 of the filter)"}};
    for (const auto& one : cases) {
      CAPTURE(one.filter);
      const auto counted = index->count(one.filter);
      REQUIRE(!counted);
      CHECK(counted.error().code == Code::kInvalidArgument);
      CHECK_MESSAGE(counted.error().what.find(one.says) != std::string::npos, counted.error().what);
      const float query[kDim] = {};
      CHECK(!index->search({query, 1, kDim}, {.k = 1, .filter = one.filter}));
    }
    auto writer = Writer::open(world.path());
    REQUIRE(writer);
    CHECK(!writer->erase_where("yaer = 3"));
    CHECK(!writer->dirty());
  }

  TEST_CASE("values that do not fit their attribute are refused by record and attribute, with all of their call") {
    const TempDir dir;
    const Schema schema{2, ElementType::kF32, Metric::kL2, testing::attributes_of_all_types()};
    auto builder = Builder::create(dir / "index.near", schema, quick_build());
    REQUIRE(builder);
    const std::vector<float> vectors{1, 2, 3, 4};
    const auto refused = [&](RecordData data, Code code, const char* says) {
      const auto added = builder->add({vectors.data(), 2, 2}, {}, data);
      REQUIRE(!added);
      CHECK(added.error().code == code);
      CHECK_MESSAGE(added.error().what.find(says) != std::string::npos, added.error().what);
      CHECK(builder->count() == 0);
    };
    const Value none, one = std::int64_t{1};
    refused({.names = {"yeer"}, .values = {one, one}}, Code::kInvalidArgument, "did you mean 'year'?");
    refused({.names = {"year"}, .values = {one}}, Code::kInvalidArgument, "1 values for 2 records");
    refused({.names = {"year", "year"}, .values = {one, one, one, one}}, Code::kInvalidArgument, "is there twice");
    refused({.names = {"year"}, .values = {none, Value("x")}}, Code::kBadInput,
            "of record 1: found a string, expected i64");
    refused({.names = {"year"}, .values = {none, Value(0.5)}}, Code::kBadInput, "expected i64");
    refused({.names = {"price"}, .values = {none, Value(std::numeric_limits<double>::infinity())}}, Code::kBadInput,
            "expected a finite number");
    refused({.names = {"lang"}, .values = {Value("\xFF"), none}}, Code::kBadInput, "not UTF-8");
    refused({.names = {"tags"}, .values = {none, Value(Tags{"a", ""})}}, Code::kBadInput, "an empty tag");
    refused({.payloads = {"a"}}, Code::kInvalidArgument, "1 payloads for 2 records");
    CHECK(builder->add({vectors.data(), 2, 2}, {}, {.names = {"price"}, .values = {one, none}}));
  }

  TEST_CASE("a filter asked again reads nothing, and one of few matches reads the pages of these alone") {
    World world(4, Layout::kLean);
    world.build(3'000);
    const auto index = Index::open(world.path(), with_io(IoMode::kPread));
    REQUIRE(index);
    const std::vector<float> query(kDim);
    const SearchOptions options{.k = 5, .filter = "lang = 'en' and year >= 2025", .explain = true};
    const auto first = index->search({query.data(), 1, kDim}, options);
    const auto again = index->search({query.data(), 1, kDim}, options);
    REQUIRE_MESSAGE(first, message(first));
    REQUIRE(again);
    CHECK(first->filter_reads > 0);
    CHECK(first->filter_reads <= 20);
    CHECK(again->filter_reads == 0);
    CHECK(again->ids == first->ids);
    REQUIRE(first->explanation.size() == 1);
    CHECK(first->explanation[0].find(std::to_string(first->matches) + " of 3000 records") != std::string::npos);
    const auto few = index->search({query.data(), 1, kDim}, {.k = 5, .filter = "id in (1, 2, 3)"});
    REQUIRE(few);
    CHECK(few->stats[0].page_reads <= 3);
  }

  TEST_CASE("a build says the same whatever the order in which records came") {
    const TempDir dir;
    const Schema schema{kDim, ElementType::kF32, Metric::kL2, testing::attributes_of_all_types()};
    const Vectors rows = testing::clusters(ElementType::kF32, 200, kDim);
    std::mt19937_64 random(5);
    std::vector<std::vector<Value>> values;
    for (std::size_t i = 0; i < rows.rows(); ++i) values.push_back(testing::random_values(random));
    for (const bool backwards : {false, true}) {
      auto builder = Builder::create(dir / (backwards ? "b" : "a"), schema, quick_build());
      REQUIRE(builder);
      for (std::size_t i = 0; i < rows.rows(); ++i) {
        const Id id = backwards ? rows.rows() - 1 - i : i;
        REQUIRE(
            builder->add(rows.view(id, 1), std::span(&id, 1), testing::table_of({values[id]}, {std::to_string(id)})));
      }
      REQUIRE(builder->finish());
    }
    CHECK(contents(dir / "a") == contents(dir / "b"));
  }
}

}  // namespace nearline
