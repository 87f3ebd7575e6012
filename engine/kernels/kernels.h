// SPDX-License-Identifier: Apache-2.0
/// Distances between one query and stored vectors, for every metric and element type, on the best SIMD target that
/// the machine has. Inputs were checked at the door: nothing here can fail.
///
/// A query is first brought into its kernel form by the caller: f32 for the float types (f32, f16, bf16), the stored
/// type itself for i8, u8 and b1. Integer results are exact and equal on every target; float results are deterministic
/// on one target and may differ in the last places between targets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::kernels {

/// Raw comparisons, before the metric's final step (see engine/space/space.h).
enum class Raw : std::uint8_t {
  kL2,       ///< sum of squared differences
  kDot,      ///< inner product
  kHamming,  ///< differing bits
  kJaccard,  ///< 1 - |a & b| / |a | b|; 0 when both are empty
};

/// The comparison behind a metric.
[[nodiscard]] constexpr Raw raw_of(Metric metric) noexcept {
  switch (metric) {
    case Metric::kL2: return Raw::kL2;
    case Metric::kIp:
    case Metric::kCosine: return Raw::kDot;
    case Metric::kHamming: return Raw::kHamming;
    case Metric::kJaccard: return Raw::kJaccard;
  }
  return Raw::kL2;
}

/// One query against many vectors. query: kernel form, any alignment. vectors: `count` pointers to stored vectors, any
/// alignment. dim: components (bits for b1). out: `count` floats.
using ManyFn = void (*)(const void* query, const std::byte* const* vectors, std::size_t count, std::size_t dim,
                        float* out) noexcept;

/// One query against one vector.
using OneFn = float (*)(const void* query, const std::byte* vector, std::size_t dim) noexcept;

struct Kernel {
  OneFn one = nullptr;
  ManyFn many = nullptr;
};

/// The kernel for a comparison on the best target. Null members for pairs that have no meaning (dot of b1, ...).
Kernel kernel(Raw raw, ElementType stored) noexcept;

/// The readable definition that every target must match: bit for bit for integers, within rounding for floats. Targets
/// with fused multiply-add match each other bit for bit for floats too.
Kernel scalar_kernel(Raw raw, ElementType stored) noexcept;

/// Names of the targets that this machine runs, best first, and the one in use.
std::span<const char* const> targets() noexcept;
const char* target() noexcept;
/// Whether the target in use has fused multiply-add: all such targets make the same file of the same rows.
bool fused() noexcept;
/// An error where the environment variable NEARLINE_KERNELS names no target of this machine.
Result<void> check_environment();
/// Restricts dispatch to one target by name, for tests; null returns to the best. False for an unknown one.
bool use_target(const char* name) noexcept;

/// Conversions, element by element. f32 to f16 and bf16 round to nearest even; overflow gives infinity.
void to_f32(ElementType from, const std::byte* in, std::size_t count, float* out) noexcept;  ///< any type but b1
void from_f32(ElementType to, const float* in, std::size_t count, std::byte* out) noexcept;  ///< f32, f16, bf16

/// Whether all components are finite (integers always are).
bool all_finite(ElementType type, const std::byte* in, std::size_t count) noexcept;

/// Sum of squares of a stored vector, as f32: exact for integers where the sum is below 2^24.
float squared_norm(ElementType type, const std::byte* in, std::size_t dim) noexcept;

}  // namespace nearline::kernels
