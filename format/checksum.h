// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 5. XXH3 hashes, salted so that a block which is whole but stale, misplaced or from another file is
/// noticed as well as one that is damaged. Not a defence against forgery: readers check bounds regardless.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "format/manifest.h"

namespace nearline::format {

using Hash128 = std::array<std::uint8_t, 16>;

std::uint64_t hash64(std::span<const std::byte> bytes, std::uint64_t seed = 0) noexcept;
Hash128 hash128(std::span<const std::byte> bytes) noexcept;

/// Hash that grows with its input, for file ids.
class Hasher128 {
 public:
  Hasher128();
  ~Hasher128();
  Hasher128(const Hasher128&) = delete;
  Hasher128& operator=(const Hasher128&) = delete;
  void update(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] Hash128 digest() const noexcept;

 private:
  void* state_;
};

/// Checksum of one 4 KiB block. level 0 is the section's data, level 1.. its checksum tree. Or of the bytes that a
/// graph page's seal covers, with a level and the page's number.
std::uint64_t block_checksum(std::span<const std::byte> block, const FileId& file, std::uint64_t serial,
                             std::uint32_t level, std::uint64_t block_number) noexcept;

}  // namespace nearline::format
