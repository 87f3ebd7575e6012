// SPDX-License-Identifier: Apache-2.0
/// l2, inner product and norm of f32, f16 and bf16 vectors, the query in f32.
#include "engine/kernels/hwy_config.h"
#include "engine/kernels/kernel_table.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/kernels_float.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes this file once per target.
#include "engine/kernels/lanes-inl.h"
#include "engine/kernels/loads-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nearline::kernels {
namespace HWY_NAMESPACE {
#if NEARLINE_SIMD
namespace {

/// Sums kept apart per vector, to hide the latency of additions: four where 32 registers hold those of a group.
constexpr std::size_t kSums = HWY_CAP_GE512 ? 4 : 2;

struct L2 {
  template <class V>
  static HWY_INLINE V add(V sum, V q, V x) noexcept {
    const V difference = hn::Sub(q, x);
    return hn::MulAdd(difference, difference, sum);
  }
};

struct Dot {
  template <class V>
  static HWY_INLINE V add(V sum, V q, V x) noexcept {
    return hn::MulAdd(q, x, sum);
  }
};

template <class Raw, class Stored>
struct Comparison {
  template <std::size_t kRows>
  static HWY_INLINE void rows(const void* query, const std::byte* const* vectors, std::size_t dim,
                              float* out) noexcept {
    const F32 d;
    const std::size_t lanes = hn::Lanes(d);
    const auto* q = static_cast<const std::byte*>(query);
    hn::Vec<F32> sums[kSums][kRows];
    for (auto& group : sums) {
      for (auto& sum : group) sum = hn::Zero(d);
    }
    std::size_t i = 0;
    for (; i + kSums * lanes <= dim; i += kSums * lanes) {
      for (std::size_t s = 0; s < kSums; ++s) {
        const auto part = LoadF32::full(q, i + s * lanes);
        for (std::size_t r = 0; r < kRows; ++r) {
          sums[s][r] = Raw::add(sums[s][r], part, Stored::full(vectors[r], i + s * lanes));
        }
      }
    }
    for (; i + lanes <= dim; i += lanes) {
      const auto part = LoadF32::full(q, i);
      for (std::size_t r = 0; r < kRows; ++r) sums[0][r] = Raw::add(sums[0][r], part, Stored::full(vectors[r], i));
    }
    if (i < dim) {
      const auto part = LoadF32::tail(q, i, dim);
      for (std::size_t r = 0; r < kRows; ++r) sums[1][r] = Raw::add(sums[1][r], part, Stored::tail(vectors[r], i, dim));
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      if constexpr (kSums == 4) sums[2][r] = hn::Add(sums[2][r], sums[3][r]);
      sums[0][r] = hn::Add(sums[0][r], sums[1][r]);
      if constexpr (kSums == 4) sums[0][r] = hn::Add(sums[0][r], sums[2][r]);
    }
    store_sums<kRows>(d, sums[0], out);
  }
};

template <class Stored>
float squared_norm(const std::byte* in, std::size_t dim) noexcept {
  const F32 d;
  const std::size_t lanes = hn::Lanes(d);
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  std::size_t i = 0;
  for (; i + 2 * lanes <= dim; i += 2 * lanes) {
    const auto a = Stored::full(in, i);
    const auto b = Stored::full(in, i + lanes);
    even = hn::MulAdd(a, a, even);
    odd = hn::MulAdd(b, b, odd);
  }
  if (i + lanes <= dim) {
    const auto a = Stored::full(in, i);
    even = hn::MulAdd(a, a, even);
    i += lanes;
  }
  if (i < dim) {
    const auto b = Stored::tail(in, i, dim);
    odd = hn::MulAdd(b, b, odd);
  }
  const auto sum = hn::Add(even, odd);
  float out;
  store_sums<1>(d, &sum, &out);
  return out;
}

template <class Stored>
void add(ElementType type, KernelTable& table) noexcept {
  table.at(Raw::kL2, type) = {.one = one<Comparison<L2, Stored>>, .many = many<Comparison<L2, Stored>>};
  table.at(Raw::kDot, type) = {.one = one<Comparison<Dot, Stored>>, .many = many<Comparison<Dot, Stored>>};
  table.squared_norm[static_cast<std::size_t>(type)] = squared_norm<Stored>;
}

}  // namespace

// NEARLINE_VERSIONS does not take a noexcept function.
void add_floats(KernelTable& table) {
  add<LoadF32>(ElementType::kF32, table);
  add<LoadF16>(ElementType::kF16, table);
  add<LoadBF16>(ElementType::kBF16, table);
}

#else
void add_floats(KernelTable&) {}
#endif  // NEARLINE_SIMD
}  // namespace HWY_NAMESPACE
}  // namespace nearline::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nearline::kernels {

NEARLINE_VERSIONS(add_floats);

void add_float_kernels(std::int64_t target, KernelTable& table) noexcept {
  version_for(target, add_floats_versions)(table);
}

}  // namespace nearline::kernels
#endif  // HWY_ONCE
