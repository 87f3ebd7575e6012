// SPDX-License-Identifier: Apache-2.0
/// Places: distances in filters and nearest places, against haversines in long double over a table in memory.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <random>

#include "nearline/writer.h"
#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;

long double haversine(const Place& a, const Place& b) {
  constexpr long double kDegree = std::numbers::pi_v<long double> / 180;
  const long double lat = std::sin((static_cast<long double>(b.lat) - static_cast<long double>(a.lat)) * kDegree / 2);
  const long double lon = std::sin((static_cast<long double>(b.lon) - static_cast<long double>(a.lon)) * kDegree / 2);
  const long double cosines =
      std::cos(static_cast<long double>(a.lat) * kDegree) * std::cos(static_cast<long double>(b.lat) * kDegree);
  const long double share = std::min(1.0L, lat * lat + cosines * lon * lon);
  return 2 * 6'371'008.8L * std::atan2(std::sqrt(share), std::sqrt(1 - share));
}

/// Places of all kinds: anywhere, at poles, about the date line, in one town, copies.
Place draw(std::mt19937_64& random) {
  const auto real = [&](double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); };
  switch (random() % 8) {
    case 0: return {random() % 2 == 0 ? 90.0 : -90.0, real(-180, 180)};
    case 1: return {real(89.99, 90), real(-180, 180)};
    case 2: return {real(-20, 20), random() % 2 == 0 ? real(179.9, 180) : real(-180, -179.9)};
    case 3: return {real(-1, 1), random() % 2 == 0 ? 180.0 : -180.0};
    case 4: return {real(48.1, 48.3), real(16.2, 16.5)};
    case 5: return {48.2, 16.37};
    default: return {real(-90, 90), real(-180, 180)};
  }
}

/// Records of two segments with and without places, some deleted.
class PlaceWorld {
 public:
  PlaceWorld() {
    const Schema schema{.dim = 2, .attributes = {{"n", AttributeType::kI64}, {"home", AttributeType::kPlace}}};
    auto builder = Builder::create(path(), schema, quick_build());
    REQUIRE_MESSAGE(builder, message(builder));
    add(700, [&](const MatrixView& rows, const auto& ids, const RecordData& data) {
      REQUIRE(builder->add(rows, ids, data));
    });
    REQUIRE(builder->finish());
    auto writer = Writer::open(path(), {.merge = false, .background_merges = false});
    REQUIRE_MESSAGE(writer, message(writer));
    for (int i = 0; i < 2; ++i) {
      add(100, [&](const MatrixView& rows, const auto& ids, const RecordData& data) {
        REQUIRE(writer->insert(rows, ids, data));
      });
      REQUIRE(writer->commit());
    }
    std::vector<Id> gone;
    for (const auto& [id, record] : table_) {
      if (id % 5 == 0) gone.push_back(id);
    }
    REQUIRE(writer->erase(gone));
    REQUIRE(writer->commit());
    for (const Id id : gone) table_.erase(id);
  }

  struct Record {
    std::int64_t n;
    std::optional<Place> home;
  };
  [[nodiscard]] std::filesystem::path path() const { return dir_ / "x"; }
  [[nodiscard]] const std::map<Id, Record>& table() const { return table_; }
  std::mt19937_64& random() { return random_; }

 private:
  template <class Take>
  void add(std::size_t count, const Take& take) {
    std::vector<float> rows;
    std::vector<Id> ids;
    RecordData data{.names = {"home", "n"}, .values = {}, .payloads = {}};
    for (std::size_t i = 0; i < count; ++i) {
      const Id id = 7'919 * (table_.size() + 1) % 100'003;
      Record record{static_cast<std::int64_t>(random_() % 10), {}};
      if (random_() % 7 != 0) record.home = draw(random_);
      data.values.push_back(record.home ? Value(*record.home) : Value());
      data.values.emplace_back(record.n);
      table_[id] = record;
      ids.push_back(id);
      rows.insert(rows.end(), {static_cast<float>(i), static_cast<float>(random_() % 100)});
    }
    take(MatrixView(rows.data(), count, 2), std::span<const Id>(ids), data);
  }

  std::mt19937_64 random_{11};
  TempDir dir_;
  std::map<Id, Record> table_;
};

std::string text(double number) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.17g", number);
  return digits;
}

}  // namespace

