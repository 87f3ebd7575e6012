// SPDX-License-Identifier: Apache-2.0
/// What coding a vector and preparing a query for codes spend their time on: one part of a vector against the 256
/// centroids of that part. Tables of centroids are [width x 256], component-major. Nothing here can fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nearline::kernels {

inline constexpr std::size_t kCentroidCount = 256;

/// Parts that are compared with centroids at once.
inline constexpr std::size_t kPartsTogether = 4;

/// The numbers of the centroids nearest to each of kPartsTogether parts [width] that are `stride` floats apart, ties to
/// the smaller number; out: as many, out_stride apart. Targets may differ where two are equally near within rounding.
void nearest_centroids(const float* parts, std::size_t stride, const float* table, std::size_t width, std::uint8_t* out,
                       std::size_t out_stride) noexcept;

/// out [256]: inner products of part [width] with all centroids.
void centroid_products(const float* part, const float* table, std::size_t width, float* out) noexcept;

/// out[i]: in[i] * factor, rounded to nearest. count: a multiple of 64. Precondition: results fit 16 bits.
void to_i16(const float* in, std::size_t count, float factor, std::int16_t* out) noexcept;

/// The largest absolute value. count: a multiple of 64.
float largest_magnitude(const float* in, std::size_t count) noexcept;

using NearestCentroidsFn = void (*)(const float*, std::size_t, const float*, std::size_t, std::uint8_t*,
                                    std::size_t) noexcept;
using CentroidProductsFn = void (*)(const float*, const float*, std::size_t, float*) noexcept;
using ToI16Fn = void (*)(const float*, std::size_t, float, std::int16_t*) noexcept;
using LargestMagnitudeFn = float (*)(const float*, std::size_t) noexcept;

/// One target's versions.
struct CodeKernels {
  NearestCentroidsFn nearest_centroids = nullptr;
  CentroidProductsFn centroid_products = nullptr;
  ToI16Fn to_i16 = nullptr;
  LargestMagnitudeFn largest_magnitude = nullptr;
};

/// The readable definition.
const CodeKernels& scalar_code_kernels() noexcept;

}  // namespace nearline::kernels
