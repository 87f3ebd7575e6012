// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 5. The seal of a graph page, or of a block of keys: a checksum of its own, at its end, so that a
/// reader needs nothing but the page to check it. The section's tree covers the same bytes, but a reader of scattered
/// pages would read a block of the tree for nearly each of them, or hold two thousandths of the file in memory.
#pragma once

#include <cstdint>
#include <span>

#include "format/manifest.h"
#include "nearline/result.h"

namespace nearline::format {

/// Whether the section's elements have seals.
constexpr bool is_sealed(SectionKind kind) noexcept {
  return kind == SectionKind::kGraphPages || kind == SectionKind::kKeys;
}

/// Writes it. serial: the section's. number: the page's, from 0.
void seal_page(std::span<std::byte> page, const FileId& file, std::uint64_t serial, std::uint32_t number) noexcept;

/// at: the page's offset in the file, for the error. Errors: kCorrupt.
Result<void> check_seal(std::span<const std::byte> page, const FileId& file, std::uint64_t serial, std::uint32_t number,
                        std::uint64_t at);

}  // namespace nearline::format
