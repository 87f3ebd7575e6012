// SPDX-License-Identifier: Apache-2.0
/// Clusters and prototypes, against the definitions computed directly over the records of grown and shrunken indexes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "nearline/evaluate.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"

namespace nearline {
namespace {

constexpr std::uint32_t kDim = 3;

/// 240 points in a few loose heaps, in two segments, a few deleted, with a kind and a number each.
class Heaps {
 public:
  explicit Heaps(Metric metric) : metric_(metric) {
    std::mt19937 random(11);
    std::normal_distribution<float> normal;
    std::vector<std::array<float, kDim>> middles(9);
    for (auto& middle : middles)
      for (float& x : middle) x = 4 * normal(random);
    for (Id id = 0; id < 240; ++id) {
      const std::size_t heap = random() % middles.size();
      for (const float x : middles[heap]) rows_.push_back(x + 0.3F * normal(random));
      kinds_.push_back(id % 10 == 9 ? "" : heap < 3 ? "it's" : heap < 6 ? "b" : "c \"d\"");
    }
    Schema schema{.dim = kDim, .metric = metric};
    schema.attributes = {
        {"a kind", AttributeType::kString}, {"even", AttributeType::kBool}, {"one", AttributeType::kI64}};
    auto builder = Builder::create(path(), schema, quick_build());
    REQUIRE_MESSAGE(builder, message(builder));
    REQUIRE(builder->add({rows_.data(), 180, kDim}, {}, said(0, 180)));
    REQUIRE(builder->finish());
    auto writer = Writer::open(path(), {.merge = false, .background_merges = false});
    REQUIRE_MESSAGE(writer, message(writer));
    REQUIRE(writer->insert({rows_.data() + 180 * kDim, 60, kDim}, {}, said(180, 60)));
    for (Id id = 5; id < 240; id += 17) dead_.insert(id);
    REQUIRE(writer->erase(std::vector<Id>(dead_.begin(), dead_.end())));
    REQUIRE(writer->commit());
  }

  [[nodiscard]] std::filesystem::path path() const { return folder_ / "x.near"; }
  [[nodiscard]] std::vector<Id> alive() const {
    std::vector<Id> ids;
    for (Id id = 0; id < 240; ++id)
      if (!dead_.contains(id)) ids.push_back(id);
    return ids;
  }
  [[nodiscard]] std::span<const float> row(Id id) const { return std::span(rows_).subspan(id * kDim, kDim); }
  [[nodiscard]] const std::string& kind(Id id) const { return kinds_[id]; }
  [[nodiscard]] double distance(std::span<const float> a, std::span<const float> b) const {
    double squares = 0, product = 0, of_a = 0, of_b = 0;
    for (std::uint32_t d = 0; d < kDim; ++d) {
      squares += (double{a[d]} - b[d]) * (double{a[d]} - b[d]);
      product += double{a[d]} * b[d];
      of_a += double{a[d]} * a[d];
      of_b += double{b[d]} * b[d];
    }
    if (metric_ == Metric::kL2) return squares;
    return 1 - (metric_ == Metric::kCosine ? product / std::sqrt(of_a * of_b) : product);
  }

 private:
  [[nodiscard]] RecordData said(std::size_t first, std::size_t count) const {
    RecordData data{.names = {"a kind", "even", "one"}};
    for (std::size_t id = first; id < first + count; ++id) {
      data.values.push_back(kinds_[id].empty() ? Value() : Value(kinds_[id]));
      data.values.emplace_back(id % 2 == 0);
      data.values.emplace_back(std::int64_t{-1});
    }
    return data;
  }

  io::TempDir folder_;
  Metric metric_;
  std::vector<float> rows_;
  std::vector<std::string> kinds_;
  std::set<Id> dead_;
};

/// Components by spreading a colour, until nothing changes.
std::map<Id, Id> spread(const Heaps& heaps, const std::vector<Id>& ids, double radius) {
  std::map<Id, Id> colours;
  for (const Id id : ids) colours[id] = id;
  for (bool changed = true; changed;) {
    changed = false;
    for (const Id a : ids)
      for (const Id b : ids)
        if (colours[b] < colours[a] && heaps.distance(heaps.row(a), heaps.row(b)) <= radius) {
          colours[a] = colours[b];
          changed = true;
        }
  }
  return colours;
}

}  // namespace

TEST_SUITE("api/clusters") {
  TEST_CASE("clusters are the connected components within the radius, the largest first") {
    for (const auto& kind : std::map<Metric, std::vector<float>>{
             {Metric::kL2, {0, 0.1F, 0.4F, 3, 1000}}, {Metric::kCosine, {0.0005F, 0.01F}}, {Metric::kIp, {-20, -5}}}) {
      const Metric metric = kind.first;
      const Heaps heaps(metric);
      const auto index = Index::open(heaps.path(), with_io(IoMode::kPread, 64U << 20, 2));
      REQUIRE_MESSAGE(index, message(index));
      for (const float radius : kind.second) {
        for (const bool filtered : {false, true}) {
          CAPTURE(metric);
          CAPTURE(radius);
          CAPTURE(filtered);
          ClusterOptions options{.radius = radius, .exact = true, .threads = 2};
          if (filtered) options.filter = "even";
          const auto got = find_clusters(*index, options);
          REQUIRE_MESSAGE(got, message(got));
          std::vector<Id> ids = heaps.alive();
          if (filtered) std::erase_if(ids, [](Id id) { return id % 2 == 1; });
          CHECK(got->ids == ids);
          const auto colours = spread(heaps, ids, radius);
          std::map<Id, std::uint64_t> sizes;
          for (const Id id : ids) ++sizes[colours.at(id)];
          std::vector<Id> order;
          for (const auto& [colour, size] : sizes) order.push_back(colour);
          std::stable_sort(order.begin(), order.end(), [&](Id a, Id b) { return sizes[a] > sizes[b]; });
          REQUIRE(got->sizes.size() == order.size());
          for (std::size_t c = 0; c < order.size(); ++c) CHECK(got->sizes[c] == sizes[order[c]]);
          std::size_t wrong = 0;
          for (std::size_t i = 0; i < ids.size(); ++i) wrong += order[got->of[i]] == colours.at(ids[i]) ? 0 : 1;
          CHECK(wrong == 0);
          std::uint64_t pairs = 0;
          for (const Id a : ids)
            for (const Id b : ids) pairs += a < b && heaps.distance(heaps.row(a), heaps.row(b)) <= radius ? 1 : 0;
          CHECK(got->pairs == pairs);
        }
      }
      for (const float bad : {std::nanf(""), -1.0F}) {
        if (bad == -1 && metric != Metric::kL2) continue;
        const auto refused = find_clusters(*index, {.radius = bad});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().message().find("radius of") != std::string::npos);
      }
    }
  }

