// SPDX-License-Identifier: Apache-2.0
/// One-to-one squared L2 (AVX-512). Integers are exact. Inner product on unit vectors ranks as L2 does.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace nearline::experiments {

inline float squared_l2(const std::uint8_t* a, const std::uint8_t* b, std::size_t dim) {
  __m512i low = _mm512_setzero_si512();
  __m512i high = _mm512_setzero_si512();
  const __m512i zero = _mm512_setzero_si512();
  for (std::size_t i = 0; i < dim; i += 64) {
    const __m512i x = _mm512_loadu_si512(a + i);
    const __m512i y = _mm512_loadu_si512(b + i);
    const __m512i gap = _mm512_sub_epi8(_mm512_max_epu8(x, y), _mm512_min_epu8(x, y));
    const __m512i even = _mm512_unpacklo_epi8(gap, zero);
    const __m512i odd = _mm512_unpackhi_epi8(gap, zero);
    low = _mm512_dpwssd_epi32(low, even, even);
    high = _mm512_dpwssd_epi32(high, odd, odd);
  }
  return static_cast<float>(_mm512_reduce_add_epi32(_mm512_add_epi32(low, high)));
}

inline float squared_l2(const float* a, const float* b, std::size_t dim) {
  __m512 sums[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  for (std::size_t i = 0; i < dim; i += 64) {
    for (std::size_t j = 0; j < 4; ++j) {
      const __m512 gap = _mm512_sub_ps(_mm512_loadu_ps(a + i + 16 * j), _mm512_loadu_ps(b + i + 16 * j));
      sums[j] = _mm512_fmadd_ps(gap, gap, sums[j]);
    }
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3])));
}

}  // namespace nearline::experiments
