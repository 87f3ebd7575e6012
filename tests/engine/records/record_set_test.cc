// SPDX-License-Identifier: Apache-2.0
#include "engine/records/record_set.h"

#include <doctest/doctest.h>

namespace nearline::engine {

TEST_SUITE("engine/records/record_set") {
  TEST_CASE("records are deleted once, and come back from bytes as they were") {
    for (const std::uint64_t records : {1U, 7U, 8U, 9U, 63U, 64U, 65U, 200U}) {
      RecordSet dead;
      CHECK_FALSE(dead.has(Row(0)));
      dead.make_room(records);
      for (std::uint32_t o = 0; o < records; o += 3) CHECK(dead.add(Row(o)));
      CHECK_FALSE(dead.add(Row(0)));
      const std::vector<std::byte> bytes = dead.encode(records);
      CHECK(bytes.size() == (records + 7) / 8);
      const auto again = RecordSet::decode(bytes, records, dead.count(), 4096);
      REQUIRE(again);
      for (std::uint32_t o = 0; o < records; ++o) CHECK(again.value().has(Row(o)) == (o % 3 == 0));
    }
  }

  TEST_CASE("bits behind the last record, or another number of them than the segment says, are damage") {
    RecordSet dead;
    dead.make_room(10);
    dead.add(Row(2));
    std::vector<std::byte> bytes = dead.encode(10);
    CHECK(RecordSet::decode(bytes, 10, 2, 8192).error().code == Code::kCorrupt);
    CHECK(RecordSet::decode(bytes, 10, 2, 8192).error().at == 8192);
    bytes[1] |= std::byte{4};
    CHECK(RecordSet::decode(bytes, 10, 2, 8192).error().what.find("behind record 9") != std::string::npos);
  }
}

}  // namespace nearline::engine