  TEST_CASE("prototypes are the means of groups, and queries go to the nearest") {
    for (const Metric metric : {Metric::kL2, Metric::kCosine, Metric::kIp}) {
      CAPTURE(metric);
      const Heaps heaps(metric);
      const auto index = Index::open(heaps.path(), with_io(IoMode::kPread));
      REQUIRE_MESSAGE(index, message(index));
      const auto got = make_prototypes(*index, "a kind");
      REQUIRE_MESSAGE(got, message(got));
      CHECK(got->names == std::vector<std::string>{"b", "c \"d\"", "it's"});
      for (std::size_t group = 0; group < got->names.size(); ++group) {
        std::array<double, kDim> sum{};
        std::uint64_t count = 0;
        for (const Id id : heaps.alive()) {
          if (heaps.kind(id) != got->names[group]) continue;
          ++count;
          double squares = 0;
          for (const float x : heaps.row(id)) squares += double{x} * x;
          for (std::uint32_t d = 0; d < kDim; ++d)
            sum[d] += heaps.row(id)[d] / (metric == Metric::kCosine ? std::sqrt(squares) : 1);
        }
        CHECK(got->counts[group] == count);
        double squares = 0;
        for (const double x : sum) squares += x * x;
        const double divisor = metric == Metric::kCosine ? std::sqrt(squares) : static_cast<double>(count);
        for (std::uint32_t d = 0; d < kDim; ++d)
          CHECK(got->means[group * kDim + d] == doctest::Approx(sum[d] / divisor).epsilon(1e-5));
      }
      const std::vector<float> queries{1, 2, 3, -4, 0.5F, 2, 0.1F, -3, 1};
      const auto classified = classify(*index, *got, {queries.data(), 3, kDim}, {.members = 4, .l = 240});
      REQUIRE_MESSAGE(classified, message(classified));
      for (std::size_t q = 0; q < 3; ++q) {
        CAPTURE(q);
        const auto query = std::span(queries).subspan(q * kDim, kDim);
        std::vector<std::pair<double, std::uint32_t>> order;
        for (std::uint32_t g = 0; g < 3; ++g)
          order.emplace_back(heaps.distance(query, std::span(got->means).subspan(g * kDim, kDim)), g);
        std::sort(order.begin(), order.end());
        const Classified& one = (*classified)[q];
        CHECK(one.group == order[0].second);
        CHECK(one.second == order[1].second);
        CHECK(one.distance == doctest::Approx(order[0].first).epsilon(1e-5));
        CHECK(one.margin() == doctest::Approx(order[1].first - order[0].first).epsilon(1e-4));
        std::vector<std::pair<double, Id>> members;
        for (const Id id : heaps.alive())
          if (heaps.kind(id) == got->names[one.group]) members.emplace_back(heaps.distance(query, heaps.row(id)), id);
        std::sort(members.begin(), members.end());
        REQUIRE(one.members.size() == 4);
        for (std::size_t i = 0; i < 4; ++i)
          CHECK(one.member_distances[i] == doctest::Approx(members[i].first).epsilon(1e-4));
      }
      const auto by_flag = make_prototypes(*index, "even");
      REQUIRE_MESSAGE(by_flag, message(by_flag));
      const auto flags = classify(*index, *by_flag, {queries.data(), 3, kDim});
      REQUIRE_MESSAGE(flags, message(flags));
      for (const Classified& one : *flags)
        for (const Id id : one.members) CHECK((id % 2 == 0) == (by_flag->names[one.group] == "true"));
      CHECK(message(make_prototypes(*index, "one")).find("two groups of records or more, found 1") !=
            std::string::npos);
      CHECK(message(make_prototypes(*index, "a knid")).find("a kind") != std::string::npos);
      const std::vector<float> nan{1, std::nanf(""), 0};
      CHECK(message(classify(*index, *got, {nan.data(), 1, kDim})).find("row 0") != std::string::npos);
      CHECK_FALSE(classify(*index, *got, {queries.data(), 2, 4}));
    }
  }
}

}  // namespace nearline
