// SPDX-License-Identifier: Apache-2.0
/// Transforms that an index keeps, against the same rows transformed beforehand: all that answers, through the changes
/// of a writer.
#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <numeric>

#include "nearline/writer.h"
#include "tests/api/index_world.h"

namespace nearline {
namespace {

using testing::Vectors;

constexpr std::uint32_t kDim = 24, kNarrow = 10;
constexpr std::size_t kRows = 1500;

Vectors some(std::size_t rows, std::uint64_t seed = 1) {
  return testing::clusters(ElementType::kF32, rows, kDim, seed);
}

std::vector<float> matrix() {
  const Vectors rows = testing::clusters(ElementType::kF32, kNarrow, kDim, 7);
  return rows.values;
}

/// What the matrix makes of rows, in f64.
Vectors through(const Vectors& rows) {
  const std::vector<float> by = matrix();
  Vectors out = testing::no_vectors(ElementType::kF32, kNarrow);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    std::array<float, kNarrow> row{};
    for (std::uint32_t i = 0; i < kNarrow; ++i) {
      double sum = 0;
      for (std::uint32_t j = 0; j < kDim; ++j) sum += double{by[i * kDim + j]} * double{rows.row(r)[j]};
      row[i] = static_cast<float>(sum);
    }
    out.push_back(row);
  }
  return out;
}

Schema schema_of(Metric metric = Metric::kL2) {
  Schema schema{.dim = kNarrow, .type = ElementType::kF32, .metric = metric};
  schema.transform = {.in_dim = kDim, .steps = {TransformStep::matrix(matrix(), kNarrow)}};
  return schema;
}

/// Both answer alike: one of rows and queries as they come, one of both transformed.
void check_same(const Index& index, const Index& plain, const Vectors& queries) {
  const Vectors there = through(queries);
  for (const bool exact : {true, false}) {
    const auto found = index.search(queries.view(), {.k = 10, .l = 40, .exact = exact});
    REQUIRE_MESSAGE(found, message(found));
    const auto wanted = plain.search(there.view(), {.k = 10, .l = 40, .exact = exact});
    REQUIRE(wanted);
    CHECK(found->ids == wanted->ids);
    const auto stored = index.search(there.view(), {.k = 10, .l = 40, .exact = exact, .as_stored = true});
    REQUIRE_MESSAGE(stored, message(stored));
    CHECK(stored->ids == wanted->ids);
  }
  const float radius = plain.search(there.view(0, 1), {.k = 7, .exact = true})->distances.back() * 1.001F;
  CHECK(index.range_search(queries.view(0, 1), {.radius = radius, .exact = true})->ids ==
        plain.range_search(there.view(0, 1), {.radius = radius, .exact = true})->ids);
  auto cursor = index.cursor(queries.view(0, 1));
  REQUIRE(cursor);
  CHECK(cursor->next(5)->ids == plain.cursor(there.view(0, 1))->next(5)->ids);
  const auto page = index.search_page(queries.view(0, 1), {.k = 4});
  REQUIRE(page);
  const auto next = index.search_page(queries.view(0, 1), {.k = 4}, page->next);
  REQUIRE_MESSAGE(next, message(next));
  CHECK(next->ids.size() == 4);
}

}  // namespace

