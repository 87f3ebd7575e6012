// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/fused_search.h"

#include <doctest/doctest.h>

#include <cstring>
#include <limits>

#include "engine/codes/code_table.h"
#include "engine/walk/record_scan.h"
#include "format/fused_page.h"
#include "tests/engine/query/index_world.h"
#include "tests/support/allocations.h"
#include "tests/support/restamp.h"

namespace nearline::engine {
namespace {

using testing::Vectors;

constexpr std::uint32_t kDim = 32;
const Schema kSchema{kDim, ElementType::kU8, Metric::kL2};

std::vector<std::byte> fused_bytes(const Vectors& base) {
  BuildOptions options = quick_build();
  options.layout = Layout::kFused;
  return index_bytes(base, kSchema, options);
}

/// One reader of one source, and what its walks share.
class Walks {
 public:
  Walks(IndexWorld& world, io::PageSource& source)
      : graph_(world.graph()), segment_(world.index().segments().front()), codes_(CodeTable::open(segment_).value()) {
    reader_ = source.reader(world.least_cache(), kMaxBatch).value();
  }

  Result<std::vector<Hit>> find(const Vectors& queries, std::size_t row, const WalkOptions& options,
                                const Admission& admission = {}) {
    scratch_.query.resize(graph_.space.query_bytes());
    const Query query = graph_.space.query(queries.view().row(row), queries.type, scratch_.query.data());
    vector_.assign(queries.row(row).begin(), queries.row(row).end());
    scratch_.code_query.prepare(codes_->book(), Metric::kL2, vector_.data());
    return run(search_fused(
        scratch_.frame, call_of(graph_, query, options, *reader_, scratch_, &scratch_.code_query, admission), *codes_));
  }
  Result<std::vector<Hit>> find_exactly(const Vectors& queries, std::size_t row, std::uint32_t k) {
    scratch_.query.resize(graph_.space.query_bytes());
    const Query query = graph_.space.query(queries.view().row(row), queries.type, scratch_.query.data());
    return run(scan_records(scratch_.frame, call_of(graph_, query, {.k = k}, *reader_, scratch_)));
  }

 private:
  Result<std::vector<Hit>> run(const SearchTask& task) {
    while (!task.done()) reader_->poll();
    scratch_.release(*reader_);
    if (!task.outcome()) return std::move(task.outcome()).error();
    const auto hits = scratch_.answers.hits();
    return std::vector(hits.begin(), hits.end());
  }

  const GraphView& graph_;
  const SegmentFile segment_;
  std::unique_ptr<CodeTable> codes_;
  std::unique_ptr<io::PageReader> reader_;
  Scratch scratch_;
  std::vector<float> vector_;
};

bool same(const std::vector<Hit>& a, const std::vector<Hit>& b) {
  const auto equal = [](const Hit& x, const Hit& y) { return x.id == y.id && x.distance == y.distance; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
}

}  // namespace

TEST_SUITE("engine/walk/fused_search") {
  TEST_CASE("mapped, pread, direct and simulated pages give the same answers; all of them, when L is large") {
    const Vectors base = testing::clusters(ElementType::kU8, 2'000, kDim);
    const Vectors queries = testing::clusters(ElementType::kU8, 20, kDim, 2);
    IndexWorld world(fused_bytes(base));
    for (const std::uint32_t width : {1U, 4U}) {
      std::vector<std::vector<Hit>> first;
      for (const auto& each : world.sources(width)) {
        const auto& name = each.name;
        const auto& source = each.source;
        CAPTURE(name);
        Walks walks(world, *source);
        for (std::size_t q = 0; q < queries.rows(); ++q) {
          const auto few = walks.find(queries, q, {.l = 30, .beam_width = width, .k = 10});
          REQUIRE(few);
          if (first.size() <= q) first.push_back(*few);
          CHECK(same(*few, first[q]));
          const auto all = walks.find(queries, q, {.l = 2'000, .beam_width = width, .k = 10});
          REQUIRE(all);
          CHECK(same(*all, *walks.find_exactly(queries, q, 10)));
        }
      }
    }
  }

  TEST_CASE("a hidden record is neither answered nor in the way") {
    const Vectors base = testing::clusters(ElementType::kU8, 1'000, kDim);
    IndexWorld world(fused_bytes(base));
    const auto source = world.simulated();
    Walks walks(world, *source);
    for (std::uint32_t hidden = 0; hidden < 1'000; hidden += 97) {
      const auto all = *walks.find(base, 0, {.l = 1'000, .k = 1'000});
      const auto rest = *walks.find(base, 0, {.l = 1'000, .k = 1'000}, Admission(RecordSet(), hidden));
      CHECK(all.size() == 1'000);
      CHECK(rest.size() == 999);
    }
  }

  TEST_CASE("a target that does not exist is an error, though every checksum holds") {
    const Vectors base = testing::clusters(ElementType::kU8, 1'000, kDim);
    auto bytes = fused_bytes(base);
    {
      IndexWorld good(bytes);
      const format::PageShape& shape = good.graph().shape;
      for (std::uint32_t page = 0; page < shape.pages(1'000); ++page) {
        std::byte* const at = bytes.data() + good.graph().pages_at + std::size_t{page} * shape.page_bytes;
        const std::uint32_t ordinal = 1'000;
        std::memcpy(at + (format::target_at(shape, at, 0) - at), &ordinal, sizeof ordinal);
      }
    }
    testing::restamp_sections(bytes);
    IndexWorld world(bytes);
    const auto source = world.simulated();
    const auto refused = Walks(world, *source).find(base, 0, {.l = 20, .k = 5});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kCorrupt);
    CHECK(refused.error().what.find("neighbour 1000") != std::string::npos);
  }

  TEST_CASE("links, counts and codes of any value lead nowhere outside the segment") {
    const Vectors base = testing::clusters(ElementType::kU8, 1'000, kDim);
    auto bytes = fused_bytes(base);
    {
      IndexWorld good(bytes);
      const format::PageShape& shape = good.graph().shape;
      for (std::uint32_t page = 0; page < shape.pages(1'000); ++page) {
        std::byte* const at = bytes.data() + good.graph().pages_at + std::size_t{page} * shape.page_bytes;
        std::memset(at + format::table_place(shape), 0xFF, 2);
        std::memset(at + format::links_place(shape) + 8, 0xFF, 2);
      }
    }
    testing::restamp_sections(bytes);
    IndexWorld world(bytes);
    const auto source = world.simulated();
    Walks walks(world, *source);
    for (std::size_t q = 0; q < 10; ++q) {
      const auto found = walks.find(base, q, {.l = 50, .k = 5});  // the room behind the targets is zeros: ordinal 0
      REQUIRE(found);
      CHECK(found->size() == 5);
    }
  }

  TEST_CASE("what a walk allocates is bounded, and nothing once it has run before") {
    const Vectors base = testing::clusters(ElementType::kU8, 4'000, kDim);
    IndexWorld world(fused_bytes(base));
    const auto source = world.simulated();
    const std::uint64_t before = testing::bytes_in_use();
    testing::reset_peak();
    Walks walks(world, *source);
    REQUIRE(walks.find(base, 1, {.l = 400, .k = 10}));
    CHECK(testing::peak_bytes() - before < 4U << 20);
    REQUIRE(walks.find(base, 1, {.l = 400, .k = 10}));
    const std::uint64_t calls = testing::allocations();
    const auto again = walks.find(base, 1, {.l = 400, .k = 10});
    CHECK(testing::allocations() <= calls + 1);  // the copy of the answer
  }
}

}  // namespace nearline::engine
