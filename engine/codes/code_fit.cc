// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/code_fit.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/codes/code_encoder.h"
#include "engine/codes/code_query.h"
#include "engine/kernels/kernels.h"

namespace nearline::engine {
namespace {

/// Queries that the rows are seen from.
constexpr std::size_t kViews = 16;
/// Of rows like those that a book was learned from up to 3 in 1,000 err by more than three times its error, be it
/// learned from as few as 1,500; of rows of clusters that it does not know, 15 in 1,000 to all (docs/decisions.md).
constexpr double kFar = 3;

}  // namespace

double misfit_share(const format::CodeBook& book, Metric metric, std::span<const float> rows) {
  const std::size_t dim = book.dim, count = rows.size() / dim;
  if (count < 2) return 0;
  const auto row = [&](std::size_t i) { return rows.data() + i * dim; };
  const auto bytes = [](const float* vector) { return reinterpret_cast<const std::byte*>(vector); };
  std::vector<std::byte> codes(count * book.code_bytes());
  CodeEncoder::Scratch scratch;
  CodeEncoder(book, metric).encode(rows.data(), count, codes.data(), scratch);
  std::vector<const std::byte*> of(count), vectors(count);
  for (std::size_t i = 0; i < count; ++i) {
    of[i] = codes.data() + i * book.code_bytes();
    vectors[i] = bytes(row(i));
  }
  const auto exactly = kernels::kernel(kernels::raw_of(metric), ElementType::kF32);
  const auto by_l2 = kernels::kernel(kernels::Raw::kL2, ElementType::kF32);
  CodeQuery query;
  std::vector<float> estimates(count), exact(count);
  std::vector<double> squares(count);  // of the errors, in lengths of the query from the mean as CodeBook::error is
  double views = 0;
  for (std::size_t view = 0; view < std::min(kViews, count); ++view) {
    const float* const from = row(view * count / std::min(kViews, count));
    const float length = by_l2.one(from, bytes(book.mean.data()), dim);
    if (!(length > 0)) continue;
    query.prepare(book, metric, from);
    query.estimate(of, estimates.data());
    exactly.many(from, vectors.data(), count, dim, exact.data());
    for (std::size_t i = 0; i < count; ++i) {
      const float distance = metric == Metric::kL2 ? exact[i] : 1 - exact[i];
      const double miss = static_cast<double>(estimates[i]) - static_cast<double>(distance);
      squares[i] += miss * miss / static_cast<double>(length);
    }
    ++views;
  }
  const double most = views * std::pow(kFar * static_cast<double>(book.error), 2);
  const auto far = std::count_if(squares.begin(), squares.end(), [&](double sum) { return !(sum <= most); });
  return static_cast<double>(far) / static_cast<double>(count);
}

}  // namespace nearline::engine
