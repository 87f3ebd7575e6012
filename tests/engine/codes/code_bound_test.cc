// SPDX-License-Identifier: Apache-2.0
/// No bound that a code gives is above the distance that a scan computes, whatever the data and the scales are like;
/// and bounds are good for something.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "engine/codes/code_bound.h"
#include "engine/codes/code_encoder.h"
#include "engine/codes/code_training.h"
#include "engine/kernels/kernels.h"
#include "engine/space/space.h"
#include "engine/space/unfit.h"

namespace nearline::engine {
namespace {

using format::CodeBook;

/// Rows of one kind of data, f32.
struct Rows {
  std::uint32_t dim;
  std::vector<float> values;

  [[nodiscard]] std::size_t count() const { return values.size() / dim; }
  [[nodiscard]] const float* row(std::size_t i) const { return values.data() + i * dim; }
};

/// Clusters around points `spread` wide, `noise` wide themselves, times a scale, plus a shift.
Rows clusters(std::uint32_t dim, std::size_t count, float noise, float scale, float shift, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Rows rows{dim, {}};
  std::vector<float> centre(dim);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 40 == 0) {
      for (float& x : centre) x = normal(random);
    }
    for (const float x : centre) rows.values.push_back((x + noise * normal(random)) * scale + shift);
  }
  return rows;
}

/// The rows as codes take them.
std::vector<float> as_coded(const Rows& rows, Metric metric) {
  std::vector<float> out = rows.values;
  if (metric != Metric::kCosine) return out;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    double squares = 0;
    for (std::uint32_t d = 0; d < rows.dim; ++d) squares += double{rows.row(i)[d]} * double{rows.row(i)[d]};
    const auto scale = static_cast<float>(1 / std::sqrt(squares));
    for (std::uint32_t d = 0; d < rows.dim; ++d) out[i * rows.dim + d] *= scale;
  }
  return out;
}

struct Tally {
  std::size_t bounds = 0, above = 0, useful = 0;
};

/// Bounds of all rows for some queries, against what Space computes. book: made of these rows or of others.
Tally compare(const Rows& rows, const Rows& queries, Metric metric, const CodeBook& book) {
  const std::uint32_t dim = rows.dim;
  const Space space(metric, ElementType::kF32, dim);
  const CodeEncoder encoder(book, metric);
  const std::vector<float> coded = as_coded(rows, metric);
  std::vector<std::byte> codes(rows.count() * book.code_bytes());
  CodeEncoder::Scratch scratch;
  encoder.encode(coded.data(), rows.count(), codes.data(), scratch);
  // Records: the vector and, under cosine, its scale.
  const std::size_t stride = dim * sizeof(float) + sizeof(float);
  std::vector<std::byte> records(rows.count() * stride);
  std::vector<const std::byte*> pointers;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    std::byte* const record = records.data() + i * stride;
    std::memcpy(record, rows.row(i), dim * sizeof(float));
    const float scale = space.scale_of(record);
    std::memcpy(record + dim * sizeof(float), &scale, sizeof scale);
    pointers.push_back(record);
  }
  Tally tally;
  CodeBound bound;
  std::vector<std::byte> form(space.query_bytes());
  std::vector<float> distances(rows.count()), vector(dim);
  for (std::size_t q = 0; q < queries.count(); ++q) {
    const auto* const raw = reinterpret_cast<const std::byte*>(queries.row(q));
    const Query query = space.query(raw, ElementType::kF32, form.data());
    space.distances(query, pointers, distances.data());
    for (std::uint32_t d = 0; d < dim; ++d) {
      const float component = static_cast<const float*>(query.vector)[d];  // of a short vector: many times as long
      vector[d] = metric == Metric::kCosine ? component * query.scale : component;
    }
    bound.prepare(book, metric, vector.data());
    std::vector<float> sorted = distances;
    std::nth_element(sorted.begin(), sorted.begin() + 10, sorted.end());
    for (std::size_t i = 0; i < rows.count(); ++i) {
      const double least = bound.of(codes.data() + i * book.code_bytes()).least;
      ++tally.bounds;
      tally.above += least > double{distances[i]} ? 1 : 0;
      tally.useful += least > double{sorted[10]} ? 1 : 0;
    }
  }
  return tally;
}

