// SPDX-License-Identifier: Apache-2.0
/// Codes cut to their first parts tell less, and how much less is known.
#include "engine/codes/short_codes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "engine/codes/code_encoder.h"
#include "engine/codes/code_query.h"
#include "engine/codes/code_training.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kDim = 32, kCodeBytes = 20;
constexpr std::size_t kRows = 2'000 + 7;  // neither batches nor those that share come out even

/// Rows around centres, those of one behind the other, whose components vary less and less.
std::vector<float> rows_around_centers() {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> rows(kRows * kDim), center(kDim);
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::uint32_t j = 0; j < kDim; ++j) {
      const float width = std::pow(0.93F, static_cast<float>(j));
      if (i % 20 == 0) center[j] = 1 + normal(random) * width;
      rows[i * kDim + j] = center[j] + 0.5F * normal(random) * width;
    }
  }
  return rows;
}

void to_unit_length(std::vector<float>& rows) {
  for (std::size_t i = 0; i < kRows; ++i) {
    float squares = 0;
    for (std::uint32_t j = 0; j < kDim; ++j) squares += rows[i * kDim + j] * rows[i * kDim + j];
    for (std::uint32_t j = 0; j < kDim; ++j) rows[i * kDim + j] /= std::sqrt(squares);
  }
}

struct World {
  explicit World(Metric of) : metric(of), rows(rows_around_centers()) {
    if (metric == Metric::kCosine) to_unit_length(rows);
    book = train_code_book(rows, kDim, metric, kCodeBytes, 2).value();
    codes.resize(kRows * book.code_bytes());
    CodeEncoder::Scratch scratch;
    CodeEncoder(book, metric).encode(rows.data(), kRows, codes.data(), scratch);
  }

  [[nodiscard]] ShortCodes cut(std::uint32_t parts, format::CodeBook& by) const {
    ShortCodes cut(book, metric, kRows, parts);
    const std::size_t batch = ShortCodes::kBatch * book.code_bytes();
    for (std::size_t at = 0; at < codes.size(); at += batch) {
      cut.add(std::span(codes).subspan(at, std::min(batch, codes.size() - at)));
    }
    by = cut.finish();
    return cut;
  }

  /// Root of the mean square of what estimates of near pairs miss.
  [[nodiscard]] double miss(const format::CodeBook& by, const std::vector<std::byte>& all) const {
    CodeQuery query;
    double sum = 0;
    std::size_t pairs = 0;
    for (std::size_t i = 0; i + 1 < kRows; i += 20, ++pairs) {
      const float* const q = rows.data() + i * kDim;
      query.prepare(by, metric, q);
      const std::byte* code[] = {all.data() + (i + 1) * book.code_bytes()};
      float estimate = 0;
      query.estimate(code, &estimate);
      double squares = 0, product = 0;
      for (std::uint32_t j = 0; j < kDim; ++j) {
        const double a = static_cast<double>(q[j]), b = static_cast<double>(q[kDim + j]);
        squares += (a - b) * (a - b);
        product += a * b;
      }
      const double off = static_cast<double>(estimate) - (metric == Metric::kL2 ? squares : 1 - product);
      sum += off * off;
    }
    return std::sqrt(sum / static_cast<double>(pairs));
  }

  Metric metric;
  std::vector<float> rows;
  format::CodeBook book;
  std::vector<std::byte> codes;
};

std::vector<std::byte> lengthened(const ShortCodes& cut, std::uint32_t code_bytes) {
  std::vector<std::byte> all(kRows * code_bytes);
  for (std::uint32_t i = 0; i < kRows; ++i) cut.lengthen(i, all.data() + std::size_t{i} * code_bytes);
  return all;
}

}  // namespace

TEST_SUITE("engine/codes/short_codes") {
  TEST_CASE("the first parts are kept, records side by side share the others, and the numbers are what they were") {
    const World world(Metric::kL2);
    const std::uint32_t bytes = world.book.code_bytes(), parts = world.book.parts() / 2;
    format::CodeBook by;
    const ShortCodes cut = world.cut(parts, by);
    const auto all = lengthened(cut, bytes);
    const float range = world.book.offset.step * 65535;
    for (std::size_t i = 0; i < kRows; ++i) {
      const std::byte* const now = all.data() + i * bytes;
      const std::byte* const before = world.codes.data() + i * bytes;
      REQUIRE(std::memcmp(now + 4, before + 4, parts) == 0);
      const std::size_t first = i / ShortCodes::kShared * ShortCodes::kShared;
      REQUIRE(std::memcmp(now + 4 + parts, all.data() + first * bytes + 4 + parts, bytes - 4 - parts) == 0);
      std::uint16_t offset_now = 0, offset_before = 0;
      std::memcpy(&offset_now, now, 2);
      std::memcpy(&offset_before, before, 2);
      CHECK(std::fabs(by.offset.value(offset_now) - world.book.offset.value(offset_before)) < range / 250);
    }
    CHECK(ShortCodes::memory_bytes(kRows, world.book.parts(), parts) <
          kRows * (ShortCodes::kHeadBytes + parts + 1) + 100);
  }

  TEST_CASE("more parts tell more, and nearly all parts nearly as much as whole codes, whatever the metric") {
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      const World world(metric);
      const double whole = world.miss(world.book, world.codes);
      double before = INFINITY;
      for (const std::uint32_t parts : {2U, 4U, 8U, 15U}) {
        CAPTURE(parts);
        format::CodeBook by;
        const ShortCodes cut = world.cut(parts, by);
        const double miss = world.miss(by, lengthened(cut, world.book.code_bytes()));
        CHECK(miss < before);
        CHECK(by.error > world.book.error);
        before = miss;
      }
      CHECK(before < 1.6 * whole);
    }
  }

  TEST_CASE("a code that does not tell its distance does not when it is cut either") {
    World world(Metric::kL2);
    const std::uint32_t bytes = world.book.code_bytes();
    std::memset(world.codes.data() + 1'000 * bytes, 0xFF, 4);
    format::CodeBook by;
    const ShortCodes cut = world.cut(3, by);
    const auto all = lengthened(cut, bytes);
    CodeQuery query;
    query.prepare(by, world.metric, world.rows.data());
    std::size_t to_be_read = 0;
    for (std::size_t i = 0; i < kRows; ++i) {
      const std::byte* code[] = {all.data() + i * bytes};
      float estimate = 0;
      query.estimate(code, &estimate);
      if (estimate == -INFINITY) ++to_be_read;
      if (i == 1'000) CHECK(estimate == -INFINITY);
    }
    CHECK(to_be_read == 1);
  }
}

}  // namespace nearline::engine
