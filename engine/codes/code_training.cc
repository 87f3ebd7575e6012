// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/code_training.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/codes/code_encoder.h"
#include "engine/codes/code_query.h"
#include "engine/codes/part_widths.h"
#include "engine/codes/principal_axes.h"
#include "engine/kernels/code_kernels.h"
#include "engine/kernels/kernels.h"
#include "engine/parallel.h"

namespace nearline::engine {
namespace {

using format::CodeBook;
using format::kCentroids;

constexpr int kRounds = 10;  ///< of k-means; later ones were measured to gain nothing
constexpr std::size_t kChunkRows = 256;

constexpr std::size_t kTogether = CodeEncoder::kTogether;
/// Far is what is so many times as far from the mean as the row in the middle, squared, and few is one row of so many.
constexpr double kFar = 64;
constexpr std::size_t kFew = 64;

/// The sample in its axes: [count x axes], and zeros to a multiple of kTogether rows.
std::vector<float> turn(std::span<const float> rows, const CodeBook& book, std::uint32_t threads) {
  const CodeEncoder encoder(book);
  const std::size_t count = rows.size() / book.dim;
  std::vector<float> turned((count + kTogether - 1) / kTogether * kTogether * book.axis_count());
  parallel_for(count, kChunkRows, threads, [&](std::size_t begin, std::size_t end, unsigned) {
    std::vector<float> centered(book.dim);
    for (std::size_t i = begin; i < end; ++i) {
      encoder.turn(rows.data() + i * book.dim, centered.data(), turned.data() + i * book.axis_count());
    }
  });
  return turned;
}

/// k-means over one part of the turned sample (Lloyd), from rows of the sample. table: [width x 256].
void cluster(const std::vector<float>& turned, std::size_t count, std::size_t axes, std::size_t first,
             std::size_t width, float* table) {
  const auto part = [&](std::size_t row) { return turned.data() + row * axes + first; };
  for (std::size_t c = 0; c < kCentroids; ++c) {
    const float* row = part((2 * c + 1) * count / (2 * kCentroids));
    for (std::size_t w = 0; w < width; ++w) table[w * kCentroids + c] = row[w];
  }
  std::vector<double> sums(width * kCentroids);
  std::vector<std::uint32_t> sizes(kCentroids);
  for (int round = 0; round < kRounds; ++round) {
    std::fill(sums.begin(), sums.end(), 0.0);
    std::fill(sizes.begin(), sizes.end(), 0U);
    std::uint8_t numbers[kTogether];
    for (std::size_t i = 0; i < count; ++i) {
      if (i % kTogether == 0) kernels::nearest_centroids(part(i), axes, table, width, numbers, 1);
      const std::size_t nearest = numbers[i % kTogether];
      ++sizes[nearest];
      for (std::size_t w = 0; w < width; ++w) sums[w * kCentroids + nearest] += static_cast<double>(part(i)[w]);
    }
    for (std::size_t c = 0; c < kCentroids; ++c) {
      if (sizes[c] == 0) continue;  // it stays where it is
      for (std::size_t w = 0; w < width; ++w)
        table[w * kCentroids + c] = static_cast<float>(sums[w * kCentroids + c] / sizes[c]);
    }
  }
}

format::Scale16 scale_over(float low, float high) noexcept {
  // Records outside the sample may lie beyond what it showed.
  const float margin = (high - low) * 0.25F;
  return {low - margin, (high - low + 2 * margin) / 65535.0F};
}

/// Offsets and factors of the sample's rows tell the range that their numbers must cover.
void fit_scales(std::span<const float> rows, Metric metric, CodeBook& book) {
  const CodeEncoder encoder(book, metric);
  CodeEncoder::Scratch scratch;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  float low[2] = {kInfinity, kInfinity}, high[2] = {-kInfinity, -kInfinity};
  const std::size_t count = rows.size() / book.dim;
  std::array<CodeEncoder::Head, kTogether> heads;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % kTogether == 0) heads = encoder.heads(rows.data() + i * book.dim, std::min(kTogether, count - i), scratch);
    const float values[2] = {heads[i % kTogether].offset, heads[i % kTogether].factor};
    for (int v = 0; v < 2; ++v) {
      low[v] = std::min(low[v], values[v]);
      high[v] = std::max(high[v], values[v]);
    }
  }
  book.offset = scale_over(low[0], high[0]);
  book.factor = scale_over(low[1], high[1]);
}

