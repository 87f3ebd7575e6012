// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/verify_keys.h"

#include <algorithm>
#include <string>
#include <vector>

#include "format/keys.h"
#include "format/page_seal.h"

namespace nearline::engine {
namespace {

using format::KeyShape;
using Broken = std::optional<std::string>;

constexpr std::uint64_t kBlock = format::kBlockBytes;
constexpr std::uint64_t kReadBytes = 1U << 20;

bool is_zero(const std::byte* block, std::uint64_t from, std::uint64_t to) noexcept {
  return std::all_of(block + from, block + to, [](std::byte byte) { return byte == std::byte{0}; });
}

/// Is shown the section's blocks front to back.
class KeyRules {
 public:
  KeyRules(const KeyShape& keys, std::span<const Id> ids) : keys_(keys), ids_(ids) {}

  Broken look_at(std::uint64_t block, const std::byte* bytes) {
    if (block < keys_.fence_blocks()) return take_fences(block, bytes);
    return check_keys(block - keys_.fence_blocks(), bytes);
  }
  /// Of rows that are in the order of ids.
  [[nodiscard]] Broken check_order() {
    for (std::uint32_t row = 0; row < ids_.size(); ++row) {
      if (auto broken = check_key(keys_.first + row, row)) return broken;
    }
    return {};
  }

 private:
  Broken take_fences(std::uint64_t block, const std::byte* bytes) {
    const std::uint64_t here = std::min(KeyShape::kFencesPerBlock, keys_.fences() - block * KeyShape::kFencesPerBlock);
    for (std::uint64_t i = 0; i < here; ++i) fences_.push_back(format::stored_fence(bytes, i));
    return is_zero(bytes, here * sizeof(Id), KeyShape::kRoomBytes) ? Broken()
                                                                   : "bytes behind the last fence that are not zero";
  }

  Broken check_keys(std::uint64_t block, const std::byte* bytes) {
    const std::uint32_t here = keys_.keys_in(block), room = keys_.per_block();
    for (std::uint32_t i = 0; i < here; ++i) {
      const Id id = keys_.dense() ? keys_.first + block * room + i : format::stored_key(keys_, bytes, i);
      if (i == 0 && !fences_.empty() && block > 0 && fences_[block - 1] != id) {
        return "fence " + std::to_string(block - 1) + " says " + std::to_string(fences_[block - 1]) +
               ": expected the first id of its block of keys, " + std::to_string(id);
      }
      if (auto broken = check_key(id, format::stored_row(keys_, bytes, i))) return broken;
    }
    const std::uint64_t rows_at = keys_.dense() ? 0 : std::uint64_t{room} * keys_.id_bytes;
    const bool zero = is_zero(bytes, rows_at == 0 ? 0 : std::uint64_t{here} * keys_.id_bytes, rows_at) &&
                      is_zero(bytes, rows_at + here * sizeof(std::uint32_t), KeyShape::kRoomBytes);
    return zero ? Broken() : "bytes behind the last key of a block that are not zero";
  }

  Broken check_key(Id id, std::uint32_t row) {
    if (row >= ids_.size()) {
      return "keys name record " + std::to_string(row) + ": expected one below " + std::to_string(ids_.size());
    }
    if (ids_[row] != id) {
      return "keys say that record " + std::to_string(row) + " has id " + std::to_string(id) + ": it has " +
             std::to_string(ids_[row]);
    }
    const bool first = seen_++ == 0, last = seen_ == ids_.size();
    const bool rises = first ? id == keys_.first : id > before_;
    if (!rises || (last && id != keys_.last)) {
      return "id " + std::to_string(id) + " in the keys after " + std::to_string(before_) +
             ": expected ascending ids from " + std::to_string(keys_.first) + " to " + std::to_string(keys_.last);
    }
    before_ = id;
    return {};
  }

  const KeyShape keys_;
  const std::span<const Id> ids_;
  std::vector<Id> fences_;
  std::uint64_t seen_ = 0;
  Id before_ = 0;
};

}  // namespace

Result<std::optional<VerifyFinding>> broken_keys(const SegmentFile& segment, std::span<const Id> ids) {
  const format::Section& section = *segment.section(format::SectionKind::kKeys);
  const KeyShape keys = KeyShape::of(segment.segment());
  KeyRules rules(keys, ids);
  if (section.count == 0) {
    if (auto broken = rules.check_order()) return std::optional(VerifyFinding{section.offset, std::move(*broken)});
    return std::optional<VerifyFinding>();
  }
  const std::uint64_t bytes = format::whole_blocks(section.length);
  std::vector<std::byte> buffer;
  for (std::uint64_t at = 0; at < bytes; at += buffer.size()) {
    buffer.resize(std::min(kReadBytes, bytes - at));
    NEARLINE_CHECK(io::read_exact(segment.file(), section.offset + at, buffer));
    for (std::uint64_t i = 0; i < buffer.size(); i += kBlock) {
      const auto number = static_cast<std::uint32_t>((at + i) / kBlock);
      const auto sealed = format::check_seal(std::span(buffer).subspan(i, kBlock), segment.index().manifest().file_id,
                                             section.serial, number, section.offset + at + i);
      if (!sealed) return std::optional(VerifyFinding{sealed.error().at, sealed.error().what});
      auto broken = rules.look_at((at + i) / kBlock, buffer.data() + i);
      if (broken) return std::optional(VerifyFinding{section.offset + at + i, std::move(*broken)});
    }
  }
  return std::optional<VerifyFinding>();
}

}  // namespace nearline::engine
