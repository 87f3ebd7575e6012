// SPDX-License-Identifier: Apache-2.0
#include "engine/judge/ranked_sums.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace nearline::engine {
namespace {

double discounted(std::span<const std::uint32_t> grades) noexcept {
  double gain = 0;
  for (std::size_t i = 0; i < grades.size(); ++i) gain += grades[i] / std::log2(static_cast<double>(i) + 2);
  return gain;
}

}  // namespace

void RankedSums::add(std::span<const std::uint32_t> grades, std::span<const std::uint32_t> best,
                     std::uint64_t relevant) {
  assert(grades.size() <= k_);
  if (relevant == 0) return;
  ++sums_.queries;
  std::uint64_t found = 0;
  double precisions = 0;
  for (std::size_t i = 0; i < grades.size(); ++i) {
    if (grades[i] == 0) continue;
    if (++found == 1) sums_.mrr += 1 / static_cast<double>(i + 1);
    precisions += static_cast<double>(found) / static_cast<double>(i + 1);
  }
  sums_.recall += static_cast<double>(found) / static_cast<double>(relevant);
  sums_.map += precisions / static_cast<double>(std::min<std::uint64_t>(k_, relevant));
  sums_.ndcg += discounted(grades) / discounted(best.first(std::min<std::size_t>(best.size(), k_)));
}

RetrievalFigures RankedSums::means() const noexcept {
  RetrievalFigures means = sums_;
  const double queries = std::max(1.0, static_cast<double>(means.queries));
  for (double* figure : {&means.recall, &means.map, &means.ndcg, &means.mrr}) *figure /= queries;
  return means;
}

}  // namespace nearline::engine
