// SPDX-License-Identifier: Apache-2.0
/// Conversions between stored floats and f32, by the instructions for them where a target has some.
#include "engine/kernels/hwy_config.h"
#include "engine/kernels/kernel_table.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/convert.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes this file once per target.
#include "engine/kernels/lanes-inl.h"
#include "engine/kernels/loads-inl.h"

// Highway's emulation of f16 elsewhere does not round to nearest even, nor know infinity.
#undef NEARLINE_F16_EXACT
#define NEARLINE_F16_EXACT (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL)

HWY_BEFORE_NAMESPACE();
namespace nearline::kernels {
namespace HWY_NAMESPACE {
#if NEARLINE_SIMD
namespace {

template <class Stored>
void to_f32(const std::byte* in, std::size_t count, float* out) noexcept {
  const F32 d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(Stored::full(in, i), d, out + i);
  if (i == count) return;
  HWY_ALIGN std::byte padded[hn::MaxLanes(U16()) * sizeof(std::uint16_t)] = {};
  HWY_ALIGN float wide[hn::MaxLanes(F32())];
  std::memcpy(padded, in + i * sizeof(std::uint16_t), (count - i) * sizeof(std::uint16_t));
  hn::Store(Stored::full(padded, 0), d, wide);
  std::memcpy(out + i, wide, (count - i) * sizeof(float));
}

#if NEARLINE_F16_EXACT
void f16_from_f32(const float* in, std::size_t count, std::byte* out) noexcept {
  const F32 d;
  const hn::Rebind<hwy::float16_t, F32> half;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto bits = hn::BitCast(U16(), hn::DemoteTo(half, hn::LoadU(d, in + i)));
    hn::StoreU(bits, U16(), reinterpret_cast<std::uint16_t*>(out + i * sizeof(std::uint16_t)));
  }
  if (i == count) return;
  HWY_ALIGN float padded[hn::MaxLanes(F32())] = {};
  HWY_ALIGN std::uint16_t narrow[hn::MaxLanes(U16())];
  std::memcpy(padded, in + i, (count - i) * sizeof(float));
  hn::Store(hn::BitCast(U16(), hn::DemoteTo(half, hn::Load(d, padded))), U16(), narrow);
  std::memcpy(out + i * sizeof(std::uint16_t), narrow, (count - i) * sizeof(std::uint16_t));
}
#endif

}  // namespace

// NEARLINE_VERSIONS does not take a noexcept function.
void add_target_conversions(KernelTable& table) {
  table.to_f32[static_cast<std::size_t>(ElementType::kBF16)] = to_f32<LoadBF16>;
#if NEARLINE_F16_EXACT
  table.to_f32[static_cast<std::size_t>(ElementType::kF16)] = to_f32<LoadF16>;
  table.from_f32[static_cast<std::size_t>(ElementType::kF16)] = f16_from_f32;
#endif
}

#else
void add_target_conversions(KernelTable&) {}
#endif  // NEARLINE_SIMD
}  // namespace HWY_NAMESPACE
}  // namespace nearline::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nearline::kernels {

NEARLINE_VERSIONS(add_target_conversions);

void add_conversions(std::int64_t target, KernelTable& table) noexcept {
  version_for(target, add_target_conversions_versions)(table);
}

}  // namespace nearline::kernels
#endif  // HWY_ONCE
