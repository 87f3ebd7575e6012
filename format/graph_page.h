// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 6. The lean graph page: a header, then `slots` records of equal size, then zeros, then its seal
/// (page_seal.h). What the fused page has besides is in fused_page.h. Record o of a segment stands on page o / slots in
/// slot o % slots: ordinals are physical places, and no map from one to the other is needed. Every page but the last is
/// full.
///
///   record   vector | scale (ip and cosine only) | id (4 or 8 bytes) | degree | neighbour ordinals, bit-packed
///
/// The id stands in the record, so that an answer read from disk needs no second read to be named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "format/endian.h"
#include "format/packed_ints.h"
#include "nearline/result.h"
#include "nearline/schema.h"
#include "nearline/types.h"

namespace nearline::format {

/// Dense position of a record inside a segment; its own type, so that a user's id cannot be passed for one.
enum class Ordinal : std::uint32_t {};
constexpr std::uint32_t number(Ordinal o) noexcept {
  return static_cast<std::uint32_t>(o);
}

/// First bytes of each graph page.
struct GraphPageHeader {
  le16 kind;   ///< 0  kGraphPageKind
  le16 count;  ///< 2  records on this page, 1..slots
  le32 page;   ///< 4  this page's number
};
static_assert(sizeof(GraphPageHeader) == 8 && alignof(GraphPageHeader) == 1);
inline constexpr std::uint16_t kGraphPageKind = 0x6C31;
inline constexpr std::uint32_t kMaxDegree = 1024;
inline constexpr std::size_t kSealBytes = 8;  ///< at the page's end; unpack may read past a list and into them

/// Sizes and places inside a page, all derived from a segment's parameters.
struct PageShape {
  std::uint32_t dim = 0;
  ElementType type = ElementType::kF32;
  bool has_scale = false;
  std::uint8_t id_bytes = 4;  ///< 4 when every id of the segment is below 2^32, else 8
  std::uint32_t degree = 0;   ///< R
  std::uint8_t neighbor_bits = 0;
  std::uint32_t vector_bytes = 0;
  std::uint32_t slot_bytes = 0;
  std::uint32_t slots = 0;
  std::uint32_t page_bytes = 0;
  Layout layout = Layout::kLean;
  std::uint32_t targets = 0;     ///< fused: records elsewhere that a page's table has room for
  std::uint32_t code_bytes = 0;  ///< fused: of the code of each

  /// The lean shape that writers choose for `count` records: pages of 1, 2, 4 or 8 blocks, where each doubling must
  /// make a record's share of its page a tenth smaller; for a record larger than 8 blocks, those that it needs.
  /// Precondition: count <= kMaxRecords, dim 1..kMaxDim, degree 1..kMaxDegree, id_size 4 or 8.
  static PageShape choose(std::uint64_t count, std::uint32_t vector_dim, ElementType element_type, Metric metric,
                          std::uint32_t max_degree, std::uint8_t id_size) noexcept;

  [[nodiscard]] std::uint64_t pages(std::uint64_t count) const noexcept { return (count + slots - 1) / slots; }
  [[nodiscard]] std::uint32_t page_of(Ordinal o) const noexcept { return number(o) / slots; }
  [[nodiscard]] std::size_t place_of(Ordinal o) const noexcept {
    return sizeof(GraphPageHeader) + std::size_t{number(o) % slots} * slot_bytes;
  }
  [[nodiscard]] std::size_t scale_place() const noexcept { return vector_bytes; }
  [[nodiscard]] std::size_t id_place() const noexcept { return vector_bytes + (has_scale ? 4U : 0U); }
  [[nodiscard]] std::size_t degree_place() const noexcept { return id_place() + id_bytes; }
  [[nodiscard]] std::size_t list_place() const noexcept { return degree_place() + 2; }

  friend bool operator==(const PageShape&, const PageShape&) = default;
};

/// The lean shape of the same records on pages of page_bytes. No slots where lean pages cannot be of that size: it is
/// 1, 2, 4 or 8 blocks that hold a record, or, for a record larger than 8 blocks, as many as it needs.
PageShape resized(const PageShape& lean, std::uint32_t page_bytes) noexcept;

/// Stored degree of the record that starts at `record`: untrusted until compared with the shape's.
inline std::uint32_t stored_degree(const PageShape& shape, const std::byte* record) noexcept {
  std::uint16_t degree;
  std::memcpy(&degree, record + shape.degree_place(), sizeof degree);
  return degree;
}

/// The record's scale: 1/|x| under cosine, |x|^2 under ip. Precondition: shape.has_scale.
inline float stored_scale(const PageShape& shape, const std::byte* record) noexcept {
  float scale;
  std::memcpy(&scale, record + shape.scale_place(), sizeof scale);
  return scale;
}

inline Id stored_id(const PageShape& shape, const std::byte* record) noexcept {
  Id id = 0;
  std::memcpy(&id, record + shape.id_place(), shape.id_bytes);
  return id;
}

/// Bytes of a record's degree and list, and of what unpacking may look at behind them.
inline std::size_t list_bytes(const PageShape& shape) noexcept {
  return shape.slot_bytes - shape.degree_place() + kSealBytes;
}

/// As unpack_neighbors, from a copy of the record's list_bytes.
inline std::uint32_t unpack_list(const PageShape& shape, const std::byte* list, std::uint32_t* out) noexcept {
  std::uint16_t degree;
  std::memcpy(&degree, list, sizeof degree);
  if (degree > shape.degree) degree = static_cast<std::uint16_t>(shape.degree);
  unpack(list + sizeof degree, shape.neighbor_bits, degree, out);
  return degree;
}

/// Unpacks the neighbours of a record. out: room for shape.degree ordinals. Returns how many; a degree above the
/// shape's is cut. The ordinals are untrusted: the caller compares each with the record count.
inline std::uint32_t unpack_neighbors(const PageShape& shape, const std::byte* record, std::uint32_t* out) noexcept {
  return unpack_list(shape, record + shape.degree_place(), out);
}

/// Writes a record's id. Precondition: it fits shape.id_bytes.
void store_id(const PageShape& shape, Id id, std::byte* record) noexcept;

/// Writes a record's scale. Precondition: shape.has_scale.
void store_scale(const PageShape& shape, float scale, std::byte* record) noexcept;

/// Writes degree and list into a record. Precondition: neighbors.size() <= shape.degree.
void store_neighbors(const PageShape& shape, std::span<const std::uint32_t> neighbors, std::byte* record) noexcept;

/// Writes a page's header.
void store_header(std::uint32_t page, std::uint32_t count, std::byte* bytes) noexcept;

/// Checks everything that can be checked on one page: header, degrees, ordinals below `count`, no self loops or
/// repeats, finite scales and components, zero padding; not its seal. at: the page's offset in the file, for the error
/// (kCorrupt).
Result<void> check_page(const PageShape& shape, std::span<const std::byte> page, std::uint32_t number,
                        std::uint64_t count, std::uint64_t at);

}  // namespace nearline::format
