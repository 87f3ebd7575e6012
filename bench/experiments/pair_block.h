// SPDX-License-Identifier: Apache-2.0
/// Many-to-many squared L2 as a small matrix product. Vectors are gathered once and transposed into panels of 16
/// columns, so that one register holds the same four bytes of 16 vectors; 12 rows x 2 panels stay in registers.
/// Four bytes are four u8 (one VNNI multiply-add) or one f32 (one FMA): the rest of the code does not differ.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "dataset.h"

namespace nearline::experiments {

/// out[c] = word c of each of 16 rows, for 16 words.
inline void transpose_words(const std::uint32_t* const rows[16], std::size_t at, std::uint32_t* out) {
  __m512i quad[16];
  for (int i = 0; i < 16; i += 4) {
    const __m512i r0 = _mm512_loadu_si512(rows[i] + at);
    const __m512i r1 = _mm512_loadu_si512(rows[i + 1] + at);
    const __m512i r2 = _mm512_loadu_si512(rows[i + 2] + at);
    const __m512i r3 = _mm512_loadu_si512(rows[i + 3] + at);
    const __m512i low01 = _mm512_unpacklo_epi32(r0, r1);
    const __m512i high01 = _mm512_unpackhi_epi32(r0, r1);
    const __m512i low23 = _mm512_unpacklo_epi32(r2, r3);
    const __m512i high23 = _mm512_unpackhi_epi32(r2, r3);
    quad[i] = _mm512_unpacklo_epi64(low01, low23);
    quad[i + 1] = _mm512_unpackhi_epi64(low01, low23);
    quad[i + 2] = _mm512_unpacklo_epi64(high01, high23);
    quad[i + 3] = _mm512_unpackhi_epi64(high01, high23);
  }
  for (int c = 0; c < 4; ++c) {
    const __m512i even01 = _mm512_shuffle_i32x4(quad[c], quad[4 + c], 0x88);
    const __m512i even23 = _mm512_shuffle_i32x4(quad[8 + c], quad[12 + c], 0x88);
    const __m512i odd01 = _mm512_shuffle_i32x4(quad[c], quad[4 + c], 0xdd);
    const __m512i odd23 = _mm512_shuffle_i32x4(quad[8 + c], quad[12 + c], 0xdd);
    _mm512_storeu_si512(out + 16 * c, _mm512_shuffle_i32x4(even01, even23, 0x88));
    _mm512_storeu_si512(out + 16 * (4 + c), _mm512_shuffle_i32x4(odd01, odd23, 0x88));
    _mm512_storeu_si512(out + 16 * (8 + c), _mm512_shuffle_i32x4(even01, even23, 0xdd));
    _mm512_storeu_si512(out + 16 * (12 + c), _mm512_shuffle_i32x4(odd01, odd23, 0xdd));
  }
}

/// What a register of 16 columns does with one word. Columns stay as stored; u8 rows are shifted into i8 by -128, and
/// the columns' terms give back what the shift took: |x-y|^2 = |y|^2 + (|x|^2 - 256 sum(x)) - 2 <x, y - 128>.
struct ByteWords {
  using Sum = __m512i;
  static Sum zero() { return _mm512_setzero_si512(); }
  static Sum multiply_add(Sum sum, __m512i column, std::uint32_t row) {
    return _mm512_dpbusd_epi32(sum, column, _mm512_set1_epi32(static_cast<int>(row)));
  }
  static Sum self(Sum sum, __m512i x) {
    const __m512i low = _mm512_and_si512(x, _mm512_set1_epi16(0xff));
    const __m512i high = _mm512_srli_epi16(x, 8);
    return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(sum, low, low), high, high);
  }
  static Sum shift(Sum sum, __m512i x) { return _mm512_dpbusd_epi32(sum, x, _mm512_set1_epi8(1)); }
  static Sum column_term(Sum norm, Sum shifted) { return _mm512_sub_epi32(norm, _mm512_slli_epi32(shifted, 8)); }
  static __m512 distance(Sum product, __m512i column, __m512i row) {
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_add_epi32(row, column), _mm512_slli_epi32(product, 1)));
  }
  static __m512i bits(Sum sum) { return sum; }
  static __m512i rank_norm() { return _mm512_setzero_si512(); }
  static std::uint32_t row_word(std::uint32_t word) { return word ^ 0x80808080U; }
};

/// The norms run through the same chain of operations as a product, so that equal vectors are at exactly zero.
struct FloatWords {
  using Sum = __m512;
  static Sum zero() { return _mm512_setzero_ps(); }
  static Sum multiply_add(Sum sum, __m512i column, std::uint32_t row) {
    return _mm512_fmadd_ps(_mm512_castsi512_ps(column), _mm512_castsi512_ps(_mm512_set1_epi32(static_cast<int>(row))),
                           sum);
  }
  static Sum self(Sum sum, __m512i x) { return _mm512_fmadd_ps(_mm512_castsi512_ps(x), _mm512_castsi512_ps(x), sum); }
  static Sum shift(Sum sum, __m512i) { return sum; }
  static Sum column_term(Sum norm, Sum) { return norm; }
  static __m512 distance(Sum product, __m512i column, __m512i row) {
    const __m512 norms = _mm512_add_ps(_mm512_castsi512_ps(row), _mm512_castsi512_ps(column));
    return _mm512_sub_ps(norms, _mm512_add_ps(product, product));
  }
  static __m512i bits(Sum sum) { return _mm512_castps_si512(sum); }
  static __m512i rank_norm() { return _mm512_setzero_si512(); }
  static std::uint32_t row_word(std::uint32_t word) { return word; }
};

