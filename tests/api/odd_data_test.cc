// SPDX-License-Identifier: Apache-2.0
/// Whatever the rows look like, what a build, a merge or a compaction made is a valid file, of which nothing is lost.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>

#include "nearline/salvage.h"
#include "nearline/verify.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"
#include "tests/support/odd_rows.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Kind;
using testing::Shape;
using testing::Vectors;

constexpr std::array<std::uint32_t, 4> kDims{24, 1, 130, 5};
constexpr std::array<std::uint32_t, 5> kDegrees{16, 4, 64, 1024, 8};

void check_verifies(const std::filesystem::path& path, std::uint64_t live) {
  const auto report = verify(path, true);
  REQUIRE_MESSAGE(report, message(report));
  CHECK(report->records_checked >= live);  // deleted ones are checked, too
  const auto index = Index::open(path);
  REQUIRE_MESSAGE(index, message(index));
  CHECK(index->info().count == live);
  for (const auto& finding : report->findings) FAIL_CHECK(finding.what);
}

void check_saves_all(const std::filesystem::path& path, const std::filesystem::path& output, std::uint64_t records) {
  const auto saved = salvage(path, output, {.threads = 2});
  REQUIRE_MESSAGE(saved, message(saved));
  CHECK(saved->complete());
  CHECK(saved->saved == records);
  check_verifies(output, records);
}

BuildOptions options_for(std::size_t n, const Kind& kind) {
  BuildOptions options = quick_build();
  options.degree = kDegrees[n % kDegrees.size()];
  options.l_build = std::max(options.degree, 40U);
  const bool has_codes = kind.type != ElementType::kB1;
  options.layout = n % 2 == 1 && has_codes ? Layout::kFused : Layout::kLean;
  return options;
}

/// Calls work(n, kind, shape) for every kind with every shape.
template <class Work>
void for_all(Work work) {
  std::size_t n = 0;
  for (const Kind& kind : testing::all_kinds()) {
    for (const Shape& shape : testing::odd_shapes()) {
      CAPTURE(name(kind.metric));
      CAPTURE(name(kind.type));
      CAPTURE(shape.name);
      work(n++, kind, shape);
    }
    ++n;  // so that no shape has the same options with every kind
  }
}

}  // namespace

TEST_SUITE("api/odd_data") {
  TEST_CASE("every build verifies, and salvage of it saves all of it") {
    for_all([](std::size_t n, const Kind& kind, const Shape& shape) {
      const TempDir folder;
      const std::uint32_t dim = kDims[n % kDims.size()];
      const std::size_t rows = 80 + 7 * (n % 20);
      const Vectors base = testing::odd_rows(shape, kind, rows, dim, n);
      const auto built = build(folder / "x", {dim, kind.type, kind.metric}, base.view(), {}, options_for(n, kind));
      REQUIRE_MESSAGE(built, message(built));
      check_verifies(folder / "x", rows);
      if (n % 3 == 0) check_saves_all(folder / "x", folder / "saved", rows);
    });
  }

  TEST_CASE("so do indexes that were merged, compacted and copied") {
    for_all([](std::size_t n, const Kind& kind, const Shape& shape) {
      if (n % 3 != 0) return;
      const TempDir folder;
      const std::uint32_t dim = kDims[n % kDims.size()];
      const std::size_t rows = 120 + 4 * (n % 20);
      const Vectors base = testing::odd_rows(shape, kind, rows, dim, n);
      const Schema schema{dim, kind.type, kind.metric};
      const auto built = build(folder / "x", schema, base.view(0, rows / 3), {}, options_for(n, kind));
      REQUIRE_MESSAGE(built, message(built));
      auto writer = Writer::open(folder / "x", {.delta_records = 16, .background_merges = false, .threads = 2});
      REQUIRE_MESSAGE(writer, message(writer));
      for (std::size_t part = 1; part < 3; ++part) {
        const std::size_t first = rows * part / 3;
        REQUIRE(writer->insert(base.view(first, rows * (part + 1) / 3 - first)));
        REQUIRE(writer->erase(std::array<Id, 2>{part, first + 3}));
        const auto committed = writer->commit();
        REQUIRE_MESSAGE(committed, message(committed));
        check_verifies(folder / "x", rows * (part + 1) / 3 - 2 * part);
      }
      REQUIRE(writer->compact());
      check_verifies(folder / "x", rows - 4);
      REQUIRE(writer->compact_to(folder / "y"));
      check_verifies(folder / "y", rows - 4);
    });
  }
}

}  // namespace nearline
