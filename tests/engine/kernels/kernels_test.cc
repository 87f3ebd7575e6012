// SPDX-License-Identifier: Apache-2.0
/// Every kernel on every target that this machine runs, against the scalar definition. Buffers end exactly where the
/// vectors do, so that a build with AddressSanitizer notices a read past the end.
#include "engine/kernels/kernels.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace nearline::kernels {
namespace {

constexpr std::size_t kVectors = 11;  // two whole groups of four, and three

struct Pair {
  Raw raw;
  ElementType type;
};

constexpr Pair kPairs[] = {
    {Raw::kL2, ElementType::kF32},  {Raw::kL2, ElementType::kF16},     {Raw::kL2, ElementType::kBF16},
    {Raw::kL2, ElementType::kI8},   {Raw::kL2, ElementType::kU8},      {Raw::kDot, ElementType::kF32},
    {Raw::kDot, ElementType::kF16}, {Raw::kDot, ElementType::kBF16},   {Raw::kDot, ElementType::kI8},
    {Raw::kDot, ElementType::kU8},  {Raw::kHamming, ElementType::kB1}, {Raw::kJaccard, ElementType::kB1},
};

std::vector<std::size_t> lengths() {
  std::vector<std::size_t> all;
  for (std::size_t n = 0; n <= 70; ++n) all.push_back(n);
  for (const std::size_t n : {96, 100, 127, 128, 129, 255, 256, 512, 1000, 1536}) all.push_back(n);
  return all;
}

/// Bytes that start at any address and end at the end of their allocation.
class Buffer {
 public:
  Buffer(std::size_t offset, std::size_t size) : bytes_(offset + size), offset_(offset) {}
  std::byte* data() { return bytes_.data() + offset_; }
  [[nodiscard]] const std::byte* data() const { return bytes_.data() + offset_; }

 private:
  std::vector<std::byte> bytes_;
  std::size_t offset_;
};

void fill(ElementType type, std::size_t dim, std::mt19937& random, std::byte* out) {
  if (is_float(type)) {
    std::normal_distribution<float> normal(0.25F);
    std::vector<float> values(dim);
    for (float& value : values) value = normal(random);
    from_f32(type, values.data(), dim, out);
  } else {
    for (std::size_t i = 0; i < vector_bytes(type, static_cast<std::uint32_t>(dim)); ++i) {
      out[i] = static_cast<std::byte>(random());
    }
    if (type == ElementType::kB1 && dim % 8 != 0) out[dim / 8] &= static_cast<std::byte>((1U << dim % 8) - 1);
  }
}

/// A query in kernel form and kVectors vectors of `dim`, at addresses `offset` past an aligned one.
struct Case {
  Case(ElementType type, std::size_t dim, std::size_t offset, std::uint32_t seed)
      : query(offset, vector_bytes(is_float(type) ? ElementType::kF32 : type, static_cast<std::uint32_t>(dim))) {
    std::mt19937 random(seed);
    fill(is_float(type) ? ElementType::kF32 : type, dim, random, query.data());
    for (std::size_t i = 0; i < kVectors; ++i) {
      vectors.emplace_back((offset + i) % 4, vector_bytes(type, static_cast<std::uint32_t>(dim)));
      fill(type, dim, random, vectors.back().data());
    }
    for (const Buffer& vector : vectors) pointers.push_back(vector.data());
  }

