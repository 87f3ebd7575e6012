// SPDX-License-Identifier: Apache-2.0
/// Openings and searches for which there is no memory: none ends the process, waits for ever or spoils the next one.
#include <doctest/doctest.h>

#include <functional>
#include <new>
#include <optional>

#include "engine/api/live_index.h"
#include "tests/api/index_world.h"
#include "tests/support/allocations.h"

namespace nearline {
namespace {

constexpr std::uint32_t kDim = 24;
const Schema kSchema{kDim, ElementType::kF32, Metric::kL2};

struct Attempt {
  bool failed = false;                        ///< an allocation did
  std::optional<Result<SearchResult>> found;  ///< nothing where the search threw std::bad_alloc
};

Attempt search(const engine::LiveIndex& index, const MatrixView& queries, const SearchOptions& options, std::uint64_t k,
               bool for_ever) {
  Attempt attempt;
  testing::fail_allocation(k, for_ever);
  try {
    attempt.found.emplace(index.search(queries, options));
  } catch (const std::bad_alloc&) {
  }
  attempt.failed = testing::allow_allocations();
  return attempt;
}

/// Lets every allocation of a search fail in turn, once and for ever, each time in an index opened anew. Returns how
/// many failed.
std::uint64_t search_without_memory(const std::filesystem::path& path, const MatrixView& queries,
                                    const std::function<void(const engine::LiveIndex&, const Attempt&)>& check) {
  std::uint64_t failures = 0;
  for (const IoMode io : io_modes()) {
    for (const bool exact : {false, true}) {
      for (const bool for_ever : {false, true}) {
        bool failed = true;
        for (std::uint64_t k = 1; failed; ++k) {
          CAPTURE(name(io));
          CAPTURE(exact);
          CAPTURE(for_ever);
          CAPTURE(k);
          const auto index = engine::LiveIndex::open(io::real_file_system(), path, with_io(io));
          REQUIRE_MESSAGE(index, message(index));
          const Attempt attempt = search(*index, queries, {.exact = exact}, k, for_ever);
          check(*index, attempt);
          failed = attempt.failed;
          failures += failed ? 1 : 0;
        }
      }
    }
  }
  return failures;
}

struct World {
  io::TempDir folder;
  testing::Vectors base = testing::clusters(ElementType::kF32, 1'500, kDim);
  testing::Vectors queries = testing::clusters(ElementType::kF32, 3, kDim, 2);

  [[nodiscard]] std::filesystem::path built(Layout layout) const {
    const auto path = folder / std::string(name(layout)).c_str();
    BuildOptions options = quick_build();
    options.layout = layout;
    const auto report = build(path, kSchema, base.view(), {}, options);
    REQUIRE_MESSAGE(report, message(report));
    return path;
  }
};

}  // namespace

TEST_SUITE("engine/segment/search_memory") {
  TEST_CASE("whichever allocation of an opening fails, once or for ever, it says so, and the next opening works") {
    const World world;
    const auto path = world.built(Layout::kFused);
    std::vector<OpenOptions> kinds{{.io = IoMode::kPread, .untrusted = true}};
    for (const IoMode io : io_modes()) kinds.push_back(with_io(io));
    for (const OpenOptions& options : kinds) {
      for (const bool for_ever : {false, true}) {
        bool failed = true;
        for (std::uint64_t k = 1; failed; ++k) {
          CAPTURE(name(options.io));
          CAPTURE(for_ever);
          CAPTURE(k);
          std::optional<Result<engine::LiveIndex>> index;
          testing::fail_allocation(k, for_ever);
          try {
            index.emplace(engine::LiveIndex::open(io::real_file_system(), path, options));
          } catch (const std::bad_alloc&) {
          }
          failed = testing::allow_allocations();
          if (!failed || !index || *index) continue;
          CHECK((*index).error().code == Code::kNoMemory);
        }
        REQUIRE(engine::LiveIndex::open(io::real_file_system(), path, options));
      }
    }
  }

  TEST_CASE("whichever allocation of a search fails, once or for ever, it says so, and the next search is as good") {
    const World world;
    for (const Layout layout : {Layout::kLean, Layout::kFused}) {
      CAPTURE(name(layout));
      const auto failures = search_without_memory(
          world.built(layout), world.queries.view(), [&](const engine::LiveIndex& index, const Attempt& attempt) {
            if (attempt.failed && attempt.found) {
              REQUIRE_FALSE(*attempt.found);
              CHECK(attempt.found->error().code == Code::kNoMemory);
            }
            const auto again = index.search(world.queries.view());
            const auto all = index.search(world.queries.view(), {.exact = true});
            REQUIRE_MESSAGE(again, message(again));
            REQUIRE_MESSAGE(all, message(all));
            CHECK(share_found(*again, *all) > 0.9);
          });
      CHECK(failures > 100);
    }
  }

  TEST_CASE("where there is no memory to say that a page is damaged, it is no answer either") {
    const World world;
    const auto path = world.built(Layout::kLean);
    const std::uint32_t page_bytes = engine::LiveIndex::open(io::real_file_system(), path)->info().page_bytes;
    auto bytes = contents(path);
    for (std::size_t page = 0; page < 1'500 * kDim * sizeof(float) / page_bytes; ++page) {
      bytes[8'192 + page * page_bytes + 50] ^= 1;
    }
    write(path, bytes);
    const auto failures =
        search_without_memory(path, world.queries.view(), [&](const engine::LiveIndex& index, const Attempt& attempt) {
          if (attempt.found) REQUIRE_FALSE(*attempt.found);
          const auto again = index.search(world.queries.view());
          REQUIRE_FALSE(again);
          CHECK(again.error().code == Code::kCorrupt);
        });
    CHECK(failures > 100);
  }
}

}  // namespace nearline
