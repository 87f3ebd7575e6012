// SPDX-License-Identifier: Apache-2.0
/// l2 and inner product of u8 and i8 vectors: widened to 16 bits, multiplied and added in pairs into 32, exactly.
/// On AVX-512 the sums of unsigned by signed bytes, which need corrections for the sign, were measured to be no faster:
/// memory and the sum across lanes decide.
#include "engine/kernels/hwy_config.h"
#include "engine/kernels/kernel_table.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/kernels_int.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes this file once per target.
#include "engine/kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nearline::kernels {
namespace HWY_NAMESPACE {
#if NEARLINE_SIMD
namespace {

using I16 = hn::ScalableTag<std::int16_t>;
using I32 = hn::RepartitionToWide<I16>;
using U32 = hn::RebindToUnsigned<I32>;

/// A vector's sum, modulo 2^32; the second half is used by targets that widen even and odd lanes apart.
struct Sum {
  hn::Vec<I32> a;
  hn::Vec<I32> b;

  HWY_INLINE Sum() noexcept : a(hn::Zero(I32())), b(hn::Zero(I32())) {}  // an implicit one is compiled for the baseline

  HWY_INLINE void add_products(hn::Vec<I16> x, hn::Vec<I16> y) noexcept {
#if HWY_TARGET == HWY_AVX3_DL
    asm("vpdpwssd %2, %1, %0" : "+v"(a.raw) : "v"(x.raw), "v"(y.raw));
#else
    a = hn::ReorderWidenMulAccumulate(I32(), x, y, a, b);
#endif
  }
  [[nodiscard]] HWY_INLINE hn::Vec<U32> total() const noexcept {
    return hn::BitCast(U32(), hn::RearrangeToOddPlusEven(a, b));
  }
};

struct L2 {
  static HWY_INLINE void add(Sum& sum, hn::Vec<I16> q, hn::Vec<I16> x) noexcept {
    const auto difference = hn::Sub(q, x);
    sum.add_products(difference, difference);
  }
};

struct Dot {
  static HWY_INLINE void add(Sum& sum, hn::Vec<I16> q, hn::Vec<I16> x) noexcept { sum.add_products(q, x); }
};

template <class Raw, class T>
struct Comparison {
  using Bytes = hn::Rebind<T, I16>;
  /// i8 products may be negative; all other sums reach up to 2^32.
  using Total = std::conditional_t<std::is_signed_v<T> && std::is_same_v<Raw, Dot>, std::int32_t, std::uint32_t>;

  template <std::size_t kRows>
  static HWY_INLINE void rows(const void* query, const std::byte* const* vectors, std::size_t dim,
                              float* out) noexcept {
    const Bytes bytes;
    const std::size_t lanes = hn::Lanes(bytes);
    const auto* q = static_cast<const std::byte*>(query);
    Sum sums[kRows];
    std::size_t i = 0;
    for (; i + lanes <= dim; i += lanes) {
      const auto part = hn::PromoteTo(I16(), hn::LoadU(bytes, element<T>(q, i)));
      for (std::size_t r = 0; r < kRows; ++r) {
        Raw::add(sums[r], part, hn::PromoteTo(I16(), hn::LoadU(bytes, element<T>(vectors[r], i))));
      }
    }
    if (i < dim) {
      const auto part = hn::PromoteTo(I16(), load_tail(bytes, q, i, dim));
      for (std::size_t r = 0; r < kRows; ++r) {
        Raw::add(sums[r], part, hn::PromoteTo(I16(), load_tail(bytes, vectors[r], i, dim)));
      }
    }
    hn::Vec<U32> totals[kRows];
    for (std::size_t r = 0; r < kRows; ++r) totals[r] = sums[r].total();
    std::uint32_t whole[kRows];
    store_sums<kRows>(U32(), totals, whole);
    for (std::size_t r = 0; r < kRows; ++r) out[r] = static_cast<float>(static_cast<Total>(whole[r]));
  }
};

template <class T>
float squared_norm(const std::byte* in, std::size_t dim) noexcept {
  return one<Comparison<Dot, T>>(in, in, dim);
}

template <class T>
void add(ElementType type, KernelTable& table) noexcept {
  table.at(Raw::kL2, type) = {.one = one<Comparison<L2, T>>, .many = many<Comparison<L2, T>>};
  table.at(Raw::kDot, type) = {.one = one<Comparison<Dot, T>>, .many = many<Comparison<Dot, T>>};
  table.squared_norm[static_cast<std::size_t>(type)] = squared_norm<T>;
}

}  // namespace

// NEARLINE_VERSIONS does not take a noexcept function.
void add_integers(KernelTable& table) {
  add<std::int8_t>(ElementType::kI8, table);
  add<std::uint8_t>(ElementType::kU8, table);
}

#else
void add_integers(KernelTable&) {}
#endif  // NEARLINE_SIMD
}  // namespace HWY_NAMESPACE
}  // namespace nearline::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nearline::kernels {

NEARLINE_VERSIONS(add_integers);

void add_int_kernels(std::int64_t target, KernelTable& table) noexcept {
  version_for(target, add_integers_versions)(table);
}

}  // namespace nearline::kernels
#endif  // HWY_ONCE
