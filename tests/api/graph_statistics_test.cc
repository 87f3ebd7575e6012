// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "tests/api/index_world.h"
#include "tests/support/restamp.h"
#include "tests/support/tiny_index.h"

namespace nearline {
namespace {

using io::TempDir;

std::uint64_t sum(const std::vector<std::uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

/// A ring of five records with four neighbours each, after a change for which all checksums are made right again.
std::filesystem::path ring(const TempDir& folder, void (*edit)(std::vector<std::byte>&) = nullptr) {
  testing::IndexAssembler file = testing::tiny_index({.count = 5, .degree = 4});
  file.commit();
  auto bytes = file.bytes();
  if (edit != nullptr) {
    edit(bytes);
    testing::restamp_sections(bytes);
  }
  const auto* first = reinterpret_cast<const char*>(bytes.data());
  write(folder / "ring", {first, first + bytes.size()});
  return folder / "ring";
}

}  // namespace

TEST_SUITE("api/graph_statistics") {
  TEST_CASE("a ring whose every number is known is counted so") {
    const TempDir folder;
    const auto index = Index::open(ring(folder));
    REQUIRE(index);
    const auto graph = index->graph_statistics();
    REQUIRE_MESSAGE(graph, message(graph));
    CHECK(graph->records == 5);
    CHECK(graph->edges == 20);
    CHECK(graph->local_edges == 20);  // all of it stands on one page
    CHECK(graph->degrees == std::vector<std::uint64_t>{0, 0, 0, 0, 5});
    CHECK(graph->in_degrees == std::vector<std::uint64_t>{0, 0, 0, 5});  // four edges: 2^2 to 2^3 - 1
    CHECK(graph->in_degree_records == 5);
    CHECK(graph->in_degree_max == 4);
    CHECK(graph->pages == 1);
    CHECK(graph->vector_bytes == 5 * 3 * sizeof(float));
    CHECK(graph->list_bytes == 5 * 2);  // four neighbours of three bits
    CHECK(graph->head_bytes == 8 + 5 * (4 + 2));
    CHECK(graph->fill.size() == 20);
    CHECK(graph->fill[0] == 1);
  }

  TEST_CASE("a built graph agrees with what the file says of itself, and its bytes with its pages") {
    const TempDir folder;
    for (const auto& kind : {std::pair{ElementType::kU8, 40U}, {ElementType::kF32, 1'500U}}) {
      const auto& type = kind.first;
      const auto& dim = kind.second;
      CAPTURE(name(type));
      const auto base = testing::clusters(type, 700, dim);
      auto options = quick_build();
      options.replace = true;
      REQUIRE(build(folder / "x", {dim, type, Metric::kL2}, base.view(), {}, options));
      for (const IoMode io : io_modes()) {
        const auto index = Index::open(folder / "x", with_io(io));
        REQUIRE(index);
        const IndexInfo& info = index->info();
        const auto graph = index->graph_statistics();
        REQUIRE_MESSAGE(graph, message(graph));
        CHECK(graph->records == info.count);
        CHECK(static_cast<double>(graph->edges) / 700 == info.mean_degree);
        CHECK(static_cast<double>(graph->local_edges) / static_cast<double>(graph->edges) == info.local_edge_share);
        CHECK(graph->degrees.size() == info.degree + 1);
        CHECK(sum(graph->degrees) == 700);
        CHECK(sum(graph->in_degrees) == 700);
        CHECK(graph->in_degrees.back() > 0);
        CHECK(graph->in_degree_max >= info.mean_degree);
        CHECK(graph->pages == (700 + info.records_per_page - 1) / info.records_per_page);
        CHECK(sum(graph->fill) == graph->pages);
        CHECK(graph->vector_bytes == 700 * vector_bytes(type, dim));
        CHECK(graph->vector_bytes + graph->list_bytes + graph->list_spare_bytes + graph->head_bytes <=
              graph->pages * info.page_bytes);
      }
    }
  }

  TEST_CASE("a flipped byte is damage with a place, and so is a neighbour that does not exist") {
    const TempDir folder;
    const auto flipped = ring(folder);
    auto bytes = contents(flipped);
    bytes[8'192 + 20] ^= 1;
    write(flipped, bytes);
    const auto checked = Index::open(flipped, with_io(IoMode::kPread))->graph_statistics();
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Code::kCorrupt);
    CHECK(checked.error().at == 8'192);
    CHECK(checked.error().file == flipped.string());
    // Vector, id and degree come before the first list: 12 + 4 + 2 bytes behind the page's header.
    const auto stranger = ring(folder, [](std::vector<std::byte>& file) { file[8'192 + 8 + 18] = std::byte{0xFF}; });
    const auto bounded = Index::open(stranger, with_io(IoMode::kPread))->graph_statistics();
    REQUIRE_FALSE(bounded);
    CHECK(bounded.error().code == Code::kCorrupt);
    CHECK(bounded.error().file == stranger.string());
  }

  TEST_CASE("counting stops when it is told to, and an index of no records has none to count") {
    const TempDir folder;
    const auto stopped = Index::open(ring(folder))->graph_statistics([](const Progress&) { return false; });
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().code == Code::kCancelled);
    const Schema schema{8, ElementType::kF32, Metric::kL2};
    REQUIRE(build(folder / "empty", schema, {std::span<const float>(), 8}));
    const auto empty = Index::open(folder / "empty")->graph_statistics();
    REQUIRE(empty);
    CHECK(empty->records == 0);
    CHECK(empty->degrees.empty());
  }
}

TEST_SUITE("api/sample_ids") {
  TEST_CASE("a sample is of different records that exist, and the same for the same seed") {
    const TempDir folder;
    const auto base = testing::clusters(ElementType::kU8, 900, 8);
    std::vector<Id> ids(900);
    for (std::size_t row = 0; row < ids.size(); ++row) ids[row] = 7 * row + 1'000'000'000'000U;
    REQUIRE(build(folder / "x", {8, ElementType::kU8, Metric::kL2}, base.view(), ids));
    const auto index = Index::open(folder / "x");
    REQUIRE(index);
    const auto sample = index->sample_ids(100, 3);
    REQUIRE(sample);
    CHECK(sample->size() == 100);
    CHECK(std::set(sample->begin(), sample->end()).size() == 100);
    CHECK(std::is_sorted(sample->begin(), sample->end()));
    for (const Id id : *sample) CHECK(std::binary_search(ids.begin(), ids.end(), id));
    CHECK(*index->sample_ids(100, 3) == *sample);
    CHECK(*index->sample_ids(100, 4) != *sample);
    CHECK(*index->sample_ids(5'000, 3) == ids);
    CHECK(index->sample_ids(0, 3)->empty());
  }
}

}  // namespace nearline
