// SPDX-License-Identifier: Apache-2.0
/// The vocabulary of nearline: ids, element types, metrics, and views of vectors in memory.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "nearline/export.h"

namespace nearline {

/// The user's name of a record: any 64-bit number but the last, which pads short results.
using Id = std::uint64_t;
inline constexpr Id kNoId = ~Id{0};

inline constexpr std::uint32_t kMaxDim = 65'535;
/// Most answers that a query may ask for where there are fewer records; where there are more, their number is the most.
inline constexpr std::uint32_t kMaxPaddedK = 65'536;
inline constexpr std::uint64_t kMaxRecords = 0xFFFF'FFFE;  ///< per segment

/// `Count::kAuto` is the value of a numeric option that leaves the choice to nearline. Enumerations have an enumerator
/// of the same name.
struct Count {
  static constexpr std::uint32_t kAuto = 0xFFFF'FFFF;
};

/// How one component is stored. Values are written to files and never change.
enum class ElementType : std::uint8_t {
  kF32 = 1,
  kF16 = 2,
  kBF16 = 3,
  kI8 = 4,
  kU8 = 5,
  kB1 = 6,  ///< bits, eight to a byte, least significant first; padding bits are zero
};

/// The distance that says what is near. Smaller is nearer, always. Values are written to files and never change.
enum class Metric : std::uint8_t {
  kL2 = 1,       ///< squared Euclidean distance
  kIp = 2,       ///< 1 - <q,x>
  kCosine = 3,   ///< 1 - <q,x> / (|q| |x|); zero vectors are refused
  kHamming = 4,  ///< number of differing bits; b1 only
  kJaccard = 5,  ///< 1 - |a & b| / |a | b|, 0 for two empty sets; b1 only
};

/// "f32", "l2": the words of the command line, of JSON output and of error messages.
[[nodiscard]] NEARLINE_API std::string_view name(ElementType type) noexcept;
[[nodiscard]] NEARLINE_API std::string_view name(Metric metric) noexcept;
[[nodiscard]] NEARLINE_API std::optional<ElementType> element_type_from(std::string_view word) noexcept;
[[nodiscard]] NEARLINE_API std::optional<Metric> metric_from(std::string_view word) noexcept;
NEARLINE_API std::ostream& operator<<(std::ostream& out, ElementType type);
NEARLINE_API std::ostream& operator<<(std::ostream& out, Metric metric);

[[nodiscard]] constexpr bool is_float(ElementType type) noexcept {
  return type == ElementType::kF32 || type == ElementType::kF16 || type == ElementType::kBF16;
}

/// Whether vectors of `from` are taken where `to` is stored or asked for: the same type, or both are float types.
[[nodiscard]] constexpr bool comparable(ElementType from, ElementType to) noexcept {
  return from == to || (is_float(from) && is_float(to));
}

/// Bytes of one vector of `dim` components; b1 rounds up to a whole byte.
[[nodiscard]] constexpr std::size_t vector_bytes(ElementType type, std::uint32_t dim) noexcept {
  switch (type) {
    case ElementType::kF32: return std::size_t{dim} * 4;
    case ElementType::kF16:
    case ElementType::kBF16: return std::size_t{dim} * 2;
    case ElementType::kI8:
    case ElementType::kU8: return dim;
    case ElementType::kB1: return (std::size_t{dim} + 7) / 8;
  }
  return 0;
}

/// Whether vectors of `type` can be compared by `metric`: hamming and jaccard take b1, b1 takes only them.
[[nodiscard]] constexpr bool compatible(Metric metric, ElementType type) noexcept {
  const bool bits = metric == Metric::kHamming || metric == Metric::kJaccard;
  return bits == (type == ElementType::kB1);
}

/// Components that C++20 has no type for, as their bits.
struct F16 {
  std::uint16_t bits;  ///< IEEE 754 binary16
};
struct BF16 {
  std::uint16_t bits;  ///< the upper half of a binary32
};
struct B1 {
  std::uint8_t bits;  ///< eight components, the first in the least significant bit
};

/// The element type of an array of `T`. A type that has none here, double say, does not compile as a vector's.
template <class T>
inline constexpr ElementType kElementTypeOf{};
template <>
inline constexpr ElementType kElementTypeOf<float> = ElementType::kF32;
template <>
inline constexpr ElementType kElementTypeOf<F16> = ElementType::kF16;
template <>
inline constexpr ElementType kElementTypeOf<BF16> = ElementType::kBF16;
template <>
inline constexpr ElementType kElementTypeOf<std::int8_t> = ElementType::kI8;
template <>
inline constexpr ElementType kElementTypeOf<std::uint8_t> = ElementType::kU8;
template <>
inline constexpr ElementType kElementTypeOf<B1> = ElementType::kB1;

template <class T>
concept Component = (kElementTypeOf<std::remove_const_t<T>> != ElementType{});

/// `rows` vectors of `dim` components of `type`, row-major and contiguous, any alignment. Borrowed.
struct MatrixView {
  const std::byte* data = nullptr;
  std::size_t rows = 0;
  std::uint32_t dim = 0;  ///< components, of b1 too
  ElementType type = ElementType::kF32;

  MatrixView() = default;

  /// components: rows * dim of them; of B1 rows * ((dim + 7) / 8).
  template <Component T>
  MatrixView(const T* components, std::size_t row_count, std::uint32_t dimension) noexcept
      : MatrixView(reinterpret_cast<const std::byte*>(components), row_count, dimension, kElementTypeOf<T>) {}

  /// All rows that `components` holds. Precondition: whole rows.
  template <Component T, std::size_t N>
  MatrixView(std::span<T, N> components, std::uint32_t dimension) noexcept
      : MatrixView(static_cast<const T*>(components.data()),
                   components.size_bytes() / vector_bytes(kElementTypeOf<std::remove_const_t<T>>, dimension),
                   dimension) {
    assert(components.size_bytes() == rows * vector_bytes(type, dim));
  }

  /// Rows of a type that is known at run time.
  MatrixView(const std::byte* bytes, std::size_t row_count, std::uint32_t dimension, ElementType element) noexcept
      : data(bytes), rows(row_count), dim(dimension), type(element) {}

  [[nodiscard]] const std::byte* row(std::size_t i) const noexcept { return data + i * vector_bytes(type, dim); }
};

/// How far long work has come. `total` is 0 while it is not known.
struct Progress {
  std::string_view phase;  ///< "read", "link", "pack", "write", ...; valid during the call
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};

/// Called now and then from the thread that does the work; false asks it to stop (`Code::kCancelled`).
using ProgressFn = std::function<bool(const Progress&)>;

}  // namespace nearline
