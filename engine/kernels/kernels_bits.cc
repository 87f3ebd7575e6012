// SPDX-License-Identifier: Apache-2.0
/// Hamming and Jaccard distance of bit vectors.
#include "engine/kernels/hwy_config.h"
#include "engine/kernels/kernel_table.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/kernels_bits.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h, which includes this file once per target.
#include "engine/kernels/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nearline::kernels {
namespace HWY_NAMESPACE {
#if NEARLINE_SIMD
namespace {

using U8 = hn::ScalableTag<std::uint8_t>;
using U32 = hn::Repartition<std::uint32_t, U8>;
using U64 = hn::Repartition<std::uint64_t, U8>;

/// Set bits of each 64-bit lane.
HWY_INLINE hn::Vec<U64> count_bits(hn::Vec<U8> v) noexcept {
#if HWY_TARGET == HWY_AVX3_DL
  return hn::PopulationCount(hn::BitCast(U64(), v));
#else
  return hn::SumsOf8(hn::PopulationCount(v));
#endif
}

struct Hamming {
  hn::Vec<U64> different;

  HWY_INLINE Hamming() noexcept : different(hn::Zero(U64())) {}  // implicit ones are compiled for the baseline

  HWY_INLINE void add(hn::Vec<U8> q, hn::Vec<U8> x) noexcept {
    different = hn::Add(different, count_bits(hn::Xor(q, x)));
  }

  template <std::size_t kRows>
  static HWY_INLINE void finish(const Hamming* states, float* out) noexcept {
    hn::Vec<U32> sums[kRows];  // a lane of 64 bits holds less than 2^32: its upper half adds nothing
    for (std::size_t r = 0; r < kRows; ++r) sums[r] = hn::BitCast(U32(), states[r].different);
    std::uint32_t totals[kRows];
    store_sums<kRows>(U32(), sums, totals);
    for (std::size_t r = 0; r < kRows; ++r) out[r] = static_cast<float>(totals[r]);
  }
};

struct Jaccard {
  hn::Vec<U64> both;
  hn::Vec<U64> either;

  HWY_INLINE Jaccard() noexcept : both(hn::Zero(U64())), either(hn::Zero(U64())) {}

  HWY_INLINE void add(hn::Vec<U8> q, hn::Vec<U8> x) noexcept {
    both = hn::Add(both, count_bits(hn::And(q, x)));
    either = hn::Add(either, count_bits(hn::Or(q, x)));
  }

  template <std::size_t kRows>
  static HWY_INLINE void finish(const Jaccard* states, float* out) noexcept {
    hn::Vec<U32> sums[kRows];
    std::uint32_t both[kRows];
    std::uint32_t either[kRows];
    for (std::size_t r = 0; r < kRows; ++r) sums[r] = hn::BitCast(U32(), states[r].both);
    store_sums<kRows>(U32(), sums, both);
    for (std::size_t r = 0; r < kRows; ++r) sums[r] = hn::BitCast(U32(), states[r].either);
    store_sums<kRows>(U32(), sums, either);
    for (std::size_t r = 0; r < kRows; ++r) {
      out[r] = either[r] == 0 ? 0.0F : 1.0F - static_cast<float>(both[r]) / static_cast<float>(either[r]);
    }
  }
};

template <class State>
struct Comparison {
  template <std::size_t kRows>
  static HWY_INLINE void rows(const void* query, const std::byte* const* vectors, std::size_t dim,
                              float* out) noexcept {
    const U8 d;
    const std::size_t lanes = hn::Lanes(d);
    const std::size_t bytes = (dim + 7) / 8;
    const auto* q = static_cast<const std::byte*>(query);
    State states[kRows];
    std::size_t i = 0;
    for (; i + lanes <= bytes; i += lanes) {
      const auto part = hn::LoadU(d, element<std::uint8_t>(q, i));
      for (std::size_t r = 0; r < kRows; ++r) {
        states[r].add(part, hn::LoadU(d, element<std::uint8_t>(vectors[r], i)));
      }
    }
    if (i < bytes) {
      const auto part = load_tail(d, q, i, bytes);
      for (std::size_t r = 0; r < kRows; ++r) states[r].add(part, load_tail(d, vectors[r], i, bytes));
    }
    State::template finish<kRows>(states, out);
  }
};

}  // namespace

// NEARLINE_VERSIONS does not take a noexcept function.
void add_bits(KernelTable& table) {
  table.at(Raw::kHamming, ElementType::kB1) = {.one = one<Comparison<Hamming>>, .many = many<Comparison<Hamming>>};
  table.at(Raw::kJaccard, ElementType::kB1) = {.one = one<Comparison<Jaccard>>, .many = many<Comparison<Jaccard>>};
}

#else
void add_bits(KernelTable&) {}
#endif  // NEARLINE_SIMD
}  // namespace HWY_NAMESPACE
}  // namespace nearline::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nearline::kernels {

NEARLINE_VERSIONS(add_bits);

void add_bit_kernels(std::int64_t target, KernelTable& table) noexcept {
  version_for(target, add_bits_versions)(table);
}

}  // namespace nearline::kernels
#endif  // HWY_ONCE
