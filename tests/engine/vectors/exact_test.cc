// SPDX-License-Identifier: Apache-2.0
#include "nearline/exact.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "engine/kernels/kernels.h"
#include "engine/vectors/exact_scan.h"
#include "tests/io/temp_dir.h"

namespace nearline {
namespace {

struct Pair {
  Metric metric;
  ElementType type;
  const char* extension;
};

/// bf16 has no file format: it is tested in memory, below.
constexpr Pair kPairs[] = {
    {Metric::kL2, ElementType::kF32, "fbin"},     {Metric::kL2, ElementType::kF16, "hbin"},
    {Metric::kL2, ElementType::kI8, "i8bin"},     {Metric::kL2, ElementType::kU8, "u8bin"},
    {Metric::kIp, ElementType::kF32, "fbin"},     {Metric::kIp, ElementType::kF16, "hbin"},
    {Metric::kIp, ElementType::kI8, "i8bin"},     {Metric::kIp, ElementType::kU8, "u8bin"},
    {Metric::kCosine, ElementType::kF32, "fbin"}, {Metric::kCosine, ElementType::kF16, "hbin"},
    {Metric::kCosine, ElementType::kI8, "i8bin"}, {Metric::kCosine, ElementType::kU8, "u8bin"},
    {Metric::kHamming, ElementType::kB1, "bbin"}, {Metric::kJaccard, ElementType::kB1, "bbin"},
};

/// Random rows of any type, in memory.
struct Rows {
  Rows(ElementType type, std::size_t rows, std::uint32_t dim, std::uint32_t seed)
      : bytes(rows * vector_bytes(type, dim)) {
    std::mt19937 random(seed);
    view = {bytes.data(), rows, dim, type};
    if (is_float(type)) {
      std::normal_distribution<float> normal;
      std::vector<float> values(rows * dim);
      for (float& value : values) value = normal(random);
      kernels::from_f32(type, values.data(), values.size(), bytes.data());
      return;
    }
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    for (std::size_t i = 0; type == ElementType::kB1 && dim % 8 != 0 && i < rows; ++i) {
      bytes[(i + 1) * vector_bytes(type, dim) - 1] &= static_cast<std::byte>((1U << dim % 8) - 1);
    }
  }

  std::vector<std::byte> bytes;
  MatrixView view;
};

double component(const MatrixView& rows, std::size_t row, std::size_t i) {
  if (rows.type == ElementType::kB1) {
    return std::to_integer<unsigned>(rows.row(row)[i / 8]) >> i % 8 & 1U;
  }
  float value;
  kernels::to_f32(rows.type, rows.row(row) + i * vector_bytes(rows.type, 1), 1, &value);
  return value;
}

/// The metric by its definition, in f64.
double distance(Metric metric, const MatrixView& a, std::size_t i, const MatrixView& b, std::size_t j) {
  double squares = 0, product = 0, aa = 0, bb = 0, either = 0;
  for (std::size_t c = 0; c < a.dim; ++c) {
    const double x = component(a, i, c);
    const double y = component(b, j, c);
    squares += (x - y) * (x - y);
    product += x * y;
    aa += x * x;
    bb += y * y;
    either += std::max(x, y);
  }
  switch (metric) {
    case Metric::kL2:
    case Metric::kHamming: return squares;
    case Metric::kIp: return 1 - product;
    case Metric::kCosine: return 1 - product / std::sqrt(aa * bb);
    case Metric::kJaccard: return either == 0 ? 0 : 1 - product / either;
  }
  return 0;
}

/// All rows of base by distance from a query, ties by row.
std::vector<std::pair<double, std::uint64_t>> ranked(Metric metric, const MatrixView& base, const MatrixView& queries,
                                                     std::size_t query) {
  std::vector<std::pair<double, std::uint64_t>> all(base.rows);
  for (std::size_t i = 0; i < base.rows; ++i) all[i] = {distance(metric, queries, query, base, i), i};
  std::sort(all.begin(), all.end());
  return all;
}

VectorFile stored(const io::TempDir& dir, const std::string& file, const MatrixView& rows) {
  const auto path = dir.path() / file;
  auto writer = VectorFileWriter::create(path, rows.type, rows.dim);
  REQUIRE(writer);
  REQUIRE(writer->append(rows));
  REQUIRE(writer->finish());
  auto opened = VectorFile::open(path);
  REQUIRE(opened);
  return std::move(*opened);
}

/// Ids must be those of the definition wherever its distances differ by more than rounding; distances must be right.
void check_neighbors(Metric metric, const MatrixView& base, const MatrixView& queries, std::size_t query,
                     std::span<const Id> ids, std::span<const float> distances) {
  const bool exact = !is_float(base.type) && metric != Metric::kCosine;
  const auto want = ranked(metric, base, queries, query);
  std::vector<Id> seen(ids.begin(), ids.end());
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    CAPTURE(i);
    const double bound = exact && metric != Metric::kJaccard ? 0 : 1e-5 * std::max(1.0, std::fabs(want[i].first)) * 4;
    REQUIRE(ids[i] < base.rows);
    CHECK(std::fabs(double{distances[i]} - want[i].first) <= bound);
    CHECK(std::fabs(distance(metric, queries, query, base, ids[i]) - want[i].first) <= 2 * bound);
    if (exact && metric != Metric::kJaccard) CHECK(ids[i] == want[i].second);
    if (i > 0) CHECK((distances[i - 1] < distances[i] || (distances[i - 1] == distances[i] && ids[i - 1] < ids[i])));
  }
}

bool equal(const NeighborTable& a, const NeighborTable& b) {
  return a.queries == b.queries && a.k == b.k && a.ids == b.ids &&
         std::equal(
             a.distances.begin(), a.distances.end(), b.distances.begin(), b.distances.end(),
             [](float x, float y) { return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y); });
}

}  // namespace

