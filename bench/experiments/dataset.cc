// SPDX-License-Identifier: Apache-2.0
#include "dataset.h"

#include <immintrin.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>

#include "distance.h"

namespace nearline::experiments {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
  std::fprintf(stderr, "%s: %s\n", path.c_str(), what);
  std::exit(1);
}

struct Header {
  std::uint32_t count = 0;
  std::uint32_t dim = 0;
};

Header read_header(std::ifstream& in, const std::string& path) {
  Header header;
  if (!in.read(reinterpret_cast<char*>(&header), sizeof header)) fail(path, "expected a header of 8 bytes");
  return header;
}

template <class T>
std::vector<T> read_values(std::ifstream& in, const std::string& path, std::size_t count) {
  std::vector<T> values(count);
  if (!in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(count * sizeof(T)))) {
    fail(path, "file ends inside the rows");
  }
  return values;
}

std::vector<float> widen(const std::vector<std::uint16_t>& halves) {
  std::vector<float> out(halves.size());
  for (std::size_t i = 0; i < halves.size(); i += 16) {
    const auto half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves.data() + i));
    _mm512_storeu_ps(out.data() + i, _mm512_cvtph_ps(half));
  }
  return out;
}

bool ends_with(const std::string& path, const char* end) {
  return path.ends_with(end);
}

template <class T>
std::vector<std::uint32_t> new_order(const Points<T>& points, Order order) {
  std::vector<std::uint32_t> rows(points.count);
  std::iota(rows.begin(), rows.end(), 0U);
  if (order == Order::kReversed) std::reverse(rows.begin(), rows.end());
  if (order == Order::kSorted) {
    std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
      return std::lexicographical_compare(points[a], points[a] + points.dim, points[b], points[b] + points.dim);
    });
  }
  if (order == Order::kClustered) {
    std::vector<std::uint32_t> cluster(points.count);
    for (std::uint32_t i = 0; i < points.count; ++i) {
      float best = std::numeric_limits<float>::infinity();
      for (std::uint32_t c = 0; c < 64; ++c) {
        const float d = squared_l2(points[i], points[static_cast<std::size_t>(c) * points.count / 64], points.dim);
        if (d < best) best = d, cluster[i] = c;
      }
    }
    std::stable_sort(rows.begin(), rows.end(), [&](auto a, auto b) { return cluster[a] < cluster[b]; });
  }
  return rows;
}

}  // namespace

template <>
Points<std::uint8_t> load_points(const std::string& path, std::uint32_t limit) {
  std::ifstream in(path, std::ios::binary);
  const Header header = read_header(in, path);
  const auto count = limit == 0 ? header.count : std::min(limit, header.count);
  if (!ends_with(path, ".u8bin") || header.dim % 64 != 0) fail(path, "expected .u8bin with dim a multiple of 64");
  return {count, header.dim, read_values<std::uint8_t>(in, path, static_cast<std::size_t>(count) * header.dim)};
}

template <>
Points<float> load_points(const std::string& path, std::uint32_t limit) {
  std::ifstream in(path, std::ios::binary);
  const Header header = read_header(in, path);
  const auto count = limit == 0 ? header.count : std::min(limit, header.count);
  if (header.dim % 64 != 0) fail(path, "expected dim to be a multiple of 64");
  const std::size_t total = static_cast<std::size_t>(count) * header.dim;
  if (ends_with(path, ".hbin")) return {count, header.dim, widen(read_values<std::uint16_t>(in, path, total))};
  if (ends_with(path, ".fbin")) return {count, header.dim, read_values<float>(in, path, total)};
  fail(path, "expected .hbin or .fbin");
}

Truth load_truth(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const Header header = read_header(in, path);
  const std::size_t total = static_cast<std::size_t>(header.count) * header.dim;
  return {header.count, header.dim, read_values<std::uint32_t>(in, path, total)};
}

template <class T>
void reorder(Points<T>& points, Order order) {
  if (order == Order::kGiven) return;
  std::vector<T> moved;
  moved.reserve(points.values.size());
  for (const std::uint32_t row : new_order(points, order)) {
    moved.insert(moved.end(), points[row], points[row] + points.dim);
  }
  points.values = std::move(moved);
}

template <class T>
void append_copies(Points<T>& points, std::uint32_t row, std::uint32_t copies) {
  points.values.reserve(points.values.size() + static_cast<std::size_t>(copies) * points.dim);
  for (std::uint32_t i = 0; i < copies; ++i) {
    points.values.insert(points.values.end(), points[row], points[row] + points.dim);
  }
  points.count += copies;
}

template void reorder(Points<std::uint8_t>&, Order);
template void reorder(Points<float>&, Order);
template void append_copies(Points<std::uint8_t>&, std::uint32_t, std::uint32_t);
template void append_copies(Points<float>&, std::uint32_t, std::uint32_t);

}  // namespace nearline::experiments
