// SPDX-License-Identifier: Apache-2.0
/// The only file that knows xxHash.
#include "format/checksum.h"

#include <xxhash.h>

#include <new>

#include "format/endian.h"

namespace nearline::format {
namespace {

/// SPEC.md section 5: what makes two blocks of equal bytes in different places have different checksums.
struct Salt {
  FileId file;
  le64 serial;
  le64 block_number;
  le32 level;
};
static_assert(sizeof(Salt) == 36 && alignof(Salt) == 1);

/// The canonical form, most significant byte first, as xxhsum prints it.
Hash128 canonical(const XXH128_hash_t& hash) noexcept {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  Hash128 out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = bytes.digest[i];
  return out;
}

}  // namespace

std::uint64_t hash64(std::span<const std::byte> bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Hash128 hash128(std::span<const std::byte> bytes) noexcept {
  return canonical(XXH3_128bits(bytes.data(), bytes.size()));
}

Hasher128::Hasher128() : state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(static_cast<XXH3_state_t*>(state_));
}

Hasher128::~Hasher128() {
  XXH3_freeState(static_cast<XXH3_state_t*>(state_));
}

void Hasher128::update(std::span<const std::byte> bytes) noexcept {
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state_), bytes.data(), bytes.size());
}

Hash128 Hasher128::digest() const noexcept {
  return canonical(XXH3_128bits_digest(static_cast<const XXH3_state_t*>(state_)));
}

std::uint64_t block_checksum(std::span<const std::byte> block, const FileId& file, std::uint64_t serial,
                             std::uint32_t level, std::uint64_t block_number) noexcept {
  Salt salt;
  salt.file = file;
  salt.serial = serial;
  salt.block_number = block_number;
  salt.level = level;
  return hash64(block, XXH3_64bits(&salt, sizeof salt));
}

}  // namespace nearline::format
