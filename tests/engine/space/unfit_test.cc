// SPDX-License-Identifier: Apache-2.0
#include "engine/space/unfit.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "engine/space/space.h"

namespace nearline::engine {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// The fault of a vector of two components; empty when there is none.
std::string fault(Metric metric, ElementType type, float first, float second) {
  const std::array<float, 2> values{first, second};
  std::array<std::byte, 8> stored{};
  if (type == ElementType::kF32) {
    std::memcpy(stored.data(), values.data(), sizeof values);
  } else {
    kernels::from_f32(type, values.data(), 2, stored.data());
  }
  const char* found = unfit(metric, type, stored.data(), 2);
  return found == nullptr ? "" : std::string(found).substr(0, 11);
}

}  // namespace

TEST_SUITE("engine/space/unfit") {
  TEST_CASE("what f32 cannot compare is said, by every metric") {
    for (const ElementType type : {ElementType::kF32, ElementType::kBF16}) {
      CHECK(fault(Metric::kL2, type, 9.1e18F, 0).empty());
      CHECK(fault(Metric::kL2, type, 9.4e18F, 0) == "is too long");
      CHECK(fault(Metric::kIp, type, 9.4e18F, 0).empty());
      CHECK(fault(Metric::kIp, type, 3e38F, 1) == "is too long");
      CHECK(fault(Metric::kCosine, type, 3e38F, 1) == "is too long");
      CHECK(fault(Metric::kCosine, type, 0, 0) == "has no dire");
      CHECK(fault(Metric::kCosine, type, 9e-29F, 0) == "has no dire");
      for (const float length : {1.1e-28F, 1e-22F, 1e-19F, 1e-10F})
        CHECK(fault(Metric::kCosine, type, length, 0).empty());
      CHECK(fault(Metric::kL2, type, 0, 0).empty());
      for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
        CHECK(fault(metric, type, kNan, 1) == "holds NaN o");
        CHECK(fault(metric, type, 1, -INFINITY) == "holds NaN o");
      }
    }
    CHECK(fault(Metric::kL2, ElementType::kF16, 65'504, 65'504).empty());
  }

  TEST_CASE("a query of zeros tells no records apart under ip and cosine, and does under l2") {
    const std::array<float, 2> zeros{};
    const auto* query = reinterpret_cast<const std::byte*>(zeros.data());
    CHECK(unfit_query(Metric::kL2, ElementType::kF32, query, 2) == nullptr);
    CHECK(unfit(Metric::kIp, ElementType::kF32, query, 2) == nullptr);  // a record may
    CHECK(std::string(unfit_query(Metric::kIp, ElementType::kF32, query, 2)).starts_with("is zero"));
    CHECK(std::string(unfit_query(Metric::kCosine, ElementType::kF32, query, 2)).starts_with("has no direction"));
  }

  TEST_CASE("the two that are farthest apart of all that l2 takes have a distance") {
    const std::array<float, 2> one{9.1e18F, 0}, other{-9.1e18F, 0};
    const auto* record = reinterpret_cast<const std::byte*>(other.data());
    std::array<std::byte, 8> form{};
    float distance = 0;
    const Space l2(Metric::kL2, ElementType::kF32, 2);
    l2.distances(l2.query(reinterpret_cast<const std::byte*>(one.data()), ElementType::kF32, form.data()), {&record, 1},
                 &distance);
    CHECK(std::isfinite(distance));
  }
}

}  // namespace nearline::engine
