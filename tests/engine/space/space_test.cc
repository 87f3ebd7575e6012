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
    for (const auto& [metric, type] : testing::all_kinds()) {
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

  TEST_CASE("linking under ip compares vectors lengthened to one length") {
    const Vectors base = testing::clusters(ElementType::kF32, 60, 8);
    double largest = 0;
    for (std::size_t i = 0; i < base.rows(); ++i) largest = std::max(largest, squared_norm(base.row(i)));
    const Space plain(Metric::kIp, ElementType::kF32, 8);
    const Space linking = plain.for_linking(static_cast<float>(largest));
    const Records records(linking, base);
    for (std::size_t q = 0; q < base.rows(); ++q) {
      const auto found = distances(linking, base.view(), q, records);
      for (std::size_t i = 0; i < base.rows(); ++i) {
        const double q_added = std::sqrt(largest - squared_norm(base.row(q)));
        const double i_added = std::sqrt(largest - squared_norm(base.row(i)));
        const double expected =
            testing::distance(Metric::kL2, base.row(q), base.row(i)) + (q_added - i_added) * (q_added - i_added);
        REQUIRE(std::abs(found[i] - expected) < 1e-5 * largest);
        REQUIRE(found[i] >= 0);
      }
    }
  }

  TEST_CASE("to the longest vector, linking under ip sees the order of the inner products") {
    const Vectors base = testing::clusters(ElementType::kF32, 200, 8);
    std::size_t longest = 0;
    for (std::size_t i = 0; i < base.rows(); ++i) {
      if (squared_norm(base.row(i)) > squared_norm(base.row(longest))) longest = i;
    }
    const Space plain(Metric::kIp, ElementType::kF32, 8);
    const Space linking = plain.for_linking(static_cast<float>(squared_norm(base.row(longest))));
    const Records records(plain, base);
    const auto wanted = distances(plain, base.view(), longest, records);
    const auto found = distances(linking, base.view(), longest, records);
    for (std::size_t a = 0; a < base.rows(); ++a) {
      for (std::size_t b = 0; b < base.rows(); ++b) {
        if (wanted[a] < wanted[b]) REQUIRE(found[a] < found[b]);
      }
    }
  }

  TEST_CASE("linking changes nothing but ip") {
    for (const auto& [metric, type] : testing::all_kinds()) {
      if (metric == Metric::kIp) continue;
      CAPTURE(name(metric));
      CAPTURE(name(type));
      const Vectors base = testing::clusters(type, 20, 12);
      const Space space(metric, type, 12);
      const Records records(space, base);
      CHECK(distances(space.for_linking(1e6F), base.view(), 3, records) == distances(space, base.view(), 3, records));
    }
  }
}

}  // namespace nearline::engine