CodeBook train(const Rows& rows, Metric metric, std::uint32_t code_bytes) {
  const std::vector<float> coded = as_coded(rows, metric);
  auto book = train_code_book(coded, rows.dim, metric, code_bytes, 1);
  REQUIRE(book);
  return *book;
}

constexpr Metric kMetrics[] = {Metric::kL2, Metric::kCosine};

}  // namespace

TEST_SUITE("engine/codes/code_bound") {
  TEST_CASE("no bound is above the distance, and most tell that a record is too far away") {
    for (const Metric metric : kMetrics) {
      for (const std::uint32_t dim : {3U, 24U, 100U}) {
        CAPTURE(name(metric));
        CAPTURE(dim);
        const Rows rows = clusters(dim, 2'000, 0.3F, 1, 0, 1), queries = clusters(dim, 40, 0.3F, 1, 0, 1);
        const CodeBook book = train(rows, metric, format::kCodeHeadBytes + std::min(dim, 24U));
        REQUIRE(CodeBound::serves(book, metric));
        const Tally own = compare(rows, queries, metric, book);
        CHECK(own.above == 0);
        CHECK(own.useful > own.bounds * 3 / 4);
      }
    }
  }

  TEST_CASE("bounds hold for records that the book does not know, and for scales that hardly reach or tell anything") {
    for (const Metric metric : kMetrics) {
      CAPTURE(name(metric));
      const Rows known = clusters(20, 1'000, 0.3F, 1, 0, 1), queries = clusters(20, 20, 0.3F, 1, 0, 7);
      const CodeBook book = train(known, metric, 14);
      for (const float scale : {0.01F, 0.5F, 3.0F, 100.0F}) {
        for (const float shift : {0.0F, 1.0F, -30.0F}) {
          CAPTURE(scale);
          CAPTURE(shift);
          CHECK(compare(clusters(20, 400, 0.3F, scale, shift, 3), queries, metric, book).above == 0);
        }
      }
      for (const float coarse : {40.0F, 1'000.0F, 60'000.0F}) {  // of a number's 65535 steps a few are left
        CodeBook rough = book;
        rough.offset.step *= coarse;
        rough.factor.step *= coarse;
        CHECK(compare(known, queries, metric, rough).above == 0);
        CodeBook beside = rough;  // and those begin somewhere else
        beside.offset.low -= beside.offset.step * 0.37F;
        beside.factor.low -= beside.factor.step * 0.81F;
        CHECK(compare(known, queries, metric, beside).above == 0);
      }
      CodeBook narrow = book;  // most numbers lie beyond what can be stored
      narrow.offset.step /= 4;
      narrow.factor.step /= 4;
      CHECK(compare(known, queries, metric, narrow).above == 0);
    }
  }

  TEST_CASE("bounds hold for tiny and huge numbers, a mean far from all differences, and an outlier") {
    struct Case {
      float noise, scale, shift;
    };
    for (const Case& c : {Case{0.3F, 1e-18F, 0}, Case{0.3F, 1e-12F, 0}, Case{0.3F, 1e12F, 0}, Case{0.3F, 1, 1e5F},
                          Case{1e-6F, 1, 0}, Case{0, 1, 0}, Case{0.3F, 1e-4F, 1}}) {
      CAPTURE(c.noise);
      CAPTURE(c.scale);
      CAPTURE(c.shift);
      Rows rows = clusters(16, 800, c.noise, c.scale, c.shift, 1);
      const Rows queries = clusters(16, 20, c.noise, c.scale, c.shift, 1);
      for (float& x : std::span(rows.values).last(16)) x *= 1'000;
      for (const Metric metric : kMetrics) {
        CAPTURE(name(metric));
        const auto coded = as_coded(rows, metric);
        const auto book = train_code_book(coded, 16, metric, 12, 1);
        if (!book || !CodeBound::serves(*book, metric)) continue;
        CHECK(compare(rows, queries, metric, *book).above == 0);
        CHECK(compare(rows, rows, metric, *book).above == 0);  // of each record to itself: 0
      }
    }
  }

  TEST_CASE("bounds hold for records of which a code says nothing, since they lie across all that it tells apart") {
    Rows known = clusters(20, 1'000, 0.3F, 1, 0, 1), across = clusters(20, 400, 0.3F, 1, 0, 5);
    for (std::size_t i = 0; i < known.values.size(); ++i) {
      if (i % 20 >= 5) known.values[i] *= 0.01F;
    }
    for (const float part : {0.0F, 0.02F, 0.1F, 0.4F}) {
      Rows rows = across;
      for (std::size_t i = 0; i < rows.values.size(); ++i) rows.values[i] *= i % 20 < 5 ? part : 0.7F;
      const CodeBook book = train(known, Metric::kL2, 9);
      CHECK(compare(rows, rows, Metric::kL2, book).above == 0);
      CHECK(compare(rows, known, Metric::kL2, book).above == 0);
    }
  }

  TEST_CASE("bounds leave room for the rounding of sums, where scales tell numbers as closely as f32 does") {
    for (const std::uint32_t dim : {16U, 300U}) {
      for (const float shift : {0.0F, 50.0F}) {
        CAPTURE(dim);
        CAPTURE(shift);
        const Rows rows = clusters(dim, 600, 0.3F, 1, shift, 1);
        CodeBook book = train(rows, Metric::kL2, 24);
        const CodeEncoder encoder(book);
        CodeEncoder::Scratch scratch;
        std::size_t above = 0;
        for (std::size_t i = 0; i < 200; ++i) {
          const auto exact = encoder.heads(rows.row(i), 1, scratch)[0];
          CodeBook close = book;
          close.offset = {.low = exact.offset, .step = std::fabs(exact.offset) * 1e-12F};
          close.factor = {.low = exact.factor, .step = std::fabs(exact.factor) * 1e-12F};
          Rows one{dim, {rows.row(i), rows.row(i) + dim}};
          Rows queries{dim, one.values};
          for (const float beside : {1e-6F, 1e-4F, 1e-2F}) {
            for (std::uint32_t d = 0; d < dim; ++d) queries.values.push_back(one.values[d] * (1 + beside));
          }
          for (std::uint32_t more = 0; more < 11; ++more)
            one.values.insert(one.values.end(), rows.row(i), rows.row(i) + dim);
          above += compare(one, queries, Metric::kL2, close).above;
        }
        CHECK(above == 0);
      }
    }
  }

  TEST_CASE("axes are as nearly orthonormal as bounds take them to be") {
    for (const std::uint32_t dim : {8U, 64U, 256U}) {
      const Rows rows = clusters(dim, 600, 0.3F, 1, 0, 1);
      const CodeBook book = train(rows, Metric::kL2, 36);
      double deviation = 0;  // of A A^T from the identity, in the Frobenius norm
      for (std::size_t a = 0; a < book.axis_count(); ++a) {
        for (std::size_t b = 0; b < book.axis_count(); ++b) {
          double product = a == b ? -1 : 0;
          for (std::uint32_t d = 0; d < dim; ++d) {
            product += double{book.axes[a * dim + d]} * double{book.axes[b * dim + d]};
          }
          deviation += product * product;
        }
      }
      CHECK(std::sqrt(deviation) / 2 < 1.0 / 4096);
    }
  }

  TEST_CASE("where codes tell nothing for certain they are not asked") {
    const Rows rows = clusters(8, 600, 0.3F, 1, 0, 1);
    CodeBook book = train(rows, Metric::kL2, 12);
    CHECK(CodeBound::serves(book, Metric::kL2));
    CHECK_FALSE(CodeBound::serves(book, Metric::kIp));
    book.factor.step = 0;
    CHECK_FALSE(CodeBound::serves(book, Metric::kL2));
  }
}

}  // namespace nearline::engine
