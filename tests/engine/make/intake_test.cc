// SPDX-License-Identifier: Apache-2.0
#include "engine/make/intake.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "io/simulated_disk.h"
#include "tests/support/allocations.h"
#include "tests/support/vectors.h"

namespace nearline::engine {
namespace {

using testing::Vectors;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// An intake on a disk of its own.
struct Door {
  explicit Door(const Schema& schema) : intake(schema, disk.create_unnamed(".").value(), disk, ".") {}

  /// Adds one row of floats.
  Result<void> add(const std::vector<float>& row, std::vector<Id> ids = {}) {
    return intake.add({row.data(), 1, static_cast<std::uint32_t>(row.size())}, ids);
  }

  io::SimulatedDisk disk;
  Intake intake;
};

std::vector<Id> ids_of(Intake& intake) {
  std::vector<Id> ids;
  REQUIRE(intake.spill().for_each([&](std::uint64_t, Id id, std::span<const std::byte>) -> Result<void> {
    ids.push_back(id);
    return {};
  }));
  return ids;
}

}  // namespace

TEST_SUITE("engine/make/intake") {
  TEST_CASE("rows that cannot be compared are refused by number, and with them all rows of their call") {
    struct Case {
      Schema schema;
      std::vector<float> bad;
      std::string complaint;
    };
    const std::vector<Case> cases{
        {{2, ElementType::kF32, Metric::kL2}, {1, kNan}, "vector 5 holds NaN or infinity"},
        {{2, ElementType::kF32, Metric::kL2}, {-kInfinity, 1}, "vector 5 holds NaN or infinity"},
        {{2, ElementType::kF16, Metric::kL2}, {70'000, 1}, "vector 5 holds a value that f16 cannot"},
        {{2, ElementType::kI8, Metric::kL2}, {1.5F, 1}, "vector 5 holds a value that i8 cannot"},
        {{2, ElementType::kU8, Metric::kL2}, {-1, 1}, "vector 5 holds a value that u8 cannot"},
        {{2, ElementType::kF32, Metric::kL2}, {1.4e19F, 1}, "vector 5 is too long"},
        {{2, ElementType::kBF16, Metric::kL2}, {1.4e19F, 1}, "vector 5 is too long"},
        {{2, ElementType::kF32, Metric::kIp}, {3e38F, 1}, "vector 5 is too long"},
        {{2, ElementType::kF32, Metric::kCosine}, {3e38F, 1}, "vector 5 is too long"},
        {{2, ElementType::kF32, Metric::kCosine}, {0, 0}, "vector 5 has no direction"},
        {{2, ElementType::kF32, Metric::kCosine}, {1e-30F, 1e-30F}, "vector 5 has no direction"},
        {{2, ElementType::kF16, Metric::kCosine}, {1e-20F, 1e-20F}, "vector 5 has no direction"},  // becomes zero
        {{2, ElementType::kI8, Metric::kCosine}, {0, 0}, "vector 5 has no direction"},
    };
    for (const Case& c : cases) {
      CAPTURE(c.complaint);
      Door door(c.schema);
      const std::vector<float> good{1, 2, 3, 4, 5, 6};
      REQUIRE(door.intake.add({good.data(), 3, 2}, {}));
      std::vector<float> rows{7, 8, 9, 10};
      rows.insert(rows.end(), c.bad.begin(), c.bad.end());
      const auto added = door.intake.add({rows.data(), 3, 2}, {});
      REQUIRE_FALSE(added);
      CHECK(added.error().code == Code::kBadInput);
      CHECK(added.error().what.find(c.complaint) == 0);
      CHECK(door.intake.count() == 3);
      REQUIRE(door.add({1, 1}));
      CHECK(ids_of(door.intake) == std::vector<Id>{0, 1, 2, 3});
    }
  }

  TEST_CASE("bits beyond the dimension are refused") {
    Door door({11, ElementType::kB1, Metric::kHamming});
    const std::byte good[]{std::byte{0xFF}, std::byte{0x07}}, bad[]{std::byte{0}, std::byte{0x08}};
    CHECK(door.intake.add({good, 1, 11, ElementType::kB1}, {}));
    const auto added = door.intake.add({bad, 1, 11, ElementType::kB1}, {});
    REQUIRE_FALSE(added);
    CHECK(added.error().what.find("vector 1 has bits beyond") == 0);
  }

  TEST_CASE("calls that do not fit the schema are refused") {
    Door door({2, ElementType::kF32, Metric::kL2});
    const std::vector<float> row{1, 2, 3};
    const std::vector<Id> two{1, 2}, last{kNoId};
    const std::vector<Result<void>> refused = [&] {
      std::vector<Result<void>> all;
      all.push_back(door.intake.add({row.data(), 1, 3}, {}));
      all.push_back(door.intake.add({reinterpret_cast<const B1*>(row.data()), 1, 2}, {}));
      all.push_back(door.intake.add({row.data(), 1, 2}, two));
      all.push_back(door.intake.add({row.data(), 1, 2}, last));
      all.push_back(door.intake.add({row.data(), 0xFFFF'FFFF, 2}, {}));
      return all;
    }();
    for (const auto& result : refused) {
      REQUIRE_FALSE(result);
      CHECK(result.error().code == Code::kInvalidArgument);
    }
    CHECK(door.intake.count() == 0);
  }

  TEST_CASE("the first id given twice is named, wherever its rows are") {
    struct Case {
      std::vector<Id> ids;
      bool unique;
    };
    for (const Case& c : {Case{{}, true}, Case{{5}, true}, Case{{3, 2, 1}, true}, Case{{1, 1}, false},
                          Case{{7, 1, 2, 7}, false}, Case{{0, kNoId - 1, 0}, false}}) {
      CAPTURE(c.ids.size());
      Door door({1, ElementType::kF32, Metric::kL2});
      for (const Id id : c.ids) REQUIRE(door.add({1}, {id}));
      const auto checked = door.intake.check_ids_unique();
      REQUIRE(checked.has_value() == c.unique);
      if (c.unique) continue;
      CHECK(checked.error().code == Code::kInvalidArgument);
      CHECK(checked.error().what.find("id " + std::to_string(c.ids[0]) + " was given twice") == 0);
    }
  }

  TEST_CASE("rows without ids take their number, which may collide with one that was given") {
    Door door({1, ElementType::kF32, Metric::kL2});
    REQUIRE(door.add({1}));
    REQUIRE(door.add({1}, {2}));
    REQUIRE(door.add({1}));
    CHECK(ids_of(door.intake) == std::vector<Id>{0, 2, 2});
    CHECK_FALSE(door.intake.check_ids_unique());
  }

  TEST_CASE("ids take four bytes until one does not fit; a refused call does not count") {
    Door door({1, ElementType::kF32, Metric::kL2});
    REQUIRE(door.add({1}, {0xFFFF'FFFF}));
    CHECK(door.intake.id_bytes() == 4);
    REQUIRE_FALSE(door.intake.add({std::vector<float>{1, kNan}.data(), 2, 1}, std::vector<Id>{0x1'0000'0000, 3}));
    CHECK(door.intake.id_bytes() == 4);
    REQUIRE(door.add({1}, {0x1'0000'0000}));
    CHECK(door.intake.id_bytes() == 8);
  }

  TEST_CASE("under ip the longest vector's length is known; a refused call does not count") {
    Door door({2, ElementType::kF32, Metric::kIp});
    REQUIRE(door.add({3, 4}));
    REQUIRE(door.add({0, 0}));
    CHECK(door.intake.largest_squared_norm() == 25);
    REQUIRE_FALSE(door.intake.add({std::vector<float>{30, 40, 1, kNan}.data(), 2, 2}, {}));
    CHECK(door.intake.largest_squared_norm() == 25);
  }

  TEST_CASE("a disk that fills up during a call leaves the rows of earlier calls, and more can be added later") {
    const Vectors rows = testing::clusters(ElementType::kF32, 4000, 100);
    Door door({100, ElementType::kF32, Metric::kL2});
    REQUIRE(door.intake.add(rows.view(0, 1000), {}));
    door.disk.set_faults({.capacity = 700'000});
    const auto added = door.intake.add(rows.view(), {});
    REQUIRE_FALSE(added);
    CHECK(added.error().code == Code::kNoSpace);
    CHECK(door.intake.count() == 1000);
    door.disk.set_faults({});
    REQUIRE(door.intake.add(rows.view(1000, 3000), {}));
    std::uint64_t next = 0;
    REQUIRE(door.intake.spill().for_each([&](std::uint64_t row, Id id, std::span<const std::byte> vector) {
      REQUIRE(id == next++);
      REQUIRE(std::equal(vector.begin(), vector.end(), rows.view().row(row)));
      return Result<void>{};
    }));
    CHECK(next == 4000);
  }

  TEST_CASE("whichever allocation fails, nothing of its call is kept, and the call can be made again") {
    const Schema schema{.dim = 2, .attributes = {{"word", AttributeType::kString}, {"tags", AttributeType::kTags}}};
    // A call whose second row says nothing, where a row that was forgotten said something.
    const std::vector<float> three{1, 2, 3, 4, 5, 6}, two{7, 8, 9, 10};
    const RecordData much{.names = {"word", "tags"},
                          .values = {"a longer word than fits", Tags{"x", "y"}, "b", Tags{}, "c", Tags{"z"}},
                          .payloads = {"some", "pay", "loads"}};
    const RecordData less{
        .names = {"word", "tags"}, .values = {Value(), Value(), "b", Tags{"x"}}, .payloads = {"", "p"}};
    bool reached = true;
    for (std::uint64_t k = 1; reached; ++k) {
      CAPTURE(k);
      Door door(schema);
      testing::fail_allocation(k);
      bool kept = false;
      try {
        kept = door.intake.add({three.data(), 3, 2}, {}, much).has_value();
      } catch (const std::bad_alloc&) {
        CHECK(door.intake.count() == 0);
      }
      reached = testing::allow_allocations();
      CHECK(kept != reached);
      REQUIRE(door.intake.add({two.data(), 2, 2}, {}, less));
      CHECK(door.intake.count() == (kept ? 5 : 2));
      std::vector<RecordData> said;
      REQUIRE(door.intake.values().for_each([&](std::uint64_t row, Id id, const RecordData& data) -> Result<void> {
        CHECK(row == id);
        said.push_back(data);
        return {};
      }));
      REQUIRE(said.size() == door.intake.count());
      CHECK(said[said.size() - 2].values == std::vector<Value>{Value(), Value()});
      CHECK(said.back().values == std::vector<Value>{Value("b"), Value(Tags{"x"})});
      CHECK(said.back().payloads == std::vector<std::string>{"p"});
    }
  }
}

}  // namespace nearline::engine
