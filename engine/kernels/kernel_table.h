// SPDX-License-Identifier: Apache-2.0
/// One target's kernels, and the functions with which the groups of kernels enter theirs.
#pragma once

#include <array>

#include "engine/kernels/code_kernels.h"
#include "engine/kernels/kernels.h"

namespace nearline::kernels {

using NormFn = float (*)(const std::byte* in, std::size_t dim) noexcept;
using ToF32Fn = void (*)(const std::byte* in, std::size_t count, float* out) noexcept;
using FromF32Fn = void (*)(const float* in, std::size_t count, std::byte* out) noexcept;

struct KernelTable {
  bool fused = false;                              ///< kernels.h, fused()
  std::array<std::array<Kernel, 7>, 4> kernels{};  ///< [Raw][ElementType]
  std::array<NormFn, 7> squared_norm{};            ///< [ElementType]
  std::array<ToF32Fn, 7> to_f32{};
  std::array<FromF32Fn, 7> from_f32{};
  CodeKernels codes = scalar_code_kernels();

  [[nodiscard]] Kernel& at(Raw raw, ElementType type) noexcept {
    return kernels[static_cast<std::size_t>(raw)][static_cast<std::size_t>(type)];
  }
};

/// Fills every entry that has a meaning.
void add_scalar_kernels(KernelTable& table) noexcept;

/// Each replaces the entries of its group by those compiled for `target` (a HWY_TARGET bit).
void add_float_kernels(std::int64_t target, KernelTable& table) noexcept;
void add_int_kernels(std::int64_t target, KernelTable& table) noexcept;
void add_bit_kernels(std::int64_t target, KernelTable& table) noexcept;
void add_code_kernels(std::int64_t target, KernelTable& table) noexcept;
void add_conversions(std::int64_t target, KernelTable& table) noexcept;

}  // namespace nearline::kernels
