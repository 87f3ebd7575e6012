// SPDX-License-Identifier: Apache-2.0
#include "tests/support/odd_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace nearline::testing {
namespace {

using Generator = std::mt19937_64;

/// About normal, and the same with every standard library.
float gaussian(Generator& random) {
  float sum = -6;
  for (int i = 0; i < 12; ++i) sum += static_cast<float>(random() >> 40) / static_cast<float>(1 << 24);
  return sum;
}

void fill_gaussian(std::uint64_t seed, std::span<float> row) {
  Generator random(seed);
  for (float& value : row) value = gaussian(random);
}

void scale(float by, std::span<float> row) {
  for (float& value : row) value *= by;
}

/// Moves every component by a little noise.
void nudge(std::uint64_t seed, float by, std::span<float> row) {
  Generator random(seed);
  for (float& value : row) value += by * gaussian(random);
}

constexpr std::array<Shape, 15> kShapes{{
    {"one point", [](std::size_t, std::size_t, std::uint64_t seed, std::span<float> row) { fill_gaussian(seed, row); }},
    {"two points",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) { fill_gaussian(seed + i % 2, row); }},
    {"four copies of each",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) { fill_gaussian(seed + i / 4, row); }},
    {"parallels",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) {
       fill_gaussian(seed + i % 5, row);
       scale(0.25F + 0.37F * static_cast<float>(i), row);
     }},
    {"nearly parallel",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) {
       fill_gaussian(seed + i % 5, row);
       nudge(seed + 1000 + i, 1e-6F, row);
     }},
    {"many near one point",
     [](std::size_t i, std::size_t rows, std::uint64_t seed, std::span<float> row) {
       fill_gaussian(i * 10 < rows * 9 ? seed : seed + i, row);
       nudge(seed + 1000 + i, 1e-3F, row);
     }},
    {"half of them zero",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) {
       fill_gaussian(seed + i, row);
       if (i % 2 == 0) scale(0, row);
     }},
    {"lattice",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) {
       Generator random(seed + i / 2);
       for (float& value : row) value = static_cast<float>(random() % 3) - 1;
     }},
    {"line",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) {
       fill_gaussian(seed, row);
       scale(static_cast<float>(i) - 100, row);
     }},
    {"one is about as long as l2 takes it",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) {
       fill_gaussian(seed + i, row);
       if (i == 7) scale(5e17F, row);
     }},
    {"two islands",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) {
       fill_gaussian(seed + i, row);
       for (float& value : row) value += i % 7 == 0 ? 500.0F : -500.0F;
     }},
    {"lengths differ",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) {
       fill_gaussian(seed + i, row);
       Generator random(seed + 5000 + i);
       scale(std::exp(gaussian(random)), row);
     }},
    {"few components",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) {
       scale(0, row);
       Generator random(seed + i);
       for (int n = 0; n < 3; ++n) row[random() % row.size()] += std::fabs(gaussian(random));
     }},
    {"axes",
     [](std::size_t i, std::size_t, std::uint64_t, std::span<float> row) {
       scale(0, row);
       row[i % row.size()] = i / row.size() % 2 == 0 ? 1.0F : -1.0F;
     }},
    {"plain",
     [](std::size_t i, std::size_t, std::uint64_t seed, std::span<float> row) { fill_gaussian(seed + i, row); }},
}};

/// The value as the type can hold it.
float fitted(ElementType type, float value) {
  switch (type) {
    case ElementType::kI8: return std::clamp(std::round(20 * value), -127.0F, 127.0F);
    case ElementType::kU8: return std::clamp(std::round(20 * value + 110), 0.0F, 255.0F);
    case ElementType::kB1: return value > 0 ? 1.0F : 0.0F;
    case ElementType::kF16: return std::clamp(value, -60'000.0F, 60'000.0F);
    default: return value;
  }
}

}  // namespace

std::span<const Shape> odd_shapes() {
  return kShapes;
}

Vectors odd_rows(const Shape& shape, const Kind& kind, std::size_t rows, std::uint32_t dim, std::uint64_t seed) {
  Vectors out = no_vectors(kind.type, dim);
  std::vector<float> row(dim);
  for (std::size_t i = 0; i < rows; ++i) {
    shape.fill(i, rows, seed, row);
    for (float& value : row) value = fitted(kind.type, value);
    const bool zero = std::all_of(row.begin(), row.end(), [](float value) { return value == 0; });
    if (zero && kind.metric == Metric::kCosine) row[0] = 1;
    out.push_back(row);
  }
  return out;
}

}  // namespace nearline::testing
