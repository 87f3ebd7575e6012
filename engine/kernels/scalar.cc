// SPDX-License-Identifier: Apache-2.0
/// The definition of correct: every kernel in plain C++, floats summed in f64. Also what machines without a SIMD
/// target run.
#include <bit>
#include <cstring>
#include <type_traits>

#include "engine/kernels/half.h"
#include "engine/kernels/kernel_table.h"

namespace nearline::kernels {
namespace {

template <ElementType kType>
float component(const std::byte* vector, std::size_t i) noexcept {
  if constexpr (kType == ElementType::kF32) {
    float value;
    std::memcpy(&value, vector + i * sizeof value, sizeof value);
    return value;
  } else if constexpr (kType == ElementType::kI8) {
    return static_cast<float>(static_cast<std::int8_t>(vector[i]));
  } else if constexpr (kType == ElementType::kU8) {
    return static_cast<float>(static_cast<std::uint8_t>(vector[i]));
  } else {
    std::uint16_t bits;
    std::memcpy(&bits, vector + i * sizeof bits, sizeof bits);
    return kType == ElementType::kF16 ? f16_to_f32(bits) : bf16_to_f32(bits);
  }
}

template <Raw kRaw, ElementType kType>
struct Floats {
  static float one(const void* query, const std::byte* vector, std::size_t dim) noexcept {
    const auto* q = static_cast<const std::byte*>(query);
    double sum = 0;
    for (std::size_t i = 0; i < dim; ++i) {
      const double a = component<ElementType::kF32>(q, i);
      const double b = component<kType>(vector, i);
      sum += kRaw == Raw::kL2 ? (a - b) * (a - b) : a * b;
    }
    return static_cast<float>(sum);
  }
};

template <Raw kRaw, class T>
struct Integers {
  static float one(const void* query, const std::byte* vector, std::size_t dim) noexcept {
    const auto* q = static_cast<const T*>(query);
    const auto* x = reinterpret_cast<const T*>(vector);
    // 65,535 squares of at most 255 fit 32 bits without a sign; the products of i8 fit them with one.
    std::conditional_t<std::is_signed_v<T> && kRaw == Raw::kDot, std::int32_t, std::uint32_t> sum = 0;
    for (std::size_t i = 0; i < dim; ++i) {
      const int term = kRaw == Raw::kL2 ? (q[i] - x[i]) * (q[i] - x[i]) : q[i] * x[i];
      sum += static_cast<decltype(sum)>(term);
    }
    return static_cast<float>(sum);
  }
};

template <Raw kRaw>
struct Bits {
  static float one(const void* query, const std::byte* vector, std::size_t dim) noexcept {
    const auto* q = static_cast<const std::uint8_t*>(query);
    const auto* x = reinterpret_cast<const std::uint8_t*>(vector);
    std::uint32_t different = 0;
    std::uint32_t both = 0;
    std::uint32_t either = 0;
    for (std::size_t i = 0; i < (dim + 7) / 8; ++i) {
      different += static_cast<std::uint32_t>(std::popcount(static_cast<std::uint8_t>(q[i] ^ x[i])));
      both += static_cast<std::uint32_t>(std::popcount(static_cast<std::uint8_t>(q[i] & x[i])));
      either += static_cast<std::uint32_t>(std::popcount(static_cast<std::uint8_t>(q[i] | x[i])));
    }
    if (kRaw == Raw::kHamming) return static_cast<float>(different);
    return either == 0 ? 0.0F : 1.0F - static_cast<float>(both) / static_cast<float>(either);
  }
};

template <class Comparison>
void many(const void* query, const std::byte* const* vectors, std::size_t count, std::size_t dim, float* out) noexcept {
  for (std::size_t i = 0; i < count; ++i) out[i] = Comparison::one(query, vectors[i], dim);
}

template <class Comparison>
constexpr Kernel kKernel{.one = Comparison::one, .many = many<Comparison>};

template <ElementType kType>
float squared_norm(const std::byte* in, std::size_t dim) noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < dim; ++i) {
    const double value = component<kType>(in, i);
    sum += value * value;
  }
  return static_cast<float>(sum);
}

template <ElementType kType>
void to_f32(const std::byte* in, std::size_t count, float* out) noexcept {
  for (std::size_t i = 0; i < count; ++i) out[i] = component<kType>(in, i);
}

void copy_f32(const float* in, std::size_t count, std::byte* out) noexcept {
  if (count != 0) std::memcpy(out, in, count * sizeof *in);
}

template <std::uint16_t (*kRound)(float) noexcept>
void from_f32(const float* in, std::size_t count, std::byte* out) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t bits = kRound(in[i]);
    std::memcpy(out + i * sizeof bits, &bits, sizeof bits);
  }
}

template <ElementType kType>
void add_type(KernelTable& table) noexcept {
  const auto at = static_cast<std::size_t>(kType);
  table.squared_norm[at] = squared_norm<kType>;
  table.to_f32[at] = to_f32<kType>;
}

template <ElementType kType>
void add_floats(KernelTable& table) noexcept {
  table.at(Raw::kL2, kType) = kKernel<Floats<Raw::kL2, kType>>;
  table.at(Raw::kDot, kType) = kKernel<Floats<Raw::kDot, kType>>;
  add_type<kType>(table);
}

template <ElementType kType, class T>
void add_integers(KernelTable& table) noexcept {
  table.at(Raw::kL2, kType) = kKernel<Integers<Raw::kL2, T>>;
  table.at(Raw::kDot, kType) = kKernel<Integers<Raw::kDot, T>>;
  add_type<kType>(table);
}

}  // namespace

void add_scalar_kernels(KernelTable& table) noexcept {
  add_floats<ElementType::kF32>(table);
  add_floats<ElementType::kF16>(table);
  add_floats<ElementType::kBF16>(table);
  add_integers<ElementType::kI8, std::int8_t>(table);
  add_integers<ElementType::kU8, std::uint8_t>(table);
  table.at(Raw::kHamming, ElementType::kB1) = kKernel<Bits<Raw::kHamming>>;
  table.at(Raw::kJaccard, ElementType::kB1) = kKernel<Bits<Raw::kJaccard>>;
  table.from_f32[static_cast<std::size_t>(ElementType::kF32)] = copy_f32;
  table.from_f32[static_cast<std::size_t>(ElementType::kF16)] = from_f32<f32_to_f16>;
  table.from_f32[static_cast<std::size_t>(ElementType::kBF16)] = from_f32<f32_to_bf16>;
}

}  // namespace nearline::kernels
