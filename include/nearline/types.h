// SPDX-License-Identifier: Apache-2.0
/// The vocabulary of nearline: element types, metrics, and views of vectors in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "nearline/export.h"

namespace nearline {

/// The user's name of a record: any 64-bit number but the last, which pads short results.
using Id = std::uint64_t;
inline constexpr Id kNoId = ~Id{0};

inline constexpr std::uint32_t kMaxDim = 65'535;
inline constexpr std::uint64_t kMaxRecords = 0xFFFF'FFFE;  ///< per segment

/// How one component is stored. Values are written to files and never change.
enum class ElementType : std::uint8_t {
  kF32 = 1,
  kF16 = 2,
  kBF16 = 3,
  kI8 = 4,
  kU8 = 5,
  kB1 = 6,  ///< bits, eight to a byte, least significant first; padding bits are zero
};

/// What "near" means. Smaller is nearer, always. Values are written to files and never change.
enum class Metric : std::uint8_t {
  kL2 = 1,       ///< squared Euclidean distance
  kIp = 2,       ///< 1 - <q,x>
  kCosine = 3,   ///< 1 - <q,x> / (|q| |x|); zero vectors are refused
  kHamming = 4,  ///< number of differing bits; b1 only
  kJaccard = 5,  ///< 1 - |a & b| / |a | b|, 0 for two empty sets; b1 only
};

/// Where the parts of a record live on disk.
enum class Layout : std::uint8_t {
  kLean = 1,   ///< pages hold vectors and neighbour lists
  kFused = 2,  ///< pages also hold the codes of their neighbours
};

/// How pages reach memory.
enum class IoMode : std::uint8_t {
  kAuto = 0,
  kMapped = 1,  ///< memory map; the kernel's page cache is the cache
  kDirect = 2,  ///< io_uring, O_DIRECT where the file system allows it, own cache inside the budget
  kPread = 3,   ///< pread, own cache inside the budget
};

/// What a walk ranks candidates by before it reads their pages.
enum class Ranking : std::uint8_t {
  kAuto = 0,   ///< kCodes where most pages must come from disk, kExact where memory holds them
  kExact = 1,  ///< distances: the page of every candidate is read; fused pages rank by codes even so
  kCodes = 2,  ///< estimates from compressed codes, all of them resident: only promising pages are read
};

/// "f32", "l2", "lean", "mapped": the words of the command line, of JSON output and of error messages.
[[nodiscard]] NEARLINE_API std::string_view name(ElementType type) noexcept;
[[nodiscard]] NEARLINE_API std::string_view name(Metric metric) noexcept;
[[nodiscard]] NEARLINE_API std::string_view name(Layout layout) noexcept;
[[nodiscard]] NEARLINE_API std::string_view name(IoMode mode) noexcept;
[[nodiscard]] NEARLINE_API std::string_view name(Ranking ranking) noexcept;
[[nodiscard]] NEARLINE_API std::optional<ElementType> element_type_from(std::string_view word) noexcept;
[[nodiscard]] NEARLINE_API std::optional<Metric> metric_from(std::string_view word) noexcept;
[[nodiscard]] NEARLINE_API std::optional<IoMode> io_mode_from(std::string_view word) noexcept;
[[nodiscard]] NEARLINE_API std::optional<Ranking> ranking_from(std::string_view word) noexcept;

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

/// `rows` vectors of `dim` components of `type`, row-major and contiguous, any alignment. Borrowed.
struct MatrixView {
  const void* data = nullptr;
  std::size_t rows = 0;
  std::uint32_t dim = 0;
  ElementType type = ElementType::kF32;

  [[nodiscard]] const std::byte* row(std::size_t i) const noexcept {
    return static_cast<const std::byte*>(data) + i * vector_bytes(type, dim);
  }
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