TEST_SUITE("engine/vectors/exact") {
  TEST_CASE("the neighbours are those of the definition, for every type and metric") {
    for (const Pair& pair : kPairs) {
      CAPTURE(name(pair.metric));
      CAPTURE(name(pair.type));
      for (const std::uint32_t dim : {1U, 7U, 33U, 128U}) {
        CAPTURE(dim);
        if (dim == 1 && pair.metric != Metric::kL2) continue;  // zero vectors and nothing but ties
        const io::TempDir dir;
        const Rows base(pair.type, 300, dim, dim);
        const Rows queries(pair.type, 9, dim, dim + 1);
        const VectorFile base_file = stored(dir, std::string("base.") + pair.extension, base.view);
        const VectorFile query_file = stored(dir, std::string("query.") + pair.extension, queries.view);
        const auto found = exact_neighbors(base_file, query_file, {.k = 20, .metric = pair.metric});
        REQUIRE(found);
        const NeighborTable& table = *found;
        CHECK(table.queries == 9);
        CHECK(table.k == 20);
        REQUIRE(table.ids.size() == 9 * 20);
        REQUIRE(table.distances.size() == 9 * 20);
        for (std::size_t q = 0; q < 9; ++q) {
          CAPTURE(q);
          check_neighbors(pair.metric, base.view, queries.view, q, std::span(table.ids).subspan(q * 20, 20),
                          std::span(table.distances).subspan(q * 20, 20));
        }
      }
    }
  }

  TEST_CASE("bf16 rows are compared with queries of any float type") {
    const Rows base(ElementType::kBF16, 200, 40, 1);
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      for (const ElementType type : {ElementType::kF32, ElementType::kF16, ElementType::kBF16}) {
        CAPTURE(name(metric));
        CAPTURE(name(type));
        const Rows queries(type, 3, 40, 2);
        engine::ExactScan scan(queries.view, ElementType::kBF16, {.metric = metric, .k = 200});
        scan.show(base.view, 0);
        for (std::size_t q = 0; q < 3; ++q) {
          const auto hits = scan.hits(q);
          REQUIRE(hits.size() == 200);
          std::vector<Id> ids;
          std::vector<float> distances;
          for (const engine::NearRow& hit : hits) {
            ids.push_back(hit.row);
            distances.push_back(hit.distance);
          }
          check_neighbors(metric, base.view, queries.view, q, ids, distances);
        }
      }
    }
  }

  TEST_CASE("neither threads nor memory nor the order of passes change a bit of the answer") {
    const io::TempDir dir;
    const VectorFile base = stored(dir, "base.fbin", Rows(ElementType::kF32, 5000, 24, 3).view);
    const VectorFile queries = stored(dir, "query.fbin", Rows(ElementType::kF32, 70, 24, 4).view);
    for (const Metric metric : {Metric::kL2, Metric::kCosine}) {
      const auto want = exact_neighbors(base, queries, {.k = 50, .metric = metric, .threads = 1});
      REQUIRE(want);
      for (const std::uint32_t threads : {1U, 2U, 3U, 8U}) {
        for (const std::uint64_t memory :
             {std::uint64_t{0}, std::uint64_t{3000}, std::uint64_t{40'000}, std::uint64_t{1} << 30}) {
          CAPTURE(threads);
          CAPTURE(memory);
          const auto got =
              exact_neighbors(base, queries, {.k = 50, .metric = metric, .threads = threads, .memory_bytes = memory});
          REQUIRE(got);
          CHECK(equal(*got, *want));
        }
      }
    }
  }

  TEST_CASE("ties go to the smaller row, within a block and across blocks") {
    const io::TempDir dir;
    std::vector<std::byte> bytes(900 * 2);
    for (std::size_t i = 0; i < 900; ++i) bytes[2 * i] = static_cast<std::byte>(i % 3);  // three points, 300 times each
    const VectorFile base = stored(dir, "base.u8bin", {bytes.data(), 900, 2, ElementType::kU8});
    const std::vector<std::byte> query = {std::byte{1}, std::byte{0}};
    const VectorFile queries = stored(dir, "q.u8bin", {query.data(), 1, 2, ElementType::kU8});
    for (const std::uint64_t memory : {std::uint64_t{0}, std::uint64_t{100}, std::uint64_t{1} << 20}) {
      CAPTURE(memory);
      const auto found = exact_neighbors(base, queries, {.k = 310, .memory_bytes = memory});
      REQUIRE(found);
      for (std::size_t i = 0; i < 300; ++i) CHECK(found->ids[i] == 3 * i + 1);  // distance 0
      const std::vector<Id> next(found->ids.begin() + 300, found->ids.end());   // distance 1 on either side
      CHECK(next == std::vector<Id>{0, 2, 3, 5, 6, 8, 9, 11, 12, 14});
    }
  }

  TEST_CASE("where the base has fewer rows than k, rows of the table are short") {
    const io::TempDir dir;
    const std::vector<std::byte> bytes = {std::byte{5}, std::byte{1}, std::byte{3}};
    const VectorFile base = stored(dir, "base.u8bin", {bytes.data(), 3, 1, ElementType::kU8});
    const VectorFile queries = stored(dir, "q.u8bin", {bytes.data(), 2, 1, ElementType::kU8});
    const auto found = exact_neighbors(base, queries, {.k = 5, .memory_bytes = 100});
    REQUIRE(found);
    CHECK(found->k == 5);
    CHECK(found->ids == std::vector<Id>{0, 2, 1, kNoId, kNoId, 1, 2, 0, kNoId, kNoId});
    const float none = std::numeric_limits<float>::infinity();
    CHECK(found->distances == std::vector<float>{0, 4, 16, none, none, 0, 4, 16, none, none});
    const VectorFile empty = stored(dir, "empty.u8bin", {bytes.data(), 0, 1, ElementType::kU8});
    CHECK(exact_neighbors(empty, queries, {.k = 2})->ids == std::vector<Id>(4, kNoId));
  }

  TEST_CASE("distances too large for f32 count as infinite and are still answered in order of rows") {
    const float huge = 3e38F;
    const std::vector<float> values = {huge, -huge, 1, huge, huge, 2, -huge, -huge};
    const std::vector<float> query = {-huge, huge};
    engine::ExactScan scan({query.data(), 1, 2}, ElementType::kF32, {.metric = Metric::kIp, .k = 4});
    scan.show({values.data(), 4, 2}, 10);
    const auto hits = scan.hits(0);
    REQUIRE(hits.size() == 4);
    CHECK(hits[0].row == 11);  // products 1 * -3e38 + 3e38 * 3e38: nearest, and infinitely so
    CHECK(std::is_sorted(hits.begin(), hits.end(), [](const engine::NearRow& a, const engine::NearRow& b) {
      return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
    }));
    for (const engine::NearRow& hit : hits) CHECK_FALSE(std::isnan(hit.distance));
  }

  TEST_CASE("calls that do not fit are refused, and say what was expected") {
    const io::TempDir dir;
    const VectorFile floats = stored(dir, "f.fbin", Rows(ElementType::kF32, 10, 8, 1).view);
    const VectorFile narrow = stored(dir, "n.fbin", Rows(ElementType::kF32, 10, 7, 1).view);
    const VectorFile bytes = stored(dir, "b.u8bin", Rows(ElementType::kU8, 10, 8, 1).view);
    const VectorFile bits = stored(dir, "b.bbin", Rows(ElementType::kB1, 10, 8, 1).view);
    const auto refused = [](const VectorFile& base, const VectorFile& queries, const ExactOptions& options,
                            const char* what) {
      auto got = exact_neighbors(base, queries, options);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == Code::kInvalidArgument);
      CHECK_MESSAGE(got.error().message().find(what) != std::string::npos, got.error().message());
    };
    refused(floats, floats, {.k = 0}, "k of 0");
    refused(floats, floats, {.k = kMaxPaddedK + 1}, "k of 65537: expected 1 to 65536");
    refused(floats, narrow, {.k = 1}, "dimension 7: the base has 8");
    refused(floats, bytes, {.k = 1}, "type u8: the base has f32");
    refused(bits, bits, {.k = 1}, "b1 cannot be compared by l2");
    refused(floats, floats, {.k = 1, .metric = Metric::kJaccard}, "f32 cannot be compared by jaccard");
  }

  TEST_CASE("a row that cannot be compared is named with its file") {
    const io::TempDir dir;
    const Rows good(ElementType::kF32, 3000, 4, 1);
    const auto spoilt = [&](std::size_t row, float value) {
      Rows rows(ElementType::kF32, 3000, 4, 1);
      for (std::size_t i = 0; i < 4; ++i) std::memcpy(&rows.bytes[(row * 4 + i) * 4], &value, 4);
      return rows;
    };
    struct Bad {
      std::size_t row;
      float value;
      Metric metric;
      const char* what;
    };
    for (const Bad& bad : {Bad{2999, std::numeric_limits<float>::quiet_NaN(), Metric::kL2, "row 2999 holds NaN"},
                           Bad{1500, -std::numeric_limits<float>::infinity(), Metric::kIp, "row 1500 holds NaN"},
                           Bad{7, 0.0F, Metric::kCosine, "row 7 has no direction"}}) {
      CAPTURE(bad.what);
      const io::TempDir inner;
      const VectorFile one = stored(inner, "bad.fbin", spoilt(bad.row, bad.value).view);
      const VectorFile other = stored(inner, "good.fbin", good.view);
      for (const auto& [base, queries] : {std::pair(&one, &other), std::pair(&other, &one)}) {
        auto got = exact_neighbors(*base, *queries, {.k = 3, .metric = bad.metric, .threads = 2});
        REQUIRE_FALSE(got);
        CHECK(got.error().code == Code::kBadInput);
        CHECK(got.error().what.find(bad.what) != std::string::npos);
        CHECK(got.error().file.find("bad.fbin") != std::string::npos);
      }
    }
    const VectorFile zero = stored(dir, "zero.fbin", spoilt(7, 0.0F).view);
    CHECK(exact_neighbors(zero, zero, {.k = 3, .metric = Metric::kL2}));  // only cosine needs a direction
  }

  TEST_CASE("progress runs from nothing to all passes, and may cancel") {
    const io::TempDir dir;
    const VectorFile base = stored(dir, "base.u8bin", Rows(ElementType::kU8, 500, 16, 3).view);
    std::vector<std::uint64_t> done;
    ExactOptions options{.k = 5, .memory_bytes = 4000};
    options.progress = [&](const Progress& progress) {
      CHECK(progress.phase == "scan");
      CHECK(progress.done < progress.total);
      done.push_back(progress.done);
      return true;
    };
    REQUIRE(exact_neighbors(base, base, options));
    CHECK(done.size() > 10);
    CHECK(done.front() == 0);
    CHECK(std::is_sorted(done.begin(), done.end()));
    options.progress = [](const Progress& progress) { return progress.done < 200; };
    auto cancelled = exact_neighbors(base, base, options);
    REQUIRE_FALSE(cancelled);
    CHECK(cancelled.error().code == Code::kCancelled);
  }

  TEST_CASE("no queries have an empty answer") {
    const io::TempDir dir;
    const VectorFile base = stored(dir, "base.u8bin", Rows(ElementType::kU8, 5, 16, 3).view);
    const VectorFile none = stored(dir, "none.u8bin", Rows(ElementType::kU8, 0, 16, 3).view);
    const auto got = exact_neighbors(base, none, {.k = 5});
    REQUIRE(got);
    CHECK(got.operator->()->queries == 0);
    CHECK(got.operator->()->ids.empty());
  }
}

}  // namespace nearline
