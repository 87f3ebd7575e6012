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

std::size_t nearest(const float* part, const float* table, std::size_t width) noexcept {
  const CodeFloats d;
  const CodeInts di;
  const std::size_t lanes = hn::Lanes(d);
  auto least = hn::Set(d, std::numeric_limits<float>::infinity());
  auto best = hn::Zero(di);
  for (std::size_t c = 0; c < kCentroidCount; c += lanes) {
    auto distance = hn::Zero(d);
    for (std::size_t w = 0; w < width; ++w) {
      const auto difference = hn::Sub(hn::Set(d, part[w]), hn::LoadU(d, table + w * kCentroidCount + c));
      distance = hn::MulAdd(difference, difference, distance);
    }
    const auto nearer = hn::Lt(distance, least);
    least = hn::IfThenElse(nearer, distance, least);
    best = hn::IfThenElse(hn::RebindMask(di, nearer), hn::Iota(di, static_cast<std::int32_t>(c)), best);
  }
  HWY_ALIGN float distances[hn::MaxLanes(CodeFloats{})];
  HWY_ALIGN std::int32_t numbers[hn::MaxLanes(CodeFloats{})];
  hn::Store(least, d, distances);
  hn::Store(best, di, numbers);
  std::size_t winner = 0;
  for (std::size_t i = 1; i < lanes; ++i) {
    if (distances[i] < distances[winner] || (distances[i] == distances[winner] && numbers[i] < numbers[winner]))
      winner = i;
  }
  return static_cast<std::size_t>(numbers[winner]);
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
