// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 7, kinds 6 and 7. What the bytes of compressed codes mean. A vector is centred, turned into its
/// principal axes, and the axes are cut into parts, in order; a code holds one byte for each part, the number of the
/// nearest of 256 centroids, behind two numbers of the record:
///
///   code   offset u16 | factor u16 | one byte for each part
///
/// The estimate of a distance is  constant of the query + offset + factor * <turned query, centroids of the code>.
/// Leading parts hold the axes of most variance, so that a prefix of a code is a code.
/// Sources: principal axes with water-filled bits (SAQ, arXiv 2509.12086), product quantization (Jegou, PAMI 2011), the
/// factor that makes the inner product with the vector itself exact (RaBitQ, arXiv 2405.12497).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "format/endian.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::format {

/// First bytes of a code book; behind it f32 mean[dim], u32 widths[parts], f32 axes[axes][dim], and for each part
/// f32 centroids[width][256].
struct CodeBookHeader {
  le16 kind;                              //  0  kCodeBookKind
  le16 parts;                             //  2
  le32 dim;                               //  4
  le32 axes;                              //  8
  lef32 offset_low;                       // 12
  lef32 offset_step;                      // 16
  lef32 factor_low;                       // 20
  lef32 factor_step;                      // 24
  lef32 error;                            // 28
  std::array<std::uint8_t, 16> reserved;  // 32
};
static_assert(sizeof(CodeBookHeader) == 48 && offsetof(CodeBookHeader, error) == 28 && alignof(CodeBookHeader) == 1);

inline constexpr std::uint16_t kCodeBookKind = 1;
inline constexpr std::uint32_t kMaxCodeParts = 1024;
inline constexpr std::uint32_t kMaxCodedDim = 4096;  ///< above it finding the axes takes minutes
inline constexpr std::uint32_t kCentroids = 256;
inline constexpr std::uint32_t kCodeHeadBytes = 4;  ///< offset and factor
/// Both numbers of a code whose vector lies where the scales do not reach: it may be at any distance.
inline constexpr std::uint16_t kBeyondScales = 65535;
inline constexpr std::uint64_t kMaxCodeBookBytes = 256u << 20;

/// A u16 that stands for low + value * step.
struct Scale16 {
  float low = 0;
  float step = 0;

  [[nodiscard]] float value(std::uint16_t stored) const noexcept { return low + step * static_cast<float>(stored); }
  /// The number below kBeyondScales that stands for the value, or for what is nearest to it.
  [[nodiscard]] std::uint16_t store(float value) const noexcept;
  /// Whether the value lies among what numbers stand for, or no farther from that than half as wide as it is.
  [[nodiscard]] bool reaches(float value) const noexcept {
    const float width = step * kBeyondScales;
    return !(step > 0) || (value > low - width / 2 && value < low + width * 1.5F);
  }
  friend bool operator==(const Scale16&, const Scale16&) = default;
};

/// How the vectors of one segment are coded. One that was decoded holds only finite numbers and matching sizes.
struct CodeBook {
  std::uint32_t dim = 0;
  Scale16 offset;
  Scale16 factor;
  float error = 0;                    ///< standard error of an estimate, per unit of the centred query's length
  std::vector<float> mean;            ///< [dim]
  std::vector<std::uint32_t> widths;  ///< [parts] axes of each part, at least 1
  std::vector<float> axes;            ///< [axes x dim], orthonormal, most variance first
  std::vector<float> centroids;       ///< of each part [width x 256], component-major, one part behind the other

  [[nodiscard]] std::uint32_t parts() const noexcept { return static_cast<std::uint32_t>(widths.size()); }
  [[nodiscard]] std::uint32_t axis_count() const noexcept {
    return static_cast<std::uint32_t>(centroids.size() / kCentroids);
  }
  [[nodiscard]] std::uint32_t code_bytes() const noexcept { return kCodeHeadBytes + parts(); }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept {
    return (mean.capacity() + widths.capacity() + axes.capacity() + centroids.capacity()) * sizeof(float);
  }
  friend bool operator==(const CodeBook&, const CodeBook&) = default;
};

/// Whether there are codes for such vectors.
constexpr bool can_code(Metric metric, std::uint32_t dim) noexcept {
  return dim <= kMaxCodedDim && (metric == Metric::kL2 || metric == Metric::kIp || metric == Metric::kCosine);
}

/// The bytes of a code book. Precondition: sizes that match.
std::vector<std::byte> encode(const CodeBook& book);

/// bytes: the whole section, at `at` in the file. dim: of the field.
/// Errors: kCorrupt with the offset; kUnsupported for another kind of book.
Result<CodeBook> decode_code_book(std::span<const std::byte> bytes, std::uint32_t dim, std::uint64_t at);

}  // namespace nearline::format
