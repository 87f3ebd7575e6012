// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 6. The fused graph page is a node of the graph by itself: its records, and one table of all records
/// elsewhere that they point to, each with its code. So a walk that has read a page can tell which to read next with
/// nothing else in memory.
///
///   page     header | `slots` records | number of targets u16 | targets, by ordinal | zeros | seal
///   record   vector | scale (ip and cosine only) | id | links: a bit for each slot, then one for each target
///   target   ordinal u32 | code
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "format/graph_page.h"

namespace nearline::format {

inline constexpr std::uint16_t kFusedPageKind = 0x6632;
inline constexpr std::uint32_t kMostFusedPageBytes = 65'536;

/// What a writer chooses; the rest of a fused shape follows.
struct FusedForm {
  std::uint32_t page_bytes = 0;  ///< a power of two from 4096 to 65536
  std::uint32_t slots = 0;       ///< records of a page
  std::uint32_t targets = 0;     ///< room of its table
  std::uint32_t code_bytes = 0;
};

/// The fused pages of segments whose lean pages would be `lean`. Whether all has room is for is_possible to say.
PageShape fused_shape(const PageShape& lean, const FusedForm& form) noexcept;

/// Whether a page has room for what its shape says, and no number is out of range.
bool is_possible(const PageShape& fused) noexcept;

inline std::size_t target_bytes(const PageShape& shape) noexcept {
  return sizeof(std::uint32_t) + shape.code_bytes;
}
inline std::size_t table_place(const PageShape& shape) noexcept {
  return sizeof(GraphPageHeader) + std::size_t{shape.slots} * shape.slot_bytes;
}
/// Of the links within a record.
inline std::size_t links_place(const PageShape& shape) noexcept {
  return shape.degree_place();
}

/// Targets of a page: untrusted until compared with shape.targets.
inline std::uint32_t stored_targets(const PageShape& shape, const std::byte* page) noexcept {
  std::uint16_t count;
  std::memcpy(&count, page + table_place(shape), sizeof count);
  return count;
}

/// The i-th target of a page, its ordinal first. Precondition: i < shape.targets.
inline const std::byte* target_at(const PageShape& shape, const std::byte* page, std::size_t i) noexcept {
  return page + table_place(shape) + sizeof(std::uint16_t) + i * target_bytes(shape);
}
inline std::uint32_t target_ordinal(const PageShape& shape, const std::byte* page, std::size_t i) noexcept {
  std::uint32_t ordinal;
  std::memcpy(&ordinal, target_at(shape, page, i), sizeof ordinal);
  return ordinal;
}
inline const std::byte* target_code(const PageShape& shape, const std::byte* page, std::size_t i) noexcept {
  return target_at(shape, page, i) + sizeof(std::uint32_t);
}

/// Links of a record as ordinals, those of its own page first. page: whole, number: its own. out: room for
/// shape.degree; links beyond it are cut. The ordinals are untrusted: the caller compares each with the record count,
/// which a link to nothing is never below.
std::uint32_t unpack_links(const PageShape& shape, const std::byte* page, std::uint32_t number, std::uint32_t slot,
                           std::uint32_t* out) noexcept;

/// Neighbours of record `ordinal`, which stands on `page`, in either layout; as unpack_neighbors.
inline std::uint32_t neighbors_on(const PageShape& shape, const std::byte* page, Ordinal ordinal,
                                  std::uint32_t* out) noexcept {
  if (shape.layout == Layout::kLean) return unpack_neighbors(shape, page + shape.place_of(ordinal), out);
  const std::uint32_t number = shape.page_of(ordinal);
  return unpack_links(shape, page, number, format::number(ordinal) - number * shape.slots, out);
}

/// Writes a page's header.
void store_fused_header(std::uint32_t page, std::uint32_t count, std::byte* bytes) noexcept;

/// Adds a link to a record. bit: a slot of the page, or slots + the number of a target.
void store_link(const PageShape& shape, std::uint32_t bit, std::byte* record) noexcept;

/// Writes the i-th target of a page, and that there are so many. Precondition: i < shape.targets.
void store_target(const PageShape& shape, std::uint32_t i, std::uint32_t ordinal, std::span<const std::byte> code,
                  std::byte* page) noexcept;

/// check_page's part that only fused pages have: table and links. records: of this page.
Result<void> check_table(const PageShape& shape, std::span<const std::byte> page, std::uint32_t number,
                         std::uint32_t records, std::uint64_t count, std::uint64_t at);

}  // namespace nearline::format