TEST_SUITE("api/transforms") {
  TEST_CASE("an index answers as one of rows that were transformed beforehand, whatever its writer does") {
    const io::TempDir dir;
    const Vectors rows = some(kRows), queries = testing::queries_for(ElementType::kF32, kRows, kDim, 12);
    REQUIRE(build(dir / "x.near", schema_of(), rows.view()));
    REQUIRE(build(dir / "plain.near", {kNarrow, ElementType::kF32, Metric::kL2}, through(rows).view()));
    auto index = Index::open(dir / "x.near");
    REQUIRE_MESSAGE(index, message(index));
    auto plain = Index::open(dir / "plain.near");
    REQUIRE(plain);
    CHECK(index->info().schema.dim == kNarrow);
    CHECK(index->info().schema.input_dim() == kDim);
    CHECK(index->info().schema.query_dim() == kDim);
    CHECK(to_text(index->info().schema.transform) == "matrix(10 x 24)");
    check_same(*index, *plain, queries);

    const Vectors more = some(200, 3);
    std::vector<Id> ids(200);
    std::iota(ids.begin(), ids.end(), 100);  // the first of them replace others
    const auto change = [&](const char* name, const Vectors& added) {
      auto writer = Writer::open(dir / name);
      REQUIRE_MESSAGE(writer, message(writer));
      const auto upserted = writer->upsert(added.view(), ids);
      REQUIRE_MESSAGE(upserted, message(upserted));
      REQUIRE(writer->erase(std::array<Id, 3>{1, 2, 3}));
      REQUIRE(writer->commit());
      REQUIRE(writer->compact());
    };
    change("x.near", more);
    change("plain.near", through(more));
    REQUIRE(*index->refresh());
    REQUIRE(*plain->refresh());
    check_same(*index, *plain, queries);
  }

  TEST_CASE("get gives what came out of the transform") {
    const io::TempDir dir;
    const Vectors rows = some(50);
    REQUIRE(build(dir / "x.near", schema_of(), rows.view()));
    const auto index = Index::open(dir / "x.near");
    REQUIRE(index);
    std::array<float, kNarrow> got{};
    REQUIRE(index->get(std::array<Id, 1>{17}, std::as_writable_bytes(std::span(got))));
    const Vectors there = through(rows);
    for (std::uint32_t i = 0; i < kNarrow; ++i) CHECK(got[i] == doctest::Approx(there.row(17)[i]).epsilon(1e-5));
  }

  TEST_CASE("queries that calibrate come as those that ask do") {
    const io::TempDir dir;
    REQUIRE(build(dir / "x.near", schema_of(), some(kRows).view()));
    auto writer = Writer::open(dir / "x.near");
    REQUIRE(writer);
    const Vectors queries = testing::queries_for(ElementType::kF32, kRows, kDim, 60);
    const auto done = writer->calibrate(queries.view());
    REQUIRE_MESSAGE(done, message(done));
    const auto index = Index::open(dir / "x.near");
    CHECK(index->info().real_queries);
    CHECK(index->search(queries.view(), {.recall = 0.9F}));
    CHECK(writer->calibrate(through(queries).view()).error().code == Code::kInvalidArgument);
  }

  TEST_CASE("vectors and queries that do not fit are refused, and leave nothing") {
    const io::TempDir dir;
    Schema schema = schema_of();
    schema.dim = kNarrow + 1;
    CHECK(Builder::create(dir / "x.near", schema, {}).error().code == Code::kInvalidArgument);
    schema = schema_of();
    schema.transform.steps.push_back(TransformStep::normalize());
    auto builder = Builder::create(dir / "x.near", schema, quick_build());
    REQUIRE(builder);
    Vectors rows = some(20);
    CHECK(builder->add(MatrixView(rows.values.data(), 5, kNarrow)).error().code == Code::kInvalidArgument);
    std::vector<float> zero(std::size_t{2} * kDim);
    zero[0] = 1;
    const auto refused = builder->add(MatrixView(zero.data(), 2, kDim));
    CHECK(refused.error().code == Code::kBadInput);
    CHECK(refused.error().what.starts_with("vector 1 has no direction"));
    CHECK(builder->count() == 0);
    REQUIRE(builder->add(rows.view()));
    REQUIRE(builder->finish());
    const auto index = Index::open(dir / "x.near");
    REQUIRE(index);
    CHECK(index->search(MatrixView(zero.data(), 2, kDim)).error().what.starts_with("query 1 has no direction"));
    CHECK(index->cursor(MatrixView(zero.data() + kDim, 1, kDim)).error().code == Code::kBadInput);
    CHECK(index->search(through(rows).view()).error().what.find("the index takes dimension 24") != std::string::npos);
  }

  TEST_CASE("what has to be learned is learned from rows, and without any is refused") {
    const io::TempDir dir;
    Schema schema{.dim = kDim, .type = ElementType::kF16, .metric = Metric::kCosine};
    schema.transform = {.in_dim = kDim, .steps = {TransformStep::center(), TransformStep::normalize()}};
    auto empty = Builder::create(dir / "x.near", schema, quick_build());
    REQUIRE(empty);
    CHECK(empty->finish().error().code == Code::kInvalidArgument);
    BuildOptions little = quick_build();
    little.memory_bytes = 1000;
    auto poor = Builder::create(dir / "x.near", schema, little);
    REQUIRE(poor);
    REQUIRE(poor->add(some(400).view()));
    CHECK(poor->finish().error().code == Code::kOverBudget);
    const Vectors rows = some(400);
    REQUIRE(build(dir / "x.near", schema, rows.view()));
    const auto index = Index::open(dir / "x.near");
    REQUIRE(index);
    const auto& steps = index->info().schema.transform.steps;
    REQUIRE(steps[0].numbers);
    for (std::uint32_t i = 0; i < kDim; ++i) {
      double sum = 0;
      for (std::size_t r = 0; r < rows.rows(); ++r) sum += double{rows.row(r)[i]} / static_cast<double>(rows.rows());
      CHECK((*steps[0].numbers)[i] == doctest::Approx(sum).epsilon(1e-4));
    }
    CHECK(index->search(rows.view(0, 3), {.k = 1})->ids == std::vector<Id>{0, 1, 2});
  }
}

}  // namespace nearline
