// SPDX-License-Identifier: Apache-2.0
/// What the SIMD kernels share, once per target: loads that stop at a vector's end, sums across lanes, and the walk
/// over many vectors. Included after hwy/foreach_target.h, hence the guard that toggles.
#include <array>
#include <cstring>
#include <iterator>

#include "hwy/highway.h"

// Targets without vectors worth the name: their entries stay the scalar ones.
#undef NEARLINE_SIMD
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
#define NEARLINE_SIMD 0
#else
#define NEARLINE_SIMD 1
#endif

#if defined(NEARLINE_KERNELS_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef NEARLINE_KERNELS_LANES_INL_H
#undef NEARLINE_KERNELS_LANES_INL_H
#else
#define NEARLINE_KERNELS_LANES_INL_H
#endif

HWY_BEFORE_NAMESPACE();
namespace nearline::kernels {
namespace HWY_NAMESPACE {
#if NEARLINE_SIMD
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Vectors compared side by side: they share the query's loads and the sum across lanes.
constexpr std::size_t kGroup = 4;

template <class T>
HWY_INLINE const T* element(const std::byte* row, std::size_t i) noexcept {
  return reinterpret_cast<const T*>(row + i * sizeof(T));
}

/// Elements [at, dim) of a row, fewer than a vector, and zeros; never reads outside the row. Where masked loads may
/// fault the lanes are placed differently, but alike for all rows of one dim.
template <class D>
HWY_INLINE hn::Vec<D> load_tail(D d, const std::byte* row, std::size_t at, std::size_t dim) noexcept {
  using T = hn::TFromD<D>;
#if HWY_MEM_OPS_MIGHT_FAULT
  const std::size_t lanes = hn::Lanes(d);
  if (dim >= lanes) {  // the row's last full vector, without the lanes that were counted before
    return hn::IfThenZeroElse(hn::FirstN(d, lanes - (dim - at)), hn::LoadU(d, element<T>(row, dim - lanes)));
  }
  HWY_ALIGN T padded[hn::MaxLanes(D{})] = {};
  std::memcpy(padded, element<T>(row, at), (dim - at) * sizeof(T));
  return hn::Load(d, padded);
#else
  return hn::MaskedLoad(hn::FirstN(d, dim - at), d, element<T>(row, at));
#endif
}

/// Adds the 128-bit blocks of a vector.
template <class D, class V>
HWY_INLINE auto fold_blocks([[maybe_unused]] D d, V v) noexcept {
  if constexpr (hn::MaxLanes(D{}) * sizeof(hn::TFromD<D>) <= 16) {
    return v;
  } else {
    const hn::Half<D> half;
    return fold_blocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
}

/// Lane i of the result: the sum of the lanes of argument i. The order of additions is the same for each of them.
template <class D, class V>
HWY_INLINE auto sum_lanes(D d, V a, V b, V c, V e) noexcept {
  const hn::RepartitionToWide<D> wide;
  const auto ab = hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
  const auto ce = hn::Add(hn::InterleaveLower(d, c, e), hn::InterleaveUpper(d, c, e));
  const auto lower = hn::InterleaveLower(wide, hn::BitCast(wide, ab), hn::BitCast(wide, ce));
  const auto upper = hn::InterleaveUpper(wide, hn::BitCast(wide, ab), hn::BitCast(wide, ce));
  return fold_blocks(d, hn::Add(hn::BitCast(d, lower), hn::BitCast(d, upper)));
}

/// Four sums, of which only the first kRows count.
template <std::size_t kRows, class D, class V>
HWY_INLINE void store_sums(D d, const V* sums, hn::TFromD<D>* out) noexcept {
  static_assert(kRows == 1 || kRows == kGroup);
  const auto zero = hn::Zero(d);
  if constexpr (kRows == 1) {
    *out = hn::GetLane(sum_lanes(d, sums[0], zero, zero, zero));
  } else {
    const hn::CappedTag<hn::TFromD<D>, kGroup> four;
    hn::StoreU(sum_lanes(d, sums[0], sums[1], sums[2], sums[3]), four, out);
  }
}

/// Runs `Comparison::rows<n>(query, vectors, dim, out)` over all vectors, kGroup at a time.
template <class Comparison>
void many(const void* query, const std::byte* const* vectors, std::size_t count, std::size_t dim, float* out) noexcept {
  std::size_t i = 0;
  for (; i + kGroup <= count; i += kGroup) Comparison::template rows<kGroup>(query, vectors + i, dim, out + i);
  if (count - i == 1) {
    Comparison::template rows<1>(query, vectors + i, dim, out + i);
  } else if (i < count) {  // two or three: cheaper together, with the last repeated, than one by one
    const std::byte* group[kGroup];
    float sums[kGroup];
    for (std::size_t r = 0; r < kGroup; ++r) group[r] = vectors[i + r < count ? i + r : count - 1];
    Comparison::template rows<kGroup>(query, group, dim, sums);
    std::memcpy(out + i, sums, (count - i) * sizeof(float));
  }
}

template <class Comparison>
float one(const void* query, const std::byte* vector, std::size_t dim) noexcept {
  float sum;
  Comparison::template rows<1>(query, &vector, dim, &sum);
  return sum;
}

}  // namespace
#endif  // NEARLINE_SIMD
}  // namespace HWY_NAMESPACE
}  // namespace nearline::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nearline::kernels {
namespace {

/// The table of HWY_EXPORT without its first entry, which would need Highway's library at run time: processor.h says
/// why it is done without.
#define NEARLINE_VERSIONS(function)                                                                             \
  constexpr decltype(&HWY_STATIC_DISPATCH(function)) function##_versions[] = {HWY_CHOOSE_TARGET_LIST(function), \
                                                                              HWY_CHOOSE_FALLBACK(function)}

/// The version of a function compiled for `target`, from the table that NEARLINE_VERSIONS made of it.
template <class Fn, std::size_t kCount>
Fn version_for(std::int64_t target, Fn const (&versions)[kCount]) noexcept {
  hwy::ChosenTarget chosen;
  chosen.Update(target);
  return versions[chosen.GetIndex() - 1];
}

}  // namespace
}  // namespace nearline::kernels
#endif  // HWY_ONCE

#endif  // toggle
