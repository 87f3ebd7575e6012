// SPDX-License-Identifier: Apache-2.0
#include "engine/transform/transformer.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "engine/kernels/kernels.h"
#include "engine/random.h"
#include "engine/space/direction.h"
#include "engine/space/space.h"

namespace nearline::engine {
namespace {

const std::byte* bytes_of(const float* numbers) noexcept {
  return reinterpret_cast<const std::byte*>(numbers);
}

/// out: in at unit length.
const char* normalize(const float* in, std::uint32_t dim, float* out) noexcept {
  const float squared = kernels::squared_norm(ElementType::kF32, bytes_of(in), dim);
  if (!has_direction(squared)) {
    return squared > 1 ? "is too long to be brought to unit length: expected a squared length that f32 can hold"
                       : "has no direction: expected one that is not zero, to be brought to unit length";
  }
  const float length = std::sqrt(squared);
  for (std::uint32_t i = 0; i < dim; ++i) out[i] = in[i] / length;
  return nullptr;
}

}  // namespace

Transformer::Transformer(const Transform& transform, const Transform& records)
    : in_dim_(transform.in_dim), out_dim_(in_dim_), widest_(in_dim_) {
  add(transform);
  if (!transform.empty() && transform.steps.back().kind == StepKind::kField) add(records);
}

void Transformer::add(const Transform& transform) {
  for (const TransformStep& from : transform.steps) {
    if (from.kind == StepKind::kField) return;
    Step step{.kind = from.kind,
              .before = out_dim_,
              .behind = from.out_dim == 0 ? out_dim_ : from.out_dim,
              .numbers = from.numbers,
              .rows = {},
              .signs = {},
              .ends = {}};
    if (from.kind == StepKind::kSparseRandom) draw_signs(from.seed, step);
    if (from.kind == StepKind::kPca || from.kind == StepKind::kMatrix || from.kind == StepKind::kRelative) {
      for (std::uint32_t i = 0; i < step.behind; ++i) {
        step.rows.push_back(bytes_of(step.numbers->data() + std::size_t{i} * step.before));
      }
    }
    out_dim_ = step.behind;
    widest_ = std::max(widest_, out_dim_);
    steps_.push_back(std::move(step));
  }
}

/// As SPEC.md says under "transforms".
void Transformer::draw_signs(std::uint64_t seed, Step& step) {
  const double root = std::sqrt(static_cast<double>(step.before));
  const auto below = static_cast<std::uint64_t>(0x1p63 / root);
  Random random(seed);
  for (std::uint32_t row = 0; row < step.behind; ++row) {
    for (std::uint32_t column = 0; column < step.before; ++column) {
      const std::uint64_t drawn = random.next();
      if (drawn >> 1 < below) step.signs.push_back(column << 1 | static_cast<Sign>(drawn & 1));
    }
    step.ends.push_back(step.signs.size());
  }
  step.scale = static_cast<float>(std::sqrt(root / step.behind));
}

const char* Transformer::take(const Step& step, const float* in, float* out) noexcept {
  switch (step.kind) {
    case StepKind::kNormalize: return normalize(in, step.before, out);
    case StepKind::kCenter:
      for (std::uint32_t i = 0; i < step.before; ++i) out[i] = in[i] - (*step.numbers)[i];
      return nullptr;
    case StepKind::kSparseRandom: {
      std::size_t at = 0;
      for (std::uint32_t row = 0; row < step.behind; ++row) {
        float sum = 0;
        for (; at < step.ends[row]; ++at) {
          const float x = in[step.signs[at] >> 1];
          sum += (step.signs[at] & 1) != 0 ? -x : x;
        }
        out[row] = sum * step.scale;
      }
      return nullptr;
    }
    case StepKind::kRelative: {
      const float squared = kernels::squared_norm(ElementType::kF32, bytes_of(in), step.before);
      if (!has_direction(squared)) {
        return "has no direction: expected one that is not zero and that f32 can square, to have a cosine to anchors";
      }
      kernels::kernel(kernels::Raw::kDot, ElementType::kF32).many(in, step.rows.data(), step.behind, step.before, out);
      const float length = std::sqrt(squared);
      for (std::uint32_t i = 0; i < step.behind; ++i) out[i] /= length;
      return nullptr;
    }
    default:
      kernels::kernel(kernels::Raw::kDot, ElementType::kF32).many(in, step.rows.data(), step.behind, step.before, out);
      return nullptr;
  }
}

std::optional<UnfitRow> Transformer::apply(const MatrixView& rows, std::span<float> out) const {
  assert(rows.dim == in_dim_ && rows.type != ElementType::kB1 && out.size() == rows.rows * out_dim_);
  std::vector<float> here(widest_), next(widest_);
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (!kernels::all_finite(rows.type, rows.row(row), in_dim_)) {
      return UnfitRow{row, "holds NaN or infinity: expected finite values"};
    }
    kernels::to_f32(rows.type, rows.row(row), in_dim_, here.data());
    for (const Step& step : steps_) {
      if (const char* fault = take(step, here.data(), next.data())) return UnfitRow{row, fault};
      here.swap(next);
    }
    if (!kernels::all_finite(ElementType::kF32, bytes_of(here.data()), out_dim_)) {
      return UnfitRow{row, "is too long to be transformed: expected products that f32 can hold"};
    }
    std::copy_n(here.begin(), out_dim_, out.begin() + static_cast<std::ptrdiff_t>(row * out_dim_));
  }
  return std::nullopt;
}

std::size_t first_unlearned(const Transform& transform) noexcept {
  const auto found = std::ranges::find_if(transform.steps, [](const TransformStep& step) {
    return !step.numbers && (step.kind == StepKind::kCenter || step.kind == StepKind::kPca);
  });
  return static_cast<std::size_t>(found - transform.steps.begin());
}

}  // namespace nearline::engine
