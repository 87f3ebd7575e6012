// SPDX-License-Identifier: Apache-2.0
/// Orders of insertion, and what they do to recall.
#include <doctest/doctest.h>

#include "nearline/evaluate.h"
#include "tests/api/index_world.h"

namespace nearline {
namespace {

VectorFile stored(const io::TempDir& folder, const MatrixView& rows) {
  auto writer = VectorFileWriter::create(folder / "rows.fbin", rows.type, rows.dim);
  REQUIRE_MESSAGE(writer, message(writer));
  REQUIRE(writer->append(rows));
  REQUIRE(writer->finish());
  auto file = VectorFile::open(folder / "rows.fbin");
  REQUIRE_MESSAGE(file, message(file));
  return std::move(file).value();
}

}  // namespace

TEST_SUITE("api/orders") {
  TEST_CASE("an index that is built at once has one recall in all orders, one that grew hardly another") {
    const io::TempDir folder;
    const testing::Vectors rows = testing::clusters(ElementType::kF32, 700, 8);
    const VectorFile file = stored(folder, rows.view());
    for (const std::uint32_t parts : {1U, 3U}) {
      CAPTURE(parts);
      const auto got = order_shift(file, folder.path(),
                                   {.records = 600, .queries = 40, .k = 10, .l = 12, .parts = parts, .threads = 1});
      REQUIRE_MESSAGE(got, message(got));
      CHECK(got->records == 600);
      CHECK(got->queries == 40);
      for (const double recall : got->recall) {
        CHECK(recall > 0.8);
        CHECK(recall <= 1);
      }
      if (parts == 1) CHECK(got->shift() == 0);
      CHECK(got->shift() < 0.1);
    }
    CHECK(entries(folder.path()) == 1);  // no index is left
  }

  TEST_CASE("what orders cannot be tried on is refused") {
    const io::TempDir folder;
    const testing::Vectors rows = testing::clusters(ElementType::kF32, 50, 8);
    const VectorFile file = stored(folder, rows.view());
    CHECK(message(order_shift(file, folder.path(), {.queries = 45})).find("expected 55 or more") != std::string::npos);
    CHECK(message(order_shift(file, folder.path(), {.queries = 0})).find("found 0") != std::string::npos);
    CHECK(message(order_shift(file, folder.path(), {.metric = Metric::kHamming})).find("hamming") != std::string::npos);
  }
}

}  // namespace nearline
