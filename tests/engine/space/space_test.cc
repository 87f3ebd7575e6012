// SPDX-License-Identifier: Apache-2.0
#include "engine/space/space.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>

#include "tests/support/vectors.h"

namespace nearline::engine {
namespace {

using testing::Vectors;

/// Records as a segment holds them: vector in the stored type, then scale.
class Records {
 public:
  Records(const Space& space, const Vectors& vectors) {
    const std::size_t bytes = vector_bytes(space.type(), space.dim());
    bytes_.resize(vectors.rows() * (bytes + sizeof(float)));
    for (std::size_t i = 0; i < vectors.rows(); ++i) {
      std::byte* record = bytes_.data() + i * (bytes + sizeof(float));
      if (vectors.type == space.type()) {
        std::memcpy(record, vectors.view().row(i), bytes);
      } else {
        kernels::from_f32(space.type(), vectors.row(i).data(), space.dim(), record);
      }
      const float scale = space.has_scale() ? space.scale_of(record) : 0;
      std::memcpy(record + bytes, &scale, sizeof scale);
      records_.push_back(record);
    }
  }
  [[nodiscard]] const std::vector<const std::byte*>& all() const { return records_; }

 private:
  std::vector<std::byte> bytes_;
  std::vector<const std::byte*> records_;
};

std::vector<float> distances(const Space& space, const MatrixView& queries, std::size_t q, const Records& records) {
  std::vector<std::byte> form(space.query_bytes());
  std::vector<float> out(records.all().size());
  space.distances(space.query(queries.row(q), queries.type, form.data()), records.all(), out.data());
  return out;
}

double squared_norm(std::span<const float> row) {
  double sum = 0;
  for (const float value : row) sum += double{value} * value;
  return sum;
}

}  // namespace

TEST_SUITE("engine/space/space") {
  TEST_CASE("distances are the metric's definition, for every metric, type and shape of vector") {
    for (const auto& kind : testing::all_kinds()) {
      const auto& metric = kind.metric;
      const auto& type = kind.type;
      for (const std::uint32_t dim : {1U, 3U, 16U, 65U}) {
        CAPTURE(name(metric));
        CAPTURE(name(type));
        CAPTURE(dim);
        const Vectors base = testing::clusters(type, 40, dim);
        const Vectors queries = testing::clusters(type, 5, dim, 2);
        const Space space(metric, type, dim);
        const Records records(space, base);
        for (std::size_t q = 0; q < queries.rows(); ++q) {
          const auto found = distances(space, queries.view(), q, records);
          for (std::size_t i = 0; i < base.rows(); ++i) {
            const double expected = testing::distance(metric, queries.row(q), base.row(i));
            REQUIRE(found[i] == doctest::Approx(expected).epsilon(1e-5));
          }
        }
      }
    }
  }

  TEST_CASE("queries of any float type give the distances of their values") {
    const Vectors base = testing::clusters(ElementType::kF16, 40, 9);
    const Vectors queries = testing::clusters(ElementType::kF16, 5, 9, 2);
    const Space space(Metric::kCosine, ElementType::kF16, 9);
    const Records records(space, base);
    for (const ElementType type : {ElementType::kF16, ElementType::kBF16}) {
      std::vector<std::byte> converted(queries.rows() * vector_bytes(type, 9));
      kernels::from_f32(type, queries.values.data(), queries.values.size(), converted.data());
      for (std::size_t q = 0; q < queries.rows(); ++q) {
        CHECK(distances(space, {converted.data(), queries.rows(), 9, type}, q, records) ==
              distances(space, queries.view(), q, records));
      }
    }
  }

  TEST_CASE("cosine goes by direction alone, be vectors as short as may be") {
    for (const ElementType type : {ElementType::kF32, ElementType::kBF16}) {
      for (const std::uint32_t dim : {2U, 65U, 4'000U}) {
        const Vectors base = testing::clusters(type, 20, dim);
        const Space space(Metric::kCosine, type, dim);
        const auto expected = distances(space, base.view(), 3, Records(space, base));
        const double length = std::sqrt(squared_norm(base.row(3)));
        for (const double to : {1e-28, 1e-22, 1e-19, 2e-13, 1e-6, 1e-5}) {
          for (const bool query_too : {false, true}) {
            CAPTURE(name(type));
            CAPTURE(dim);
            CAPTURE(to);
            Vectors shorter = base;  // by a power of two, so that no component is rounded
            for (float& value : shorter.values) value = std::ldexp(value, 2 + static_cast<int>(std::log2(to / length)));
            std::memcpy(shorter.bytes.data(), shorter.values.data(), shorter.bytes.size());
            const Records records(space, shorter);
            const auto found = distances(space, query_too ? shorter.view() : base.view(), 3, records);
            for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(std::fabs(found[i] - expected[i]) < 1e-6F);
          }
        }
      }
    }
  }

  TEST_CASE("for linking under ip, products are weighed by the length of the record, or freed from it") {
    const Vectors base = testing::clusters(ElementType::kF32, 60, 8);
    const Space plain(Metric::kIp, ElementType::kF32, 8);
    const Records records(plain, base);
    for (std::size_t q = 0; q < base.rows(); ++q) {
      const auto toward_long = distances(plain.toward_long(), base.view(), q, records);
      const auto by_angle = distances(plain.by_angle(), base.view(), q, records);
      for (std::size_t i = 0; i < base.rows(); ++i) {
        const double product = 1 - testing::distance(Metric::kIp, base.row(q), base.row(i));
        const double length = std::sqrt(squared_norm(base.row(i)));
        REQUIRE(toward_long[i] == doctest::Approx(1 - product * length));
        REQUIRE(by_angle[i] == doctest::Approx(1 - product / length));
      }
    }
  }

  TEST_CASE("a vector without a length has distances of its own by each weight, and none is NaN") {
    Vectors base = testing::clusters(ElementType::kF32, 4, 8);
    base.push_back(std::vector<float>(8, 0.0F));
    const Space plain(Metric::kIp, ElementType::kF32, 8);
    const Records records(plain, base);
    for (const Space& space : {plain, plain.toward_long(), plain.by_angle()}) {
      for (const std::size_t q : {0U, 4U}) CHECK(distances(space, base.view(), q, records)[4] == 1);
    }
  }
}

}  // namespace nearline::engine