  Buffer query;
  std::vector<Buffer> vectors;
  std::vector<const std::byte*> pointers;
};

std::vector<float> floats(ElementType type, const std::byte* vector, std::size_t dim) {
  std::vector<float> values(dim);
  to_f32(type, vector, dim, values.data());
  return values;
}

/// Sum of the magnitudes of the terms, on which the rounding error of a sum depends.
double magnitude(Raw raw, ElementType type, const Case& sample, std::size_t vector, std::size_t dim) {
  const std::vector<float> q = floats(ElementType::kF32, sample.query.data(), dim);
  const std::vector<float> x = floats(type, sample.pointers[vector], dim);
  double sum = 0;
  for (std::size_t i = 0; i < dim; ++i) {
    const double difference = double{q[i]} - double{x[i]};
    sum += raw == Raw::kL2 ? difference * difference : std::fabs(double{q[i]} * double{x[i]});
  }
  return sum;
}

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// The order that kernels_float.cc states.
float sum_in_order(Raw raw, const std::vector<float>& q, const std::vector<float>& x) {
  std::array<float, 16> sums{};
  for (std::size_t i = 0; i < q.size(); ++i) {
    const float difference = q[i] - x[i];
    float& sum = sums[i % 16];
    sum = raw == Raw::kL2 ? std::fma(difference, difference, sum) : std::fma(q[i], x[i], sum);
  }
  for (std::size_t j = 0; j < 8; ++j) sums[j] += sums[j + 8];
  return ((sums[0] + sums[2]) + (sums[1] + sums[3])) + ((sums[4] + sums[6]) + (sums[5] + sums[7]));
}

/// Runs a check on each target, and returns to the best.
template <class Check>
void on_each_target(Check check) {
  for (const char* name : targets()) {
    CAPTURE(name);
    REQUIRE(use_target(name));
    check();
  }
  use_target(nullptr);
}

void check_pair(const Pair& pair, std::size_t dim, std::size_t offset) {
  const Case sample(pair.type, dim, offset, static_cast<std::uint32_t>(dim * 4 + offset));
  const Kernel best = kernel(pair.raw, pair.type);
  const Kernel scalar = scalar_kernel(pair.raw, pair.type);
  std::vector<float> got(kVectors, -1.0F);
  best.many(sample.query.data(), sample.pointers.data(), kVectors, dim, got.data());
  for (std::size_t i = 0; i < kVectors; ++i) {
    CAPTURE(i);
    const float want = scalar.one(sample.query.data(), sample.pointers[i], dim);
    if (is_float(pair.type)) {
      // Any order of summation of n terms, three roundings in each, errs by no more than this.
      const double bound = static_cast<double>(dim + 4) * 0x1p-24 * magnitude(pair.raw, pair.type, sample, i, dim);
      CHECK(std::fabs(double{got[i]} - double{want}) <= bound);
    } else {
      CHECK(same_bits(got[i], want));
    }
    CHECK(same_bits(best.one(sample.query.data(), sample.pointers[i], dim), got[i]));
  }
}

}  // namespace

