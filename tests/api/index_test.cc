// SPDX-License-Identifier: Apache-2.0
#include "nearline/index.h"
#include "nearline/verify.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <thread>

#include "tests/api/index_world.h"
#include "tests/support/tiny_index.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 16;
const Schema kSchema{kDim, ElementType::kF32, Metric::kCosine};

/// One index for all that only read.
class Shared {
 public:
  Shared() : base(testing::clusters(ElementType::kF32, 2'000, kDim)) {
    const auto report = build(path(), kSchema, base.view());
    REQUIRE_MESSAGE(report, message(report));
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "x.near"; }
  [[nodiscard]] Index open(const OpenOptions& options = {}) const { return Index::open(path(), options).value(); }

  Vectors base;

 private:
  TempDir folder_;
};

const Shared& shared() {
  static const Shared world;
  return world;
}

}  // namespace

TEST_SUITE("api/index") {
  TEST_CASE("the file says of itself what it was built with") {
    const Index index = shared().open();
    const IndexInfo& info = index.info();
    CHECK(info.count == 2'000);
    CHECK(info.generation == 1);
    CHECK(info.segments == 1);
    CHECK(info.deleted == 0);
    CHECK(info.file_bytes == std::filesystem::file_size(shared().path()));
    CHECK(info.format_major == 1);
    CHECK(info.file_id.size() == 32);
    CHECK(info.degree == quick_build().degree);
    CHECK(info.l_build == quick_build().l_build);
    CHECK(info.alpha == quick_build().alpha);
    CHECK(info.seed == 1);
    CHECK(info.mean_degree > 1);
    CHECK(info.mean_degree <= info.degree);
    CHECK(info.page_bytes % 4096 == 0);
    CHECK(info.records_per_page > 1);
    CHECK(info.local_edge_share > 0);
    CHECK(info.local_edge_share < 1);
    CHECK_FALSE(info.rolled_back);
  }

  TEST_CASE("answers, distances and work are the same however pages are read, in batches or one by one") {
    const Vectors queries = testing::clusters(ElementType::kF32, 100, kDim, 2);
    const SearchOptions options{.k = 10, .l = 40};
    const auto expected = shared().open(with_io(IoMode::kPread)).search(queries.view(), options);
    REQUIRE(expected);
    CHECK(testing::recall(shared().base, queries, Metric::kCosine, *expected) > 0.97);
    for (const IoMode io : io_modes()) {
      CAPTURE(name(io));
      for (const std::uint64_t memory : {4U << 20, 64U << 20}) {
        const Index index = shared().open(with_io(io, memory));
        CHECK(index.io() == io);
        const auto together = index.search(queries.view(), options);
        REQUIRE(together);
        CHECK(together->ids == expected->ids);
        CHECK(together->distances == expected->distances);
        for (std::size_t q = 0; q < queries.rows(); ++q) {
          CHECK(together->stats[q].distance_computations == expected->stats[q].distance_computations);
          CHECK(together->stats[q].hops == expected->stats[q].hops);
          const auto alone = index.search(queries.view(q, 1), options);
          REQUIRE(alone);
          CHECK(std::equal(alone->ids.begin(), alone->ids.end(), expected->ids.begin() + static_cast<int>(q) * 10));
        }
      }
    }
  }

  TEST_CASE("where there are fewer records than k, all come, and the rest of the row is padding") {
    const std::uint32_t k = 2'100;
    const std::uint64_t count = shared().open().info().count;
    REQUIRE(count < k);
    const Vectors queries = testing::clusters(ElementType::kF32, 2, kDim, 2);
    for (const IoMode io : io_modes()) {
      CAPTURE(name(io));
      const Index index = shared().open(with_io(io));
      const auto all = index.search(queries.view(), {.k = static_cast<std::uint32_t>(count)});
      const auto found = index.search(queries.view(), {.k = k});
      REQUIRE_MESSAGE(found, message(found));
      CHECK(found->k == k);
      REQUIRE(found->ids.size() == 2 * k);
      REQUIRE(found->distances.size() == 2 * k);
      for (std::size_t q = 0; q < 2; ++q) {
        CHECK(found->counts[q] == count);
        const auto ids = found->ids.begin() + static_cast<std::ptrdiff_t>(q * k);
        CHECK(std::equal(ids, ids + static_cast<std::ptrdiff_t>(count),
                         all->ids.begin() + static_cast<std::ptrdiff_t>(q * count)));
        for (std::size_t i = q * k + count; i < (q + 1) * k; ++i) {
          CHECK(found->ids[i] == kNoId);
          CHECK(found->distances[i] == std::numeric_limits<float>::infinity());
        }
      }
    }
  }

  TEST_CASE("answers are the same whatever size the writer chose for lean pages") {
    constexpr std::uint32_t kWide = 250;
    const TempDir folder;
    const Vectors queries = testing::clusters(ElementType::kF32, 20, kWide, 2);
    const SearchOptions options{.k = 10, .l = 40};
    std::vector<Id> expected;
    for (const std::uint32_t page_bytes : {4096U, 8192U, 16'384U, 32'768U}) {
      testing::IndexAssembler file = testing::tiny_index({.count = 2'000, .dim = kWide, .page_bytes = page_bytes});
      file.commit();
      const auto* first = reinterpret_cast<const char*>(file.bytes().data());
      write(folder / "x", {first, first + file.bytes().size()});
      for (const IoMode io : io_modes()) {
        CAPTURE(page_bytes);
        CAPTURE(name(io));
        const auto index = Index::open(folder / "x", with_io(io));
        REQUIRE_MESSAGE(index, message(index));
        CHECK(index->info().page_bytes == page_bytes);
        const auto found = index->search(queries.view(), options);
        REQUIRE_MESSAGE(found, message(found));
        if (expected.empty()) expected = found->ids;
        CHECK(found->ids == expected);
        CHECK(found->stats[0].page_reads % (page_bytes / 4096) == 0);
      }
      const auto verified = verify(folder / "x", true);
      REQUIRE(verified);
      CHECK(verified->finding_count == 0);
    }
  }

  TEST_CASE("a larger L or beam finds no less, and an exact search all") {
    const Vectors queries = testing::clusters(ElementType::kF32, 100, kDim, 2);
    const Index index = shared().open();
    double before = 0;
    for (const std::uint32_t l : {10U, 20U, 80U, 4'000'000'000U}) {
      const auto found = index.search(queries.view(), {.k = 10, .l = l});
      REQUIRE(found);
      const double recall = testing::recall(shared().base, queries, Metric::kCosine, *found);
      CHECK(recall >= before - 0.002);
      before = recall;
    }
    CHECK(before == 1);
    CHECK(testing::recall(shared().base, queries, Metric::kCosine,
                          *index.search(queries.view(), {.k = 10, .l = 20, .beam_width = 64})) > 0.9);
    CHECK(testing::recall(shared().base, queries, Metric::kCosine, *index.search(queries.view(), {.exact = true})) ==
          1);
  }

  TEST_CASE("as many answers as there are records can be asked for, each once, nearest first") {
    const Index index = shared().open();
    const auto found = index.search(shared().base.view(0, 1), {.k = 2'000});
    REQUIRE(found);
    CHECK(found->counts[0] == 2'000);
    CHECK(std::is_sorted(found->distances.begin(), found->distances.end()));
    auto ids = found->ids;
    std::sort(ids.begin(), ids.end());
    for (Id id = 0; id < 2'000; ++id) REQUIRE(ids[id] == id);
  }

  TEST_CASE("no queries give no answers") {
    const auto found = shared().open().search({std::span<const float>(), kDim});
    REQUIRE(found);
    CHECK(found->ids.empty());
    CHECK(found->counts.empty());
    CHECK(found->k == 10);
  }

  TEST_CASE("statistics add up") {
    const Index index = shared().open(with_io(IoMode::kPread));
    const Vectors queries = testing::clusters(ElementType::kF32, 20, kDim, 2);
    const auto first = index.search(queries.view());
    const auto second = index.search(queries.view());
    REQUIRE(first);
    REQUIRE(second);
    std::uint64_t reads = 0;
    for (std::size_t q = 0; q < 20; ++q) {
      const QueryStats& stats = first->stats[q];
      reads += stats.page_reads;
      CHECK(stats.bytes_read == stats.page_reads * 4096ULL);
      CHECK(stats.hops >= 64);
      CHECK(stats.distance_computations >= stats.hops);
      CHECK(stats.nanoseconds > 0);
      CHECK(second->stats[q].page_reads == 0);  // all of the file fits into the cache
      CHECK(second->stats[q].cache_hits > 0);
    }
    CHECK(reads > 0);
    CHECK(reads * 4096 <= index.info().file_bytes);
  }

  TEST_CASE("calls that cannot be answered are refused, saying what was expected") {
    const Index index = shared().open();
    const std::vector<float> query(2 * kDim, 1.0F);
    const auto refused = [&](const MatrixView& queries, const SearchOptions& options, Code code, const char* what) {
      CAPTURE(what);
      const auto found = index.search(queries, options);
      REQUIRE_FALSE(found);
      CHECK(found.error().code == code);
      CHECK(found.error().what.find(what) == 0);
    };
    const MatrixView good{query.data(), 1, kDim};
    refused({query.data(), 1, kDim - 1}, {}, Code::kInvalidArgument, "queries of dimension 15");
    refused({reinterpret_cast<const std::uint8_t*>(query.data()), 1, kDim}, {}, Code::kInvalidArgument,
            "queries of type u8");
    refused(good, {.k = 0}, Code::kInvalidArgument, "k of 0");
    refused(good, {.k = kMaxPaddedK + 1}, Code::kInvalidArgument, "k of 65537: expected 1 to 65536");
    refused(good, {.beam_width = 0}, Code::kInvalidArgument, "beam width of 0");
    refused(good, {.beam_width = 65}, Code::kInvalidArgument, "beam width of 65");
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      auto rows = query;
      rows[kDim + 3] = bad;
      refused({rows.data(), 2, kDim}, {}, Code::kBadInput, "query 1 holds NaN or infinity");
    }
    for (const float tiny : {0.0F, -0.0F, 1e-30F}) {
      auto rows = query;
      std::fill(rows.begin() + kDim, rows.end(), tiny);
      refused({rows.data(), 2, kDim}, {}, Code::kBadInput, "query 1 has no direction");
    }
    CHECK(index.search(good));
  }

  TEST_CASE("reading by id refuses another room than is needed, and leaves what it is given by the caller's rules") {
    const Index index = shared().open();
    std::vector<std::byte> room(3 * kDim * 4);
    const std::vector<Id> ids{5, 5, 1'999};
    REQUIRE(index.get(ids, room));
    CHECK(std::memcmp(room.data(), shared().base.view().row(5), kDim * 4) == 0);
    CHECK(std::memcmp(room.data() + kDim * 4, shared().base.view().row(5), kDim * 4) == 0);
    CHECK(std::memcmp(room.data() + 2 * kDim * 4, shared().base.view().row(1'999), kDim * 4) == 0);
    CHECK(index.get(ids, std::span(room).first(10)).error().code == Code::kInvalidArgument);
  }

  TEST_CASE("a visitor's error ends the visit and is returned; a visitor may use the index itself, on one thread too") {
    const Index index = shared().open(with_io(IoMode::kPread));
    int calls = 0;
    const auto ended = index.for_each(100, [&](std::span<const Id> ids, const MatrixView& rows) -> Result<void> {
      const auto found = index.search({rows.data, 1, kDim, ElementType::kF32}, {.k = 1});
      REQUIRE(found);
      CHECK(found->distances[0] < 1e-6F);
      std::vector<std::byte> room(kDim * 4);
      CHECK(index.get(ids.first(1), room));
      if (++calls == 3) return Error{.code = Code::kNoSpace, .what = "enough"};
      return {};
    });
    REQUIRE_FALSE(ended);
    CHECK(ended.error().code == Code::kNoSpace);
    CHECK(calls == 3);
    std::size_t seen = 0;
    REQUIRE(index.for_each(0, [&](std::span<const Id> ids, const MatrixView&) -> Result<void> {
      seen += ids.size();
      return {};
    }));
    CHECK(seen == 2'000);
  }

  TEST_CASE("paths that are no index are told apart") {
    const TempDir folder;
    CHECK(Index::open(folder / "nothing").error().code == Code::kNotFound);
    CHECK(Index::open(folder.path()).error().code == Code::kBadInput);
    write(folder / "empty", {});
    CHECK(Index::open(folder / "empty").error().code == Code::kNotAnIndex);
    write(folder / "text", std::vector<char>(10'000, 'x'));
    CHECK(Index::open(folder / "text").error().code == Code::kNotAnIndex);
    auto bytes = contents(shared().path());
    for (const std::size_t length : {std::size_t{100}, std::size_t{8'192}, bytes.size() / 2, bytes.size() - 1}) {
      CAPTURE(length);
      write(folder / "cut", {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)});
      const auto index = Index::open(folder / "cut");
      REQUIRE_FALSE(index);
      CHECK(index.error().code == Code::kTruncated);
      CHECK(index.error().file == (folder / "cut").string());
    }
  }

  TEST_CASE("one damaged superblock costs nothing but a note; two cost the index") {
    const TempDir folder;
    auto bytes = contents(shared().path());
    for (const std::size_t at : {std::size_t{100}, std::size_t{4'200}}) {
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      write(folder / "x", bytes);
      const auto index = Index::open(folder / "x");
      if (at == 4'200) {
        REQUIRE_FALSE(index);
        CHECK(index.error().code == Code::kCorrupt);
        continue;
      }
      REQUIRE(index);
      CHECK(index->info().rolled_back);
      CHECK(index->search(shared().base.view(0, 5)));
      CHECK(verify(folder / "x", false)->finding_count == 1);
      CHECK(Index::open(folder / "x", {.untrusted = true}).error().code == Code::kCorrupt);
    }
  }

  TEST_CASE("a damaged page is an error for those who need it, and for nobody else") {
    const TempDir folder;
    auto bytes = contents(shared().path());
    bytes[8'192 + 3 * shared().open().info().page_bytes + 50] ^= 1;
    write(folder / "x", bytes);
    for (const IoMode io : io_modes()) {
      CAPTURE(name(io));
      const auto index = Index::open(folder / "x", with_io(io));
      REQUIRE(index);
      const Index good = shared().open(with_io(io));
      std::size_t refused = 0;
      for (std::size_t q = 0; q < 200; ++q) {
        const auto found = index->search(shared().base.view(q * 10, 1), {.k = 1, .l = 10});
        if (found) {
          CHECK(found->ids == good.search(shared().base.view(q * 10, 1), {.k = 1, .l = 10})->ids);
          continue;
        }
        ++refused;
        CHECK(found.error().code == Code::kCorrupt);
        CHECK(found.error().at == 8'192 + 3 * index->info().page_bytes);
        CHECK(found.error().file == (folder / "x").string());
      }
      CHECK(refused > 0);
      CHECK(refused < 200);
      CHECK(index->search(shared().base.view(), {.k = 1, .exact = true}).error().code == Code::kCorrupt);
    }
  }

  TEST_CASE("a stranger's file is never mapped, and answers when all of it is whole") {
    for (const IoMode io : {IoMode::kAuto, IoMode::kMapped}) {
      const Index index = shared().open({.io = io, .untrusted = true});
      CHECK(index.io() != IoMode::kMapped);
      CHECK(index.search(shared().base.view(0, 10)));
    }
  }

  TEST_CASE("many threads search, read and look at one index, more of them than it has lanes") {
    const Vectors queries = testing::clusters(ElementType::kF32, 40, kDim, 2);
    for (const IoMode io : io_modes()) {
      for (const std::uint32_t lanes : {1U, 2U, 4U}) {
        CAPTURE(name(io));
        CAPTURE(lanes);
        const Index index = shared().open(with_io(io, 16U << 20, lanes));
        const auto expected = index.search(queries.view());
        REQUIRE(expected);
        std::atomic<int> wrong = 0;
        {
          std::vector<std::jthread> threads;
          for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
              std::vector<std::byte> room(kDim * 4);
              for (int i = 0; i < 5; ++i) {
                const auto found = index.search(queries.view());
                if (!found || found->ids != expected->ids) ++wrong;
                if (!index.get(std::vector<Id>{static_cast<Id>(t * 100 + i)}, room)) ++wrong;
                if (index.memory_usage().total() > index.memory_usage().budget) ++wrong;
              }
            });
          }
        }
        CHECK(wrong == 0);
      }
    }
  }

  TEST_CASE("queries of f16 and bf16 find what queries of f32 find") {
    // Whole numbers up to 127: the same in each.
    const Index index = shared().open();
    const auto expected = index.search(shared().base.view(0, 20));
    REQUIRE(expected);
    std::vector<std::uint16_t> brain;
    for (std::size_t i = 0; i < 20 * kDim; ++i) {
      std::uint32_t bits;
      std::memcpy(&bits, &shared().base.values[i], sizeof bits);
      brain.push_back(static_cast<std::uint16_t>(bits >> 16));
    }
    const auto found = index.search({reinterpret_cast<const BF16*>(brain.data()), 20, kDim});
    REQUIRE(found);
    CHECK(found->ids == expected->ids);
    CHECK(found->distances == expected->distances);
  }
}

}  // namespace nearline
