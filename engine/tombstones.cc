// SPDX-License-Identifier: Apache-2.0
#include "engine/tombstones.h"

#include <bit>
#include <cassert>
#include <string>

namespace nearline::engine {
namespace {

constexpr std::uint64_t words_for(std::uint64_t records) noexcept {
  return (records + 63) / 64;
}

}  // namespace

Result<Tombstones> Tombstones::decode(std::span<const std::byte> bytes, std::uint64_t records, std::uint64_t deleted,
                                      std::uint64_t at) {
  assert(bytes.size() == (records + 7) / 8);
  Tombstones tombstones;
  tombstones.words_.resize(words_for(records));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    tombstones.words_[i / 8] |= std::to_integer<std::uint64_t>(bytes[i]) << (i % 8 * 8);
  }
  for (const std::uint64_t word : tombstones.words_) {
    tombstones.count_ += static_cast<std::uint64_t>(std::popcount(word));
  }
  if (records % 64 != 0 && (tombstones.words_.back() >> (records % 64)) != 0) {
    return Error{.code = Code::kCorrupt,
                 .what = "tombstones behind record " + std::to_string(records - 1) + ": expected zeros there",
                 .at = at};
  }
  if (tombstones.count_ != deleted) {
    return Error{.code = Code::kCorrupt,
                 .what = std::to_string(tombstones.count_) + " tombstones: expected " + std::to_string(deleted),
                 .at = at};
  }
  return tombstones;
}

std::vector<std::byte> Tombstones::encode(std::uint64_t records) const {
  std::vector<std::byte> bytes((records + 7) / 8);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(words_[i / 8] >> (i % 8 * 8));
  }
  return bytes;
}

void Tombstones::make_room(std::uint64_t records) {
  words_.resize(words_for(records));
}

bool Tombstones::add(std::uint32_t ordinal) noexcept {
  std::uint64_t& word = words_[ordinal / 64];
  const std::uint64_t bit = std::uint64_t{1} << (ordinal % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  ++count_;
  return true;
}

}  // namespace nearline::engine
