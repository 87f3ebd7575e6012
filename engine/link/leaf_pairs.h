// SPDX-License-Identifier: Apache-2.0
/// Compares all records of a leaf with each other and remembers the nearest of each.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/link/nearness.h"
#include "engine/link/record_image.h"
#include "engine/walk/ranked_nodes.h"

namespace nearline::engine {

/// Working memory of one thread.
class LeafPairs {
 public:
  /// nearest: how many to remember of each record, of each kind.
  LeafPairs(const RecordImage& image, const Nearness& nearness, std::uint32_t nearest);

  void compare(std::span<const std::uint32_t> leaf);

  /// Bytes that one holds after leaves of `most` records. nearest: of all kinds together.
  static std::uint64_t memory_bytes(const format::PageShape& shape, std::uint32_t most, std::uint32_t nearest) noexcept;

  /// The nearest of leaf[i], in no order, each with the distance by the kind that found it. Of its exact copies only
  /// the next one by ordinal, cyclically, is there: copies form a ring that leads through all of them, and cannot fill
  /// a list. Valid until the next compare.
  void nearest_of(std::size_t i, std::vector<Candidate>& out) const;

 private:
  void gather(std::span<const std::uint32_t> leaf);
  void compare_by(const Space& space, std::size_t kind, std::size_t i);
  void offer(std::size_t to, const Candidate& candidate);
  void offer_copy(std::size_t to, std::uint32_t ordinal);

  const RecordImage& image_;
  const Nearness nearness_;
  const std::uint32_t nearest_;
  const float copy_distance_;  // at most this far apart, records count as copies
  const std::size_t stride_;
  std::vector<std::byte> vectors_;  // the leaf's, side by side, each with its scale; small ones only
  std::vector<const std::byte*> records_;
  std::vector<std::uint32_t> ordinals_;
  std::vector<std::byte> query_;
  std::vector<float> distances_;
  std::vector<Candidate> heaps_;  // nearest_ places a record; the farthest first once full
  std::vector<std::uint32_t> sizes_;
  std::vector<float> worst_;           // the farthest of a full heap, else infinity
  std::vector<std::uint32_t> copies_;  // the next copy's ordinal, or the record's own
};

}  // namespace nearline::engine