/// Compares estimates between rows of the sample with their distances.
float measure_error(std::span<const float> rows, Metric metric, const CodeBook& book) {
  constexpr std::size_t kPairs = 2048;
  const std::size_t count = rows.size() / book.dim;
  const CodeEncoder encoder(book, metric);
  CodeEncoder::Scratch scratch;
  CodeQuery query;
  std::vector<std::byte> code(book.code_bytes());
  const std::byte* codes[] = {code.data()};
  const auto* mean = reinterpret_cast<const std::byte*>(book.mean.data());
  double sum = 0;
  std::size_t pairs = 0;
  for (std::size_t p = 0; p < kPairs; ++p) {
    const std::size_t a = p * count / kPairs, b = (p * 7919 + count / 2) % count;
    if (a == b) continue;
    const float* q = rows.data() + a * book.dim;
    const auto* x = reinterpret_cast<const std::byte*>(rows.data() + b * book.dim);
    query.prepare(book, metric, q);
    encoder.encode(rows.data() + b * book.dim, 1, code.data(), scratch);
    float estimate;
    query.estimate(codes, &estimate);
    const float exact = metric == Metric::kL2
                            ? kernels::kernel(kernels::Raw::kL2, ElementType::kF32).one(q, x, book.dim)
                            : 1 - kernels::kernel(kernels::Raw::kDot, ElementType::kF32).one(q, x, book.dim);
    const float length = kernels::kernel(kernels::Raw::kL2, ElementType::kF32).one(q, mean, book.dim);
    if (!(length > 0)) continue;
    const double miss = static_cast<double>(estimate - exact);
    sum += miss * miss / static_cast<double>(length);
    ++pairs;
  }
  return pairs == 0 ? 0 : static_cast<float>(std::sqrt(sum / static_cast<double>(pairs)));
}

}  // namespace

std::uint32_t default_code_bytes(std::uint32_t dim) noexcept {
  constexpr std::uint32_t kLeast = 8, kMost = 64;
  return format::kCodeHeadBytes + std::clamp(dim / 4, kLeast, kMost);
}

void drop_far_rows(std::vector<float>& rows, std::uint32_t dim) {
  const std::size_t count = rows.size() / dim;
  std::vector<double> mean(dim);
  for (std::size_t i = 0; i < rows.size(); ++i) mean[i % dim] += static_cast<double>(rows[i]);
  for (double& value : mean) value /= static_cast<double>(count);
  std::vector<double> squares(count);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double away = static_cast<double>(rows[i]) - mean[i % dim];
    squares[i / dim] += away * away;
  }
  std::vector<double> sorted = squares;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const double most = kFar * *middle;
  const auto far =
      static_cast<std::size_t>(std::count_if(squares.begin(), squares.end(), [&](double s) { return s > most; }));
  if (far == 0 || far > count / kFew) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (squares[i] > most) continue;
    std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(i * dim), dim,
                rows.begin() + static_cast<std::ptrdiff_t>(kept * dim));
    ++kept;
  }
  rows.resize(kept * dim);
}

std::optional<CodeBook> train_code_book(std::span<const float> rows, std::uint32_t dim, Metric metric,
                                        std::uint32_t code_bytes, std::uint32_t threads) {
  const PrincipalAxes found = principal_axes(rows, dim);
  CodeBook book;
  book.dim = dim;
  book.widths = part_widths(found.variance, code_bytes - format::kCodeHeadBytes);
  if (book.widths.empty()) return std::nullopt;
  book.mean = found.mean;
  std::size_t axes = 0;
  std::vector<std::size_t> first;
  for (const std::uint32_t width : book.widths) {
    first.push_back(axes);
    axes += width;
  }
  book.axes.assign(found.axes.begin(), found.axes.begin() + static_cast<std::ptrdiff_t>(axes * dim));
  book.centroids.resize(axes * kCentroids);
  const std::vector<float> turned = turn(rows, book, threads);
  parallel_for(book.parts(), 1, threads, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t p = begin; p < end; ++p) {
      cluster(turned, rows.size() / dim, axes, first[p], book.widths[p], book.centroids.data() + first[p] * kCentroids);
    }
  });
  fit_scales(rows, metric, book);
  book.error = measure_error(rows, metric, book);
  for (const float number : {book.offset.low, book.offset.step, book.factor.low, book.factor.step, book.error}) {
    if (!std::isfinite(number)) return std::nullopt;
  }
  return book;
}

}  // namespace nearline::engine
