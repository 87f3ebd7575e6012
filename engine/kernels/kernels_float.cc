// SPDX-License-Identifier: Apache-2.0
/// l2, inner product and norm of f32, f16 and bf16 vectors, the query in f32. Every target with fused multiply-add
/// computes the same bits: element i is added to sum i mod 16, in order; of the 16 sums, j and j + 8 are added; then
/// sum_lanes adds (0 + 2) + (1 + 3) and (4 + 6) + (5 + 7), and those two.
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

constexpr std::size_t kLanes = hn::MaxLanes(F32());
constexpr std::size_t kSums = 16 / kLanes;
/// What is left of the 16 before lanes of one vector are added: eight, in as few vectors as hold them.
using Eighth = hn::CappedTag<float, 8>;
constexpr std::size_t kPieces = 8 / hn::MaxLanes(Eighth());
/// Vectors whose sums are kept in half of the registers at once.
constexpr std::size_t kRegisters = HWY_CAP_GE512 || HWY_ARCH_ARM ? 32 : 16;
constexpr std::size_t kAtOnce = std::min<std::size_t>(kGroup, kRegisters / 2 / kSums);

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

template <class Raw, class Stored, class Query = LoadF32>
struct Comparison {
  /// Of each vector, its eight sums.
  template <std::size_t kRows>
  static HWY_INLINE void add_up(const std::byte* q, const std::byte* const* vectors, std::size_t dim,
                                hn::Vec<Eighth> (*out)[kPieces]) noexcept {
    hn::Vec<F32> sums[kSums][kRows];
    for (auto& group : sums) {
      for (auto& sum : group) sum = hn::Zero(F32());
    }
    std::size_t i = 0;
    for (; i + kSums * kLanes <= dim; i += kSums * kLanes) {
      for (std::size_t s = 0; s < kSums; ++s) {
        const auto part = Query::full(q, i + s * kLanes);
        for (std::size_t r = 0; r < kRows; ++r)
          sums[s][r] = Raw::add(sums[s][r], part, Stored::full(vectors[r], i + s * kLanes));
      }
    }
    for (std::size_t s = 0; s < kSums; ++s, i += kLanes) {
      if (i + kLanes <= dim) {
        const auto part = Query::full(q, i);
        for (std::size_t r = 0; r < kRows; ++r) sums[s][r] = Raw::add(sums[s][r], part, Stored::full(vectors[r], i));
      } else {
        if (i >= dim) break;
        const auto part = Query::tail(q, i, dim);
        for (std::size_t r = 0; r < kRows; ++r)
          sums[s][r] = Raw::add(sums[s][r], part, Stored::tail(vectors[r], i, dim));
      }
    }
    for (std::size_t left = kSums / 2; left >= kPieces; left /= 2) {
      for (std::size_t s = 0; s < left; ++s) {
        for (std::size_t r = 0; r < kRows; ++r) sums[s][r] = hn::Add(sums[s][r], sums[s + left][r]);
      }
    }
    for (std::size_t p = 0; p < kPieces; ++p) {
      for (std::size_t r = 0; r < kRows; ++r) {
        if constexpr (kLanes == 16) {
          out[r][p] = hn::Add(hn::LowerHalf(Eighth(), sums[p][r]), hn::UpperHalf(Eighth(), sums[p][r]));
        } else {
          out[r][p] = sums[p][r];
        }
      }
    }
  }

  template <std::size_t kRows>
  static HWY_INLINE void rows(const void* query, const std::byte* const* vectors, std::size_t dim,
                              float* out) noexcept {
    constexpr std::size_t kStep = std::min(kRows, kAtOnce);
    const auto* q = static_cast<const std::byte*>(query);
    hn::Vec<Eighth> eight[kGroup][kPieces];
    for (auto& row : eight) {
      for (auto& piece : row) piece = hn::Zero(Eighth());
    }
    for (std::size_t r = 0; r < kRows; r += kStep) add_up<kStep>(q, vectors + r, dim, eight + r);
    auto total = sum_lanes(Eighth(), eight[0][0], eight[1][0], eight[2][0], eight[3][0]);
    if constexpr (kPieces == 2)
      total = hn::Add(total, sum_lanes(Eighth(), eight[0][1], eight[1][1], eight[2][1], eight[3][1]));
    if constexpr (kRows == 1) {
      *out = hn::GetLane(total);
    } else {
      hn::StoreU(total, hn::CappedTag<float, kGroup>(), out);
    }
  }
};

template <class Stored>
float squared_norm(const std::byte* in, std::size_t dim) noexcept {
  float out;
  Comparison<Dot, Stored, Stored>::template rows<1>(in, &in, dim, &out);
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
  table.fused = HWY_NATIVE_FMA != 0;
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
