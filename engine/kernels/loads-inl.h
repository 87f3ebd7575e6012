// SPDX-License-Identifier: Apache-2.0
/// Loads of stored floats as vectors of f32, once per target: full vectors from element `i`, and the row's tail.
#if defined(NEARLINE_KERNELS_LOADS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef NEARLINE_KERNELS_LOADS_INL_H
#undef NEARLINE_KERNELS_LOADS_INL_H
#else
#define NEARLINE_KERNELS_LOADS_INL_H
#endif

#include "engine/kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nearline::kernels {
namespace HWY_NAMESPACE {
#if NEARLINE_SIMD
namespace {

using F32 = hn::ScalableTag<float>;
using U16 = hn::Rebind<std::uint16_t, F32>;  // as many lanes as F32, of half the size

/// Elements [at, dim) of a row, fewer than a vector, and zeros, each in the lane of its place; never reads outside the
/// row.
template <class D>
HWY_INLINE hn::Vec<D> load_tail_in_place(D d, const std::byte* row, std::size_t at, std::size_t dim) noexcept {
  using T = hn::TFromD<D>;
  // Loads of masked 32-bit lanes do not fault on AVX2 either; those of smaller ones read whole vectors.
  if constexpr (!HWY_MEM_OPS_MIGHT_FAULT || (HWY_TARGET == HWY_AVX2 && sizeof(T) == 4)) {
    return hn::MaskedLoad(hn::FirstN(d, dim - at), d, element<T>(row, at));
  } else {
    HWY_ALIGN T padded[hn::MaxLanes(D{})] = {};
    std::memcpy(padded, element<T>(row, at), (dim - at) * sizeof(T));
    return hn::Load(d, padded);
  }
}

struct LoadF32 {
  static HWY_INLINE hn::Vec<F32> full(const std::byte* row, std::size_t i) noexcept {
    return hn::LoadU(F32(), element<float>(row, i));
  }
  static HWY_INLINE hn::Vec<F32> tail(const std::byte* row, std::size_t i, std::size_t dim) noexcept {
    return load_tail_in_place(F32(), row, i, dim);
  }
};

struct LoadF16 {
  static HWY_INLINE hn::Vec<F32> full(const std::byte* row, std::size_t i) noexcept {
    return widen(hn::LoadU(U16(), element<std::uint16_t>(row, i)));
  }
  static HWY_INLINE hn::Vec<F32> tail(const std::byte* row, std::size_t i, std::size_t dim) noexcept {
    return widen(load_tail_in_place(U16(), row, i, dim));
  }
  static HWY_INLINE hn::Vec<F32> widen(hn::Vec<U16> bits) noexcept {
    return hn::PromoteTo(F32(), hn::BitCast(hn::Rebind<hwy::float16_t, F32>(), bits));
  }
};

struct LoadBF16 {
  static HWY_INLINE hn::Vec<F32> full(const std::byte* row, std::size_t i) noexcept {
    return widen(hn::LoadU(U16(), element<std::uint16_t>(row, i)));
  }
  static HWY_INLINE hn::Vec<F32> tail(const std::byte* row, std::size_t i, std::size_t dim) noexcept {
    return widen(load_tail_in_place(U16(), row, i, dim));
  }
  static HWY_INLINE hn::Vec<F32> widen(hn::Vec<U16> bits) noexcept {
    return hn::BitCast(F32(), hn::ShiftLeft<16>(hn::PromoteTo(hn::RebindToUnsigned<F32>(), bits)));
  }
};

}  // namespace
#endif  // NEARLINE_SIMD
}  // namespace HWY_NAMESPACE
}  // namespace nearline::kernels
HWY_AFTER_NAMESPACE();

#endif  // toggle
