// SPDX-License-Identifier: Apache-2.0
/// Every conversion goes through f32, which holds all values of the narrower types.
#include "engine/space/convert_rows.h"

#include <cassert>
#include <cmath>
#include <cstring>
#include <vector>

#include "engine/kernels/kernels.h"

namespace nearline::engine {
namespace {

/// floats: one row. scratch: as many. False when a finite value would become infinite.
bool to_float(const std::vector<float>& floats, ElementType to, std::byte* out, std::vector<float>& scratch) noexcept {
  kernels::from_f32(to, floats.data(), floats.size(), out);
  if (to == ElementType::kF32) return true;
  kernels::to_f32(to, out, floats.size(), scratch.data());
  for (std::size_t i = 0; i < floats.size(); ++i)
    if (std::isfinite(floats[i]) && !std::isfinite(scratch[i])) return false;
  return true;
}

bool to_integer(const std::vector<float>& floats, ElementType to, std::byte* out) noexcept {
  const float least = to == ElementType::kI8 ? -128.0F : 0.0F;
  const float most = to == ElementType::kI8 ? 127.0F : 255.0F;
  for (std::size_t i = 0; i < floats.size(); ++i) {
    const float value = floats[i];
    if (!(value >= least && value <= most) || value != std::nearbyint(value)) return false;
    out[i] = static_cast<std::byte>(static_cast<int>(value) & 0xFF);
  }
  return true;
}

}  // namespace

std::optional<std::size_t> convert_rows(const MatrixView& in, ElementType to, std::byte* out) {
  assert(convertible(in.type, to));
  const std::size_t bytes = vector_bytes(to, in.dim);
  if (in.type == to) {
    if (in.rows > 0) std::memcpy(out, in.data, in.rows * bytes);
    return std::nullopt;
  }
  std::vector<float> floats(in.dim);
  std::vector<float> scratch(in.dim);
  for (std::size_t i = 0; i < in.rows; ++i, out += bytes) {
    kernels::to_f32(in.type, in.row(i), in.dim, floats.data());
    const bool fits = is_float(to) ? to_float(floats, to, out, scratch) : to_integer(floats, to, out);
    if (!fits) return i;
  }
  return std::nullopt;
}

}  // namespace nearline::engine