TEST_SUITE("api/places") {
  TEST_CASE("great-circle distances are those of a haversine in long double, to a centimetre") {
    std::mt19937_64 random(3);
    for (int i = 0; i < 2'000; ++i) {
      const Place a = draw(random);
      const Place b = i % 5 == 0 ? Place{-a.lat, a.lon > 0 ? a.lon - 180 : a.lon + 180} : draw(random);
      CAPTURE(a.lat);
      CAPTURE(a.lon);
      CAPTURE(b.lat);
      CAPTURE(b.lon);
      CHECK(std::fabs(static_cast<double>(haversine(a, b)) - great_circle_metres(a, b)) < 1e-2);
    }
  }

  TEST_CASE("filters by distance match what a haversine does, at poles and across the date line") {
    PlaceWorld world;
    const auto index = Index::open(world.path());
    REQUIRE_MESSAGE(index, message(index));
    CHECK(index->info().segments >= 2);
    constexpr double kRadii[] = {0, 1, 3'000, 20'000, 150'000, 4e6, 1.6e7, 2.1e7};
    for (int i = 0; i < 120; ++i) {
      const Place at = draw(world.random());
      const double radius = kRadii[static_cast<std::size_t>(i) % std::size(kRadii)];
      const bool less = i % 3 != 0, kilometres = i % 2 == 0;
      const std::string filter = "distance(home, " + text(at.lat) + ", " + text(at.lon) + ") " + (less ? "<= " : "> ") +
                                 text(kilometres ? radius / 1000 : radius) + (kilometres ? "km" : " m");
      CAPTURE(filter);
      std::uint64_t least = 0, most = 0;  // what is nearer to the rim than places are kept may be on either side
      for (const auto& [id, record] : world.table()) {
        if (!record.home) continue;
        const auto far = static_cast<double>(haversine(at, *record.home));
        const bool unsure = std::fabs(far - radius) < 0.02;
        const bool in = (far <= radius) == less;
        least += in && !unsure ? 1 : 0;
        most += in || unsure ? 1 : 0;
      }
      const auto count = index->count(filter);
      REQUIRE_MESSAGE(count, message(count));
      CHECK(*count >= least);
      CHECK(*count <= most);
      const auto other = index->count("not " + filter + " and home is not null");
      const auto both = index->count("home is not null");
      REQUIRE(other);
      REQUIRE(both);
      CHECK(*count + *other == *both);
    }
  }

  TEST_CASE("the nearest places are those of a haversine to a metre, with ties to the smaller id") {
    PlaceWorld world;
    for (const IoMode mode : io_modes()) {
      const auto index = Index::open(world.path(), with_io(mode));
      REQUIRE_MESSAGE(index, message(index));
      for (int i = 0; i < 12; ++i) {
        const Place at = draw(world.random());
        const bool filtered = i % 2 == 0;
        const auto found =
            index->nearest_places({.attribute = "home", .at = at, .k = 30, .filter = filtered ? "n < 4" : ""});
        REQUIRE_MESSAGE(found, message(found));
        std::vector<double> wanted;
        for (const auto& [id, record] : world.table()) {
          if (record.home && (!filtered || record.n < 4)) {
            wanted.push_back(static_cast<double>(haversine(at, *record.home)));
          }
        }
        CHECK(found->matches == wanted.size());
        std::ranges::sort(wanted);
        REQUIRE(found->ids.size() == 30);
        for (std::size_t r = 0; r < 30; ++r) {
          const auto& record = world.table().at(found->ids[r]);
          REQUIRE(record.home.has_value());
          CHECK(std::fabs(found->metres[r] - wanted[r]) < 0.02);
          CHECK(std::fabs(found->metres[r] - static_cast<double>(haversine(at, *record.home))) < 0.02);
          CHECK(great_circle_metres(found->places[r], *record.home) < 0.01);
          if (r > 0 && found->metres[r] == found->metres[r - 1]) CHECK(found->ids[r] > found->ids[r - 1]);
        }
      }
    }
  }

  TEST_CASE("what is no place, or not on earth, is refused by name") {
    PlaceWorld world;
    const auto index = Index::open(world.path());
    REQUIRE(index);
    const auto says = [](const auto& result, const std::string& what) {
      REQUIRE_FALSE(result);
      CHECK_MESSAGE(result.error().what.find(what) != std::string::npos, result.error().what);
    };
    says(index->count("distance(home, 91, 0) < 5km"), "latitude is not from -90 to 90");
    says(index->count("distance(home, 0, -180.5) < 5km"), "longitude is not from -180 to 180");
    says(index->count("distance(n, 0, 0) < 5km"), "'n' is i64: expected a place");
    says(index->count("home = 5"), "'home' is place: expected 'distance(home, LATITUDE, LONGITUDE) < 5km'");
    says(index->count("distance(home, 0, 0) < 5"), "expected 'm' or 'km'");
    says(index->count("distance(home, 0, 0) < -5m"), "expected a length from 0 on");
    says(index->count("distance(home, 0, 0) = 5m"), "expected '<', '<=', '>' or '>='");
    says(index->count("distance(home, 0) < 5m"), "expected ','");
    says(index->nearest_places({.attribute = "n"}), "expected an attribute of type place");
    says(index->nearest_places({.attribute = "hoem"}), "did you mean 'home'?");
    says(index->nearest_places({.attribute = "home", .at = {0, 181}}), "longitude is not from -180 to 180");
    says(index->nearest_places({.attribute = "home", .at = {std::nan(""), 0}}), "latitude is not");
    says(index->nearest_places({.attribute = "home", .k = 0}), "k of 0");
    says(index->search_groups(MatrixView(std::vector<float>{1, 2}.data(), 1, 2), {.group_by = "home"}),
         "which is place");
    auto writer = Writer::open(world.path(), {.background_merges = false});
    REQUIRE(writer);
    const float row[] = {1, 2};
    const Id id = 1'000'000;
    const RecordData bad{.names = {"home"}, .values = {Place{-90.5, 0}}, .payloads = {}};
    says(writer->insert(MatrixView(row, 1, 2), std::span(&id, 1), bad), "latitude is not from -90 to 90");
    const RecordData other{.names = {"home"}, .values = {1.5}, .payloads = {}};
    says(writer->insert(MatrixView(row, 1, 2), std::span(&id, 1), other), "place");
  }
}

}  // namespace nearline
