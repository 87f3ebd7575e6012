// SPDX-License-Identifier: Apache-2.0
/// What a list of steps must fit: each step the components before it, the last one the field.
#include <algorithm>
#include <cmath>
#include <string>

#include "format/transform.h"

namespace nearline::format {
namespace {

/// The square of an anchor's length is as near to 1.
constexpr double kUnitSlack = 1e-3;

using Fault = std::optional<std::string>;

std::string of_kind(const TransformStep& step) {
  return "step " + std::string(step_name(step.kind));
}

Fault size_fault(const TransformStep& step, std::uint32_t before) {
  const std::string to = of_kind(step) + " to " + std::to_string(step.out_dim) + " components: expected ";
  switch (step.kind) {
    case StepKind::kNormalize:
    case StepKind::kCenter:
      if (step.out_dim == 0 || step.out_dim == before) return std::nullopt;
      return to + std::to_string(before) + ", as many as before it";
    case StepKind::kPca:
    case StepKind::kSparseRandom:
      if (step.out_dim >= 1 && step.out_dim <= before) return std::nullopt;
      return to + "1 to " + std::to_string(before) + ", the dimension before it";
    case StepKind::kMatrix:
      if (step.orthogonal && step.out_dim > before) {
        return of_kind(step) + " of " + std::to_string(step.out_dim) + " orthogonal rows: expected at most " +
               std::to_string(before) + ", the dimension before it";
      }
      [[fallthrough]];
    case StepKind::kRelative:
    case StepKind::kField:
      if (step.out_dim >= 1 && step.out_dim <= kMaxDim) return std::nullopt;
      return to + "1 to " + std::to_string(kMaxDim);
  }
  return "step of kind " + std::to_string(static_cast<unsigned>(step.kind)) + ": expected 1 to 7";
}

Fault length_fault(const TransformStep& step, std::uint32_t before) {
  for (std::size_t first = 0; first < step.numbers->size(); first += before) {
    double squares = 0;
    for (std::size_t i = 0; i < before; ++i) {
      const auto x = static_cast<double>((*step.numbers)[first + i]);
      squares += x * x;
    }
    if (std::fabs(squares - 1) <= kUnitSlack) continue;
    return "anchor " + std::to_string(first / before) + (squares == 0 ? " is a zero vector" : " is not of length 1") +
           ": expected a direction, brought to unit length";
  }
  return std::nullopt;
}

Fault number_fault(const TransformStep& step, std::uint32_t before, bool learned) {
  const std::uint64_t wanted = numbers_of(step.kind, before, step.out_dim == 0 ? before : step.out_dim);
  const bool learns = step.kind == StepKind::kCenter || step.kind == StepKind::kPca;
  if (!step.numbers) {
    if (wanted == 0 || (learns && !learned)) return std::nullopt;
    return of_kind(step) + " without numbers: expected " + std::to_string(wanted);
  }
  if (step.numbers->size() != wanted) {
    const std::string found = step.columns() > 0 ? std::to_string(step.out_dim) + " x " + std::to_string(step.columns())
                                                 : std::to_string(step.numbers->size()) + " numbers";
    return of_kind(step) + " of " + found + ": expected rows of " + std::to_string(before) +
           " components, as many as there are before it";
  }
  if (!std::ranges::all_of(*step.numbers, [](float x) { return std::isfinite(x); })) {
    return of_kind(step) + " with NaN or infinity: expected finite numbers";
  }
  return step.kind == StepKind::kRelative ? length_fault(step, before) : std::nullopt;
}

Fault side_fault(const Transform& transform, std::size_t i, std::uint32_t before, const TransformRules& rules) {
  const TransformStep& step = transform.steps[i];
  const bool learns = step.kind == StepKind::kCenter || step.kind == StepKind::kPca;
  if (rules.of_queries && learns) {
    return of_kind(step) + " of queries: expected steps that learn nothing, or field, what is done to records";
  }
  if (step.kind != StepKind::kField) return std::nullopt;
  if (!rules.of_queries || i + 1 < transform.steps.size()) {
    return of_kind(step) + ": expected it as the last step of a query transform";
  }
  if (before == rules.records_in) return std::nullopt;
  return of_kind(step) + " behind " + std::to_string(before) + " components: expected " +
         std::to_string(rules.records_in) + ", those of a record that comes in";
}

}  // namespace

std::uint64_t numbers_of(StepKind kind, std::uint32_t before, std::uint32_t behind) noexcept {
  switch (kind) {
    case StepKind::kCenter: return before;
    case StepKind::kPca:
    case StepKind::kMatrix:
    case StepKind::kRelative: return std::uint64_t{before} * behind;
    default: return 0;
  }
}

std::optional<std::string> transform_fault(const Transform& transform, const TransformRules& rules) {
  if (transform.steps.size() > kMaxTransformSteps) {
    return "a transform of " + std::to_string(transform.steps.size()) + " steps: expected at most " +
           std::to_string(kMaxTransformSteps);
  }
  if (transform.in_dim == 0 || transform.in_dim > kMaxDim) {
    return "a transform of " + std::to_string(transform.in_dim) + " components: expected 1 to " +
           std::to_string(kMaxDim);
  }
  std::uint32_t dim = transform.in_dim;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < transform.steps.size(); ++i) {
    const TransformStep& step = transform.steps[i];
    if (auto fault = side_fault(transform, i, dim, rules)) return fault;
    const bool of_field = step.kind == StepKind::kField && step.out_dim == 0;
    if (auto fault = of_field ? std::nullopt : size_fault(step, dim)) return fault;
    const std::uint32_t behind = of_field ? rules.dim : step.out_dim == 0 ? dim : step.out_dim;
    const bool drawn = step.kind == StepKind::kSparseRandom;  // anew, by whoever reads the step
    bytes += (drawn ? std::uint64_t{dim} * behind : numbers_of(step.kind, dim, behind)) * sizeof(float);
    if (bytes > kMaxTransformBytes) {
      return "a transform of " + std::to_string(bytes) + " bytes: expected at most " +
             std::to_string(kMaxTransformBytes);
    }
    if (auto fault = number_fault(step, dim, rules.learned)) return fault;
    dim = behind;
  }
  if (dim == rules.dim) return std::nullopt;
  return "a transform to " + std::to_string(dim) + " components: expected " + std::to_string(rules.dim) +
         ", those of a stored vector";
}

}  // namespace nearline::format
