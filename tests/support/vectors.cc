// SPDX-License-Identifier: Apache-2.0
#include "tests/support/vectors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <utility>

namespace nearline::testing {
namespace {

template <class T>
void append(std::vector<std::byte>& bytes, T value) {
  const auto at = bytes.size();
  bytes.resize(at + sizeof value);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

/// About normal, and the same with every standard library.
float gaussian(std::mt19937_64& random) {
  float sum = -6;
  for (int i = 0; i < 12; ++i) sum += static_cast<float>(random() >> 40) / static_cast<float>(1 << 24);
  return sum;
}

}  // namespace

void Vectors::push_back(std::span<const float> added) {
  const std::vector<float> row(added.begin(), added.end());  // it may be one of these rows
  values.insert(values.end(), row.begin(), row.end());
  switch (type) {
    case ElementType::kI8:
      for (const float value : row) append(bytes, static_cast<std::int8_t>(value));
      break;
    case ElementType::kU8:
      for (const float value : row) append(bytes, static_cast<std::uint8_t>(value));
      break;
    case ElementType::kB1: {
      const auto at = bytes.size();
      bytes.resize(at + vector_bytes(type, dim));
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i] != 0) bytes[at + i / 8] |= static_cast<std::byte>(1U << (i % 8));
      }
      break;
    }
    default:
      for (const float value : row) append(bytes, value);
  }
}

Vectors no_vectors(ElementType stored, std::uint32_t dim) {
  return {.type = is_float(stored) ? ElementType::kF32 : stored, .dim = dim, .values = {}, .bytes = {}};
}

Vectors clusters(ElementType stored, std::size_t rows, std::uint32_t dim, std::uint64_t seed) {
  Vectors out = no_vectors(stored, dim);
  const std::size_t count = std::max<std::size_t>(1, rows / 100);
  std::mt19937_64 noise(seed);
  std::vector<float> row(dim);
  for (std::size_t i = 0; i < rows; ++i) {
    std::mt19937_64 centre(i * count / rows);
    for (float& value : row) {
      value = std::round(25 * gaussian(centre) + 12 * gaussian(noise));
      if (stored == ElementType::kU8) value += 110;
      value = stored == ElementType::kU8 ? std::clamp(value, 0.0F, 255.0F) : std::clamp(value, -127.0F, 127.0F);
      if (stored == ElementType::kB1) value = value > 0 ? 1.0F : 0.0F;
    }
    if (std::all_of(row.begin(), row.end(), [](float value) { return value == 0; })) row[0] = 1;
    out.push_back(row);
  }
  return out;
}

Vectors queries_for(ElementType stored, std::size_t rows, std::uint32_t dim, std::size_t count) {
  std::vector<std::uint32_t> chosen(count);
  for (std::size_t i = 0; i < count; ++i) chosen[i] = static_cast<std::uint32_t>(i * rows / count);
  return in_order(clusters(stored, rows, dim, 2), chosen);
}

std::vector<std::uint32_t> shuffled_rows(std::size_t count, std::uint64_t seed) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::mt19937_64 random(seed);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

Vectors in_order(const Vectors& rows, std::span<const std::uint32_t> order) {
  Vectors out{.type = rows.type, .dim = rows.dim, .values = {}, .bytes = {}};
  for (const std::uint32_t row : order) out.push_back(rows.row(row));
  return out;
}

double distance(Metric metric, std::span<const float> a, std::span<const float> b) {
  const auto sum = [&](auto term) {
    double total = 0;
    for (std::size_t i = 0; i < a.size(); ++i) total += term(double{a[i]}, double{b[i]});
    return total;
  };
  switch (metric) {
    case Metric::kL2: return sum([](double x, double y) { return (x - y) * (x - y); });
    case Metric::kIp: return 1 - sum([](double x, double y) { return x * y; });
    case Metric::kCosine:
      return 1 - sum([](double x, double y) { return x * y; }) / std::sqrt(sum([](double x, double) { return x * x; }) *
                                                                           sum([](double, double y) { return y * y; }));
    case Metric::kHamming: return sum([](double x, double y) { return x != y ? 1.0 : 0.0; });
    case Metric::kJaccard: {
      const double either = sum([](double x, double y) { return x != 0 || y != 0 ? 1.0 : 0.0; });
      return either == 0 ? 0 : 1 - sum([](double x, double y) { return x != 0 && y != 0 ? 1.0 : 0.0; }) / either;
    }
  }
  return 0;
}

std::vector<Neighbor> nearest(const Vectors& base, std::span<const float> query, Metric metric, std::size_t k) {
  std::vector<Neighbor> all(base.rows());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = {distance(metric, query, base.row(i)), i};
  const auto nearer = [](const Neighbor& a, const Neighbor& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
  };
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(k), all.end(), nearer);
  all.resize(k);
  return all;
}

double recall(const Vectors& base, const Vectors& queries, Metric metric, const SearchResult& found) {
  std::size_t good = 0;
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    const double farthest = nearest(base, queries.row(q), metric, found.k).back().distance;
    for (std::uint32_t i = 0; i < found.counts[q]; ++i) {
      const Id id = found.ids[q * found.k + i];
      if (distance(metric, queries.row(q), base.row(id)) <= farthest + 1e-9) ++good;
    }
  }
  return static_cast<double>(good) / static_cast<double>(queries.rows() * found.k);
}

std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine, Metric::kHamming, Metric::kJaccard}) {
    for (const ElementType type : {ElementType::kF32, ElementType::kF16, ElementType::kBF16, ElementType::kI8,
                                   ElementType::kU8, ElementType::kB1}) {
      if (compatible(metric, type)) kinds.push_back({metric, type});
    }
  }
  return kinds;
}

}  // namespace nearline::testing
