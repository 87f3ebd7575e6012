// SPDX-License-Identifier: Apache-2.0
/// One part of a vector against its 256 centroids, many centroids at a time.
#include "engine/kernels/hwy_config.h"
#include "engine/kernels/kernel_table.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/kernels_codes.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes this file once per target.
#include "engine/kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nearline::kernels {
namespace HWY_NAMESPACE {
#if NEARLINE_SIMD
namespace {

using CodeFloats = hn::ScalableTag<float>;
using CodeInts = hn::RebindToSigned<CodeFloats>;

using FloatLanes = hn::Vec<CodeFloats>;
using IntLanes = hn::Vec<CodeInts>;

HWY_INLINE FloatLanes add_square(FloatLanes part, FloatLanes centroid, FloatLanes sum) {
  const auto difference = hn::Sub(part, centroid);
  return hn::MulAdd(difference, difference, sum);
}

/// Keeps in each lane the nearest of the centroids that were met. distance: of those from `first` on.
HWY_INLINE void keep_nearer(FloatLanes distance, std::size_t first, FloatLanes& least, IntLanes& number) {
  const CodeInts di;
  const auto nearer = hn::Lt(distance, least);
  least = hn::IfThenElse(nearer, distance, least);
  number = hn::IfThenElse(hn::RebindMask(di, nearer), hn::Iota(di, static_cast<std::int32_t>(first)), number);
}

HWY_INLINE std::uint8_t nearest_of_lanes(FloatLanes least, IntLanes number) {
  const CodeFloats d;
  const CodeInts di;
  const auto is_least = hn::RebindMask(di, hn::Eq(least, hn::MinOfLanes(d, least)));
  const auto last = hn::Set(di, static_cast<std::int32_t>(kCentroidCount - 1));
  return static_cast<std::uint8_t>(hn::GetLane(hn::MinOfLanes(di, hn::IfThenElse(is_least, number, last))));
}

/// Four parts at a time: the table comes from a cache that is slower than the arithmetic, and is read once for them
/// all.
void nearest(const float* parts, std::size_t stride, const float* table, std::size_t width, std::uint8_t* out,
             std::size_t out_stride) noexcept {
  static_assert(kPartsTogether == 4);
  const CodeFloats d;
  const CodeInts di;
  const float *const a = parts, *const b = a + stride, *const c = b + stride, *const e = c + stride;
  auto least_a = hn::Set(d, std::numeric_limits<float>::infinity()), least_b = least_a, least_c = least_a,
       least_e = least_a;
  auto number_a = hn::Zero(di), number_b = number_a, number_c = number_a, number_e = number_a;
  for (std::size_t first = 0; first < kCentroidCount; first += hn::Lanes(d)) {
    auto sum_a = hn::Zero(d), sum_b = sum_a, sum_c = sum_a, sum_e = sum_a;
    for (std::size_t w = 0; w < width; ++w) {
      const auto centroid = hn::LoadU(d, table + w * kCentroidCount + first);
      sum_a = add_square(hn::Set(d, a[w]), centroid, sum_a);
      sum_b = add_square(hn::Set(d, b[w]), centroid, sum_b);
      sum_c = add_square(hn::Set(d, c[w]), centroid, sum_c);
      sum_e = add_square(hn::Set(d, e[w]), centroid, sum_e);
    }
    keep_nearer(sum_a, first, least_a, number_a);
    keep_nearer(sum_b, first, least_b, number_b);
    keep_nearer(sum_c, first, least_c, number_c);
    keep_nearer(sum_e, first, least_e, number_e);
  }
  out[0] = nearest_of_lanes(least_a, number_a);
  out[out_stride] = nearest_of_lanes(least_b, number_b);
  out[2 * out_stride] = nearest_of_lanes(least_c, number_c);
  out[3 * out_stride] = nearest_of_lanes(least_e, number_e);
}

void products(const float* part, const float* table, std::size_t width, float* out) noexcept {
  const CodeFloats d;
  for (std::size_t c = 0; c < kCentroidCount; c += hn::Lanes(d)) {
    auto sum = hn::Zero(d);
    for (std::size_t w = 0; w < width; ++w)
      sum = hn::MulAdd(hn::Set(d, part[w]), hn::LoadU(d, table + w * kCentroidCount + c), sum);
    hn::StoreU(sum, d, out + c);
  }
}

void narrow(const float* in, std::size_t count, float factor, std::int16_t* out) noexcept {
  const CodeFloats d;
  const hn::Rebind<std::int16_t, CodeFloats> half;
  const auto scale = hn::Set(d, factor);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::StoreU(hn::DemoteTo(half, hn::NearestInt(hn::Mul(hn::LoadU(d, in + i), scale))), half, out + i);
  }
}

float magnitude(const float* in, std::size_t count) noexcept {
  const CodeFloats d;
  auto most = hn::Zero(d);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) most = hn::Max(most, hn::Abs(hn::LoadU(d, in + i)));
  return hn::GetLane(hn::MaxOfLanes(d, most));
}

}  // namespace

// NEARLINE_VERSIONS does not take a noexcept function.
void add_codes(KernelTable& table) {
  table.codes = {nearest, products, narrow, magnitude};
}

#else
void add_codes(KernelTable&) {}
#endif  // NEARLINE_SIMD
}  // namespace HWY_NAMESPACE
}  // namespace nearline::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nearline::kernels {

NEARLINE_VERSIONS(add_codes);

void add_code_kernels(std::int64_t target, KernelTable& table) noexcept {
  version_for(target, add_codes_versions)(table);
}

}  // namespace nearline::kernels
#endif  // HWY_ONCE
