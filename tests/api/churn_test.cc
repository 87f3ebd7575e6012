// SPDX-License-Identifier: Apache-2.0
/// Whatever an index went through, each of its living records is found where it is. What comes later lies in clusters
/// that were not there before, which is hardest on all that was learned from earlier records.
#include <doctest/doctest.h>

#include <string>

#include "nearline/verify.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"
#include "tests/support/allocations.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 24;
constexpr std::size_t kRows = 2'400, kBuilt = 800, kCommit = 200;

struct Churned {
  std::vector<bool> dead = std::vector<bool>(kRows);
  std::uint64_t merged = 0;
};

/// Builds a third and inserts the rest, each commit beside deletions: here and there, and whole clusters' middles.
Churned churn(const std::filesystem::path& path, const Vectors& base, Metric metric, Layout layout, bool merge) {
  BuildOptions options = quick_build();
  options.layout = layout;
  options.code_bytes = 12;  // of which so few records get none unasked
  const auto built = build(path, {kDim, ElementType::kF32, metric}, base.view(0, kBuilt), {}, options);
  REQUIRE_MESSAGE(built, message(built));
  auto writer = Writer::open(path, {.delta_records = 100, .merge = merge, .background_merges = false, .threads = 2});
  REQUIRE_MESSAGE(writer, message(writer));
  Churned done;
  for (std::size_t first = kBuilt; first < kRows; first += kCommit) {
    std::vector<Id> gone;
    for (Id id = 0; id < first; ++id) {
      if (done.dead[id] || ((id + first / kCommit) % 19 != 0 && (id < first - 70 || id >= first - 40))) continue;
      gone.push_back(id);
      done.dead[id] = true;
    }
    REQUIRE(writer->insert(base.view(first, kCommit)));
    REQUIRE(writer->erase(gone));
    const auto committed = writer->commit();
    REQUIRE_MESSAGE(committed, message(committed));
    done.merged += committed->merged_records;
  }
  return done;
}

/// The share of living records whose own search finds them, or what is as near.
double found_themselves(const Index& index, const Vectors& living) {
  const auto found = index.search(living.view(), {.k = 1});
  REQUIRE_MESSAGE(found, message(found));
  const auto nearest = index.search(living.view(), {.k = 1, .exact = true});
  REQUIRE_MESSAGE(nearest, message(nearest));
  return share_found(*found, *nearest);
}

}  // namespace

TEST_SUITE("api/churn") {
  TEST_CASE("every living record is found at the usual L after merges and deletions, by every layout and ranking") {
    const Vectors base = testing::clusters(ElementType::kF32, kRows, kDim);
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      for (const Layout layout : {Layout::kLean, Layout::kFused}) {
        for (const bool merge : {false, true}) {
          if (testing::kSanitized && metric != Metric::kL2) continue;  // which differ in arithmetic alone
          CAPTURE(name(metric));
          CAPTURE(name(layout));
          CAPTURE(merge);
          const TempDir folder;
          const Churned churned = churn(folder / "x", base, metric, layout, merge);
          CHECK((churned.merged > kRows) == merge);
          CHECK(verify(folder / "x", true)->findings.empty());
          Vectors living = testing::no_vectors(ElementType::kF32, kDim);
          for (std::size_t i = 0; i < kRows; ++i) {
            if (!churned.dead[i]) living.push_back(base.row(i));
          }
          for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
            CAPTURE(name(ranking));
            OpenOptions open = with_io(IoMode::kPread);
            open.ranking = ranking;
            const auto index = Index::open(folder / "x", open);
            REQUIRE_MESSAGE(index, message(index));
            REQUIRE(index->info().count == living.rows());
            CHECK(found_themselves(*index, living) >= 0.995);
          }
        }
      }
    }
  }
}

}  // namespace nearline