TEST_SUITE("engine/kernels/kernels") {
  TEST_CASE("the targets end with the scalar one, and the one asked for is in use") {
    REQUIRE_FALSE(targets().empty());
    CHECK(std::string_view(targets().back()) == "SCALAR");
    for (const char* name : targets()) {
      REQUIRE(use_target(name));
      CHECK(std::string_view(target()) == name);
    }
    CHECK_FALSE(use_target("ABACUS"));
    CHECK(use_target(nullptr));
    CHECK(std::string_view(target()) == targets().front());
  }

  TEST_CASE("the target that the environment requires is tested") {
    const char* required = std::getenv("NEARLINE_TEST_REQUIRE");
    if (required == nullptr) return;
    const auto names = targets();
    CHECK_MESSAGE(std::any_of(names.begin(), names.end(), [&](const char* n) { return std::strcmp(n, required) == 0; }),
                  "NEARLINE_TEST_REQUIRE=", std::string(required), " but this machine or build does not run it");
  }

  TEST_CASE("pairs without a meaning have no kernel, all others have both forms") {
    for (const Raw raw : {Raw::kL2, Raw::kDot, Raw::kHamming, Raw::kJaccard}) {
      for (const ElementType type : {ElementType::kF32, ElementType::kF16, ElementType::kBF16, ElementType::kI8,
                                     ElementType::kU8, ElementType::kB1}) {
        const bool bits = raw == Raw::kHamming || raw == Raw::kJaccard;
        const bool meaning = bits == (type == ElementType::kB1);
        CHECK((kernel(raw, type).one != nullptr) == meaning);
        CHECK((kernel(raw, type).many != nullptr) == meaning);
      }
    }
  }

  TEST_CASE("every target agrees with the scalar definition at every length and alignment") {
    on_each_target([] {
      for (const Pair& pair : kPairs) {
        CAPTURE(static_cast<int>(pair.raw));
        CAPTURE(name(pair.type));
        for (const std::size_t dim : lengths()) {
          CAPTURE(dim);
          for (std::size_t offset = 0; offset < 4; ++offset) check_pair(pair, dim, offset);
        }
      }
    });
  }

  TEST_CASE("targets with fused multiply-add add in the order that is written down, on whatever machine") {
    for (const Pair& pair : kPairs) {
      if (!is_float(pair.type)) continue;
      CAPTURE(static_cast<int>(pair.raw));
      CAPTURE(name(pair.type));
      for (const std::size_t dim : lengths()) {
        CAPTURE(dim);
        const Case sample(pair.type, dim, 1, static_cast<std::uint32_t>(dim));
        const std::vector<float> query = floats(ElementType::kF32, sample.query.data(), dim);
        const std::vector<float> first = floats(pair.type, sample.pointers[0], dim);
        on_each_target([&] {
          if (!fused()) return;
          std::vector<float> got(kVectors);
          kernel(pair.raw, pair.type).many(sample.query.data(), sample.pointers.data(), kVectors, dim, got.data());
          for (std::size_t i = 0; i < kVectors; ++i)
            CHECK(same_bits(got[i], sum_in_order(pair.raw, query, floats(pair.type, sample.pointers[i], dim))));
          CHECK(same_bits(squared_norm(pair.type, sample.pointers[0], dim), sum_in_order(Raw::kDot, first, first)));
        });
      }
    }
  }

  TEST_CASE("any number of vectors gives the bits that one gives, and nothing past them is written") {
    constexpr std::size_t kDim = 77;
    on_each_target([] {
      for (const Pair& pair : kPairs) {
        CAPTURE(static_cast<int>(pair.raw));
        CAPTURE(name(pair.type));
        const Case sample(pair.type, kDim, 1, 5);
        const Kernel best = kernel(pair.raw, pair.type);
        for (std::size_t count = 0; count <= kVectors; ++count) {
          CAPTURE(count);
          std::vector<float> got(kVectors + 1, -7.0F);
          best.many(sample.query.data(), sample.pointers.data(), count, kDim, got.data());
          for (std::size_t i = 0; i < count; ++i) {
            CHECK(same_bits(got[i], best.one(sample.query.data(), sample.pointers[i], kDim)));
          }
          CHECK(std::count(got.begin(), got.end(), -7.0F) == static_cast<std::ptrdiff_t>(kVectors + 1 - count));
        }
      }
    });
  }

  TEST_CASE("integers are exact at the largest dimension with the most extreme values") {
    constexpr std::size_t kDim = kMaxDim;
    const std::vector<std::byte> zeros(kDim, std::byte{0});
    const std::vector<std::byte> ones(kDim, std::byte{0xFF});
    const std::vector<std::byte> least(kDim, std::byte{0x80});
    const std::vector<std::byte> most(kDim, std::byte{0x7F});
    constexpr double kN = kMaxDim;
    struct Extreme {
      Raw raw;
      ElementType type;
      const std::vector<std::byte>& query;
      const std::vector<std::byte>& vector;
      double want;
    };
    const Extreme extremes[] = {
        {Raw::kL2, ElementType::kU8, zeros, ones, kN * 255 * 255},
        {Raw::kL2, ElementType::kU8, ones, zeros, kN * 255 * 255},
        {Raw::kDot, ElementType::kU8, ones, ones, kN * 255 * 255},
        {Raw::kL2, ElementType::kI8, least, most, kN * 255 * 255},
        {Raw::kDot, ElementType::kI8, least, least, kN * 128 * 128},
        {Raw::kDot, ElementType::kI8, least, most, kN * -128 * 127},
        {Raw::kHamming, ElementType::kB1, zeros, ones, kN + 1},  // eight to a byte: the last byte's padding is set too
    };
    on_each_target([&] {
      for (const Extreme& extreme : extremes) {
        CAPTURE(static_cast<int>(extreme.raw));
        CAPTURE(extreme.want);
        const Kernel best = kernel(extreme.raw, extreme.type);
        const std::byte* const five[] = {extreme.vector.data(), extreme.vector.data(), extreme.vector.data(),
                                         extreme.vector.data(), extreme.vector.data()};
        float got[5];
        best.many(extreme.query.data(), five, 5, kDim, got);
        for (const float distance : got) CHECK(distance == static_cast<float>(extreme.want));
        CHECK(best.one(extreme.query.data(), five[0], kDim) == static_cast<float>(extreme.want));
      }
    });
  }

  TEST_CASE("the Jaccard distance of empty sets is zero, of disjoint sets one") {
    const std::vector<std::byte> none(16, std::byte{0});
    const std::vector<std::byte> low(16, std::byte{0x0F});
    const std::vector<std::byte> high(16, std::byte{0xF0});
    on_each_target([&] {
      const Kernel jaccard = kernel(Raw::kJaccard, ElementType::kB1);
      CHECK(jaccard.one(none.data(), none.data(), 128) == 0.0F);
      CHECK(jaccard.one(low.data(), low.data(), 128) == 0.0F);
      CHECK(jaccard.one(low.data(), high.data(), 128) == 1.0F);
      CHECK(jaccard.one(low.data(), none.data(), 128) == 1.0F);
    });
  }

  TEST_CASE("squared norms agree with the inner product of a vector with itself") {
    on_each_target([] {
      for (const ElementType type :
           {ElementType::kF32, ElementType::kF16, ElementType::kBF16, ElementType::kI8, ElementType::kU8}) {
        CAPTURE(name(type));
        for (const std::size_t dim : lengths()) {
          CAPTURE(dim);
          const Case sample(type, dim, 3, static_cast<std::uint32_t>(dim));
          std::vector<float> values(dim);
          to_f32(type, sample.pointers[1], dim, values.data());
          double want = 0;
          for (const float value : values) want += double{value} * double{value};
          const double bound = is_float(type) ? want * static_cast<double>(dim + 4) * 0x1p-24 : 0;
          const double got = squared_norm(type, sample.pointers[1], dim);
          if (is_float(type)) {
            CHECK(std::fabs(got - want) <= bound);
          } else {
            CHECK(got == double{static_cast<float>(want)});
          }
        }
      }
    });
  }
}

}  // namespace nearline::kernels
