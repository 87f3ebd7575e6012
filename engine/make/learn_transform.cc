// SPDX-License-Identifier: Apache-2.0
#include "engine/make/learn_transform.h"

#include <algorithm>
#include <cstring>
#include <queue>
#include <string>
#include <vector>

#include "engine/codes/principal_axes.h"
#include "engine/make/code_writer.h"
#include "engine/transform/transformer.h"
#include "format/checksum.h"

namespace nearline::engine {
namespace {

/// As many as codes are learned from.
constexpr std::uint64_t kSampleRows = 16'384;
/// Fewer say too little where there are more.
constexpr std::uint64_t kLeastSample = 256;

/// A row by its hash; equal rows are one as good as the other.
struct Drawn {
  std::uint64_t hash;
  std::uint64_t row;
  friend bool operator<(const Drawn& a, const Drawn& b) noexcept { return a.hash < b.hash; }
};

/// The widest that a vector becomes on its way to the last step that learns.
std::uint32_t widest(const Transform& transform, std::size_t first) noexcept {
  std::uint32_t most = 0;
  for (std::size_t i = first; i < transform.steps.size(); ++i) most = std::max(most, dim_before(transform, i));
  return std::max(most, dim_before(transform, transform.steps.size()));
}

std::uint64_t solver_bytes(const Transform& transform, std::size_t first) noexcept {
  std::uint64_t most = 0;
  for (std::size_t i = first; i < transform.steps.size(); ++i) {
    if (transform.steps[i].kind == StepKind::kPca) most = std::max(most, axes_bytes(dim_before(transform, i)));
  }
  return most;
}

/// How many rows fit beside the solver; a row is held before and behind a step.
Result<std::uint64_t> sample_rows(const Transform& transform, std::size_t first, std::uint64_t memory_bytes,
                                  std::uint64_t count) {
  const std::uint64_t row_bytes = 2 * std::uint64_t{widest(transform, first)} * sizeof(float) + sizeof(Drawn);
  const std::uint64_t wanted = std::min(count, kSampleRows);
  const std::uint64_t least = solver_bytes(transform, first) + std::min(wanted, kLeastSample) * row_bytes;
  if (memory_bytes < least) {
    return Error{.code = Code::kOverBudget,
                 .what = "a memory bound of " + std::to_string(memory_bytes) + " bytes: expected at least " +
                         std::to_string(least) + " to learn the transform '" + to_text(transform) + "'"};
  }
  return std::min(wanted, (memory_bytes - solver_bytes(transform, first)) / row_bytes);
}

Result<std::vector<float>> draw(Spill& rows, std::uint64_t count, std::uint32_t dim) {
  std::priority_queue<Drawn> least;
  NEARLINE_CHECK(rows.for_each([&](std::uint64_t row, Id, std::span<const std::byte> vector) -> Result<void> {
    const Drawn drawn{.hash = format::hash64(vector), .row = row};
    if (least.size() == count && !(drawn < least.top())) return {};
    if (least.size() == count) least.pop();
    least.push(drawn);
    return {};
  }));
  std::vector<Drawn> order;
  for (; !least.empty(); least.pop()) order.push_back(least.top());
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> by_row(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) by_row[i] = i;
  std::ranges::sort(by_row, {}, [&](std::size_t i) { return order[i].row; });
  std::vector<float> sample(order.size() * dim);
  std::size_t next = 0;
  NEARLINE_CHECK(rows.for_each([&](std::uint64_t row, Id, std::span<const std::byte> vector) -> Result<void> {
    if (next == by_row.size() || order[by_row[next]].row != row) return {};
    std::memcpy(sample.data() + by_row[next++] * dim, vector.data(), vector.size());
    return {};
  }));
  return sample;
}

/// In f64 and in the order of the sample, so that it is the same on every machine.
std::vector<float> mean_of(const std::vector<float>& sample, std::uint32_t dim) {
  std::vector<double> sums(dim);
  for (std::size_t i = 0; i < sample.size(); ++i) sums[i % dim] += static_cast<double>(sample[i]);
  std::vector<float> mean(dim);
  const std::size_t rows = sample.size() / dim;
  const auto count = static_cast<double>(rows);
  for (std::uint32_t i = 0; i < dim; ++i) mean[i] = static_cast<float>(sums[i] / count);
  return mean;
}

void learn_step(TransformStep& step, const std::vector<float>& sample, std::uint32_t dim) {
  std::vector<float> numbers;
  if (step.kind == StepKind::kCenter) {
    numbers = mean_of(sample, dim);
  } else {
    numbers = principal_axes(sample, dim).axes;
    numbers.resize(std::size_t{step.out_dim} * dim);
  }
  step.numbers = std::make_shared<const std::vector<float>>(std::move(numbers));
}

/// The sample behind the step, without the rows that it cannot take.
std::vector<float> behind(const Transformer& step, const std::vector<float>& sample) {
  std::vector<float> out;
  std::vector<float> one(step.out_dim());
  for (std::size_t at = 0; at < sample.size(); at += step.in_dim()) {
    if (step.apply(MatrixView(sample.data() + at, 1, step.in_dim()), one)) continue;
    out.insert(out.end(), one.begin(), one.end());
  }
  return out;
}

}  // namespace

std::uint32_t dim_before(const Transform& transform, std::size_t step) noexcept {
  std::uint32_t dim = transform.in_dim;
  for (std::size_t i = 0; i < step; ++i) {
    if (transform.steps[i].out_dim > 0) dim = transform.steps[i].out_dim;
  }
  return dim;
}

Transform part_of(const Transform& transform, std::size_t first, std::size_t end) {
  return {.in_dim = dim_before(transform, first),
          .steps = {transform.steps.begin() + static_cast<std::ptrdiff_t>(first),
                    transform.steps.begin() + static_cast<std::ptrdiff_t>(end)}};
}

Result<Transform> learn_transform(Spill& rows, const Transform& transform, std::size_t first,
                                  std::uint64_t memory_bytes) {
  if (rows.count() == 0) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "transform '" + to_text(transform) + "' of no vectors: expected some to learn from"};
  }
  NEARLINE_TRY(count, sample_rows(transform, first, memory_bytes, rows.count()));
  NEARLINE_TRY(sample, draw(rows, count, dim_before(transform, first)));
  Transform learned = transform;
  for (std::size_t i = first; first_unlearned(learned) < learned.steps.size(); ++i) {
    if (sample.empty()) {
      return Error{.code = Code::kBadInput,
                   .what = "transform '" + to_text(transform) + "': expected vectors that its first " +
                           std::to_string(i) + " steps can take, found none"};
    }
    if (i == first_unlearned(learned)) learn_step(learned.steps[i], sample, dim_before(learned, i));
    sample = behind(Transformer(part_of(learned, i, i + 1), {}), sample);
  }
  return learned;
}

}  // namespace nearline::engine
