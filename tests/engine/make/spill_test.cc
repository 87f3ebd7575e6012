// SPDX-License-Identifier: Apache-2.0
#include "engine/make/spill.h"

#include <doctest/doctest.h>

#include "io/simulated_disk.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kVectorBytes = 700;

std::vector<std::byte> vector_of(Id id) {
  std::vector<std::byte> bytes(kVectorBytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(id * 31 + i);
  return bytes;
}

Id id_of(std::uint64_t row) {
  return row * 0x1'0000'0001;
}

Result<void> append(Spill& spill, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t row = first; row < last; ++row) NEARLINE_CHECK(spill.append(id_of(row), vector_of(id_of(row))));
  return {};
}

/// Whether the spill holds the rows below `count`, as `append` makes them.
bool holds(Spill& spill, std::uint64_t count) {
  std::uint64_t next = 0;
  const auto read = spill.for_each([&](std::uint64_t row, Id id, std::span<const std::byte> vector) -> Result<void> {
    const auto expected = vector_of(id_of(row));
    if (row != next++ || id != id_of(row) || !std::equal(vector.begin(), vector.end(), expected.begin())) {
      return Error{.code = Code::kCorrupt, .what = "another row"};
    }
    return {};
  });
  return read.has_value() && next == count && spill.count() == count;
}

}  // namespace

TEST_SUITE("engine/make/spill") {
  TEST_CASE("what is appended is read back in order, whether it fills the buffer or not") {
    for (const std::uint64_t rows : {0U, 1U, 1'000U, 5'000U}) {
      CAPTURE(rows);
      io::SimulatedDisk disk;
      Spill spill(disk.create_unnamed(".").value(), kVectorBytes);
      REQUIRE(append(spill, 0, rows));
      CHECK(holds(spill, rows));
      CHECK(holds(spill, rows));  // reading changes nothing
    }
  }

  TEST_CASE("rows anywhere are read as they were appended") {
    io::SimulatedDisk disk;
    Spill spill(disk.create_unnamed(".").value(), kVectorBytes);
    REQUIRE(append(spill, 0, 3'000));
    for (const std::uint64_t first : {0U, 1U, 1'480U, 2'990U}) {
      const auto bytes = spill.read(first, 10);
      REQUIRE(bytes);
      REQUIRE(bytes->size() == 10 * spill.row_bytes());
      for (std::uint64_t i = 0; i < 10; ++i) {
        const auto row = bytes->subspan(i * spill.row_bytes() + sizeof(Id), kVectorBytes);
        const auto expected = vector_of(id_of(first + i));
        CHECK(std::equal(row.begin(), row.end(), expected.begin()));
      }
    }
  }

  TEST_CASE("a spill that was cut goes on from there, wherever its rows are: in the file, in the buffer, in both") {
    for (const std::uint64_t kept : {0U, 1U, 1'490U, 1'500U, 3'999U, 4'000U}) {
      CAPTURE(kept);
      io::SimulatedDisk disk;
      Spill spill(disk.create_unnamed(".").value(), kVectorBytes);
      REQUIRE(append(spill, 0, kept));
      REQUIRE(append(spill, kept + 7, 4'500));  // rows that will be forgotten
      spill.cut(kept);
      REQUIRE(append(spill, kept, 4'200));
      CHECK(holds(spill, 4'200));
    }
  }

  TEST_CASE("after a failed append the spill can be cut to what it was, and goes on when there is space again") {
    io::SimulatedDisk disk;
    Spill spill(disk.create_unnamed(".").value(), kVectorBytes);
    REQUIRE(append(spill, 0, 2'000));
    disk.set_faults({.capacity = 1'500'000});
    const auto failed = append(spill, 2'000, 9'000);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Code::kNoSpace);
    spill.cut(2'000);
    disk.set_faults({});
    REQUIRE(append(spill, 2'000, 6'000));
    CHECK(holds(spill, 6'000));
  }

  TEST_CASE("a failing disk is an error of reading") {
    io::SimulatedDisk disk;
    Spill spill(disk.create_unnamed(".").value(), kVectorBytes);
    REQUIRE(append(spill, 0, 3'000));
    disk.set_faults({.bad_at = 100'000, .bad_bytes = 1});
    CHECK_FALSE(holds(spill, 3'000));
    const auto bytes = spill.read(0, 200);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().code == Code::kIo);
  }
}

}  // namespace nearline::engine