template <class T>
struct WordsOf;
template <>
struct WordsOf<std::uint8_t> {
  using Type = ByteWords;
};
template <>
struct WordsOf<float> {
  using Type = FloatWords;
};

/// A gathered set of vectors that are both the rows and the columns of a distance matrix.
template <class T>
class PairBlock {
  using Words = typename WordsOf<T>::Type;

 public:
  static constexpr std::size_t kRows = 12;
  static constexpr std::size_t kPanel = 16;

  explicit PairBlock(std::size_t dim) : words_(dim * sizeof(T) / 4) {}

  /// Columns rounded up to whole register pairs; a row of distances has this length. Padding repeats the last vector.
  [[nodiscard]] std::size_t stride() const { return stride_; }
  [[nodiscard]] std::size_t count() const { return count_; }

  void gather(const Points<T>& points, std::span<const std::uint32_t> ids) {
    count_ = ids.size();
    stride_ = (count_ + 2 * kPanel - 1) / (2 * kPanel) * (2 * kPanel);
    rows_.resize(count_ * words_);
    panels_.resize(stride_ * words_);
    column_term_.resize(stride_);
    norm_.resize(stride_);
    for (std::size_t first = 0; first < stride_; first += kPanel) gather_panel(points, ids, first);
  }

  /// Distances of `Count` rows, given by their positions, to every column. out: [Count x stride()].
  template <std::size_t Count>
  void distances(const std::uint32_t* rows, float* out) const {
    const std::uint32_t* row[Count];
    __m512i norm[Count];
    for (std::size_t r = 0; r < Count; ++r) {
      row[r] = rows_.data() + rows[r] * words_;
      norm[r] = _mm512_set1_epi32(norm_[rows[r]]);
    }
    for (std::size_t column = 0; column < stride_; column += 2 * kPanel) {
      tile<Count>(row, norm, column, out + column);
    }
  }

  /// The same for rows from outside the block: 12 of them, their norms left out, so only good for ranking columns.
  void rank_distances(const Points<T>& points, const std::uint32_t* ids, float* out) {
    outside_.resize(kRows * words_);
    const std::uint32_t* row[kRows];
    __m512i norm[kRows];
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto* from = reinterpret_cast<const std::uint32_t*>(points[ids[r]]);
      std::uint32_t* to = outside_.data() + r * words_;
      for (std::size_t w = 0; w < words_; ++w) to[w] = Words::row_word(from[w]);
      row[r] = to;
      norm[r] = Words::rank_norm();
    }
    for (std::size_t column = 0; column < stride_; column += 2 * kPanel) {
      tile<kRows>(row, norm, column, out + column);
    }
  }

 private:
  void gather_panel(const Points<T>& points, std::span<const std::uint32_t> ids, std::size_t first) {
    const std::uint32_t* source[kPanel];
    for (std::size_t j = 0; j < kPanel; ++j) {
      const std::size_t at = std::min(first + j, count_ - 1);
      source[j] = reinterpret_cast<const std::uint32_t*>(points[ids[at]]);
      if (first + j >= count_) continue;
      for (std::size_t w = 0; w < words_; ++w) rows_[at * words_ + w] = Words::row_word(source[j][w]);
    }
    std::uint32_t* panel = panels_.data() + first * words_;
    for (std::size_t w = 0; w < words_; w += 16) transpose_words(source, w, panel + w * kPanel);
    auto norm = Words::zero();
    auto shifted = Words::zero();
    for (std::size_t w = 0; w < words_; ++w) {
      const __m512i x = _mm512_loadu_si512(panel + w * kPanel);
      norm = Words::self(norm, x);
      shifted = Words::shift(shifted, x);
    }
    _mm512_storeu_si512(norm_.data() + first, Words::bits(norm));
    _mm512_storeu_si512(column_term_.data() + first, Words::bits(Words::column_term(norm, shifted)));
  }

  template <std::size_t Count>
  void tile(const std::uint32_t* const (&row)[Count], const __m512i (&norm)[Count], std::size_t column,
            float* out) const {
    const std::uint32_t* left = panels_.data() + column * words_;
    const std::uint32_t* right = left + kPanel * words_;
    typename Words::Sum sum[Count][2];
    for (auto& pair : sum) pair[0] = pair[1] = Words::zero();
    for (std::size_t w = 0; w < words_; ++w) {
      const __m512i x = _mm512_loadu_si512(left + w * kPanel);
      const __m512i y = _mm512_loadu_si512(right + w * kPanel);
#pragma GCC unroll 12
      for (std::size_t r = 0; r < Count; ++r) {
        sum[r][0] = Words::multiply_add(sum[r][0], x, row[r][w]);
        sum[r][1] = Words::multiply_add(sum[r][1], y, row[r][w]);
      }
    }
    const __m512i x_term = _mm512_loadu_si512(column_term_.data() + column);
    const __m512i y_term = _mm512_loadu_si512(column_term_.data() + column + kPanel);
#pragma GCC unroll 12
    for (std::size_t r = 0; r < Count; ++r) {
      _mm512_storeu_ps(out + r * stride_, Words::distance(sum[r][0], x_term, norm[r]));
      _mm512_storeu_ps(out + r * stride_ + kPanel, Words::distance(sum[r][1], y_term, norm[r]));
    }
  }

  std::size_t words_;
  std::size_t count_ = 0;
  std::size_t stride_ = 0;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> outside_;
  std::vector<std::uint32_t> panels_;
  std::vector<std::int32_t> column_term_;
  std::vector<std::int32_t> norm_;
};

}  // namespace nearline::experiments
