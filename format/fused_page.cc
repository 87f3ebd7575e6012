// SPDX-License-Identifier: Apache-2.0
#include "format/fused_page.h"

#include <cassert>

#include "format/code_book.h"
#include "format/superblock.h"

namespace nearline::format {

PageShape fused_shape(const PageShape& lean, const FusedForm& form) noexcept {
  PageShape shape = lean;
  shape.layout = Layout::kFused;
  shape.page_bytes = form.page_bytes;
  shape.slots = form.slots;
  shape.targets = form.targets;
  shape.code_bytes = form.code_bytes;
  shape.neighbor_bits = 1;
  const std::uint64_t links = (std::uint64_t{form.slots} + form.targets + 7) / 8;
  shape.slot_bytes = static_cast<std::uint32_t>(links_place(shape) + links);
  return shape;
}

bool is_possible(const PageShape& fused) noexcept {
  const bool pages = std::has_single_bit(fused.page_bytes) && fused.page_bytes >= kBlockBytes &&
                     fused.page_bytes <= kMostFusedPageBytes;
  const bool numbers = fused.slots >= 1 && fused.slots <= 0xFFFF && fused.targets >= 1 && fused.targets <= 0xFFFF &&
                       fused.code_bytes > kCodeHeadBytes && fused.code_bytes <= kCodeHeadBytes + kMaxCodeParts;
  // The products stay below 2^36 and 2^27.
  return pages && numbers &&
         table_place(fused) + sizeof(std::uint16_t) + fused.targets * target_bytes(fused) + kSealBytes <=
             fused.page_bytes;
}

std::uint32_t unpack_links(const PageShape& shape, const std::byte* page, std::uint32_t number, std::uint32_t slot,
                           std::uint32_t* out) noexcept {
  const std::byte* const record = page + sizeof(GraphPageHeader) + std::size_t{slot} * shape.slot_bytes;
  const std::uint32_t targets = std::min(stored_targets(shape, page), shape.targets);
  std::uint32_t found = 0;
  for (std::size_t place = links_place(shape); place < shape.slot_bytes; ++place) {
    for (auto bits = std::to_integer<unsigned>(record[place]); bits != 0 && found < shape.degree; bits &= bits - 1) {
      const auto bit = static_cast<std::uint32_t>((place - links_place(shape)) * 8) +
                       static_cast<std::uint32_t>(std::countr_zero(bits));
      constexpr std::uint32_t kNothing = 0xFFFF'FFFF;
      out[found++] = bit < shape.slots             ? number * shape.slots + bit
                     : bit - shape.slots < targets ? target_ordinal(shape, page, bit - shape.slots)
                                                   : kNothing;
    }
  }
  return found;
}

void store_fused_header(std::uint32_t page, std::uint32_t count, std::byte* bytes) noexcept {
  store_header(page, count, bytes);
  le16 kind;
  kind = kFusedPageKind;
  std::memcpy(bytes + offsetof(GraphPageHeader, kind), &kind, sizeof kind);
}

void store_link(const PageShape& shape, std::uint32_t bit, std::byte* record) noexcept {
  assert(bit < shape.slots + shape.targets);
  record[links_place(shape) + bit / 8] |= static_cast<std::byte>(1U << (bit % 8));
}

void store_target(const PageShape& shape, std::uint32_t i, std::uint32_t ordinal, std::span<const std::byte> code,
                  std::byte* page) noexcept {
  assert(i < shape.targets && code.size() == shape.code_bytes);
  le16 count;
  count = static_cast<std::uint16_t>(i + 1);
  std::memcpy(page + table_place(shape), &count, sizeof count);
  le32 stored;
  stored = ordinal;
  std::byte* const to = page + (target_at(shape, page, i) - page);
  std::memcpy(to, &stored, sizeof stored);
  std::memcpy(to + sizeof stored, code.data(), code.size());
}

}  // namespace nearline::format
