// SPDX-License-Identifier: Apache-2.0
#include "engine/make/key_writer.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "format/keys.h"

namespace nearline::engine {
namespace {

using format::KeyShape;

/// A block at a time, zeros behind what is put into it.
class BlockWriter {
 public:
  explicit BlockWriter(IndexFileWriter& writer) noexcept : writer_(writer) {}

  [[nodiscard]] std::byte* data() noexcept { return block_.data(); }
  Result<void> flush() {
    NEARLINE_CHECK(writer_.append(block_));
    block_.fill(std::byte{0});
    return {};
  }

 private:
  IndexFileWriter& writer_;
  format::Block block_{};
};

/// order: rows by ascending id.
Result<void> write_fences(const KeyShape& shape, std::span<const Id> ids, std::span<const std::uint32_t> order,
                          BlockWriter& block) {
  for (std::uint64_t first = 0; first < shape.fences(); first += KeyShape::kFencesPerBlock) {
    const std::uint64_t end = std::min(shape.fences(), first + KeyShape::kFencesPerBlock);
    for (std::uint64_t i = first; i < end; ++i) {
      format::store_fence(i - first, ids[order[(i + 1) * shape.per_block()]], block.data());
    }
    NEARLINE_CHECK(block.flush());
  }
  return {};
}

Result<void> write_blocks(const KeyShape& shape, std::span<const Id> ids, std::span<const std::uint32_t> order,
                          BlockWriter& block) {
  for (std::uint64_t b = 0; b < shape.key_blocks(); ++b) {
    const auto rows = order.subspan(b * shape.per_block(), shape.keys_in(b));
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      format::store_key(shape, i, ids[rows[i]], rows[i], block.data());
    }
    NEARLINE_CHECK(block.flush());
  }
  return {};
}

}  // namespace

Result<void> write_keys(IndexFileWriter& writer, std::span<const Id> ids) {
  std::vector<std::uint32_t> order(ids.size());
  std::iota(order.begin(), order.end(), 0U);
  const bool in_order = std::ranges::is_sorted(ids);
  if (!in_order) std::ranges::sort(order, {}, [&](std::uint32_t row) { return ids[row]; });
  format::Segment& segment = writer.segment();
  segment.first_id = ids.empty() ? 0 : ids[order.front()];
  segment.last_id = ids.empty() ? 0 : ids[order.back()];
  const KeyShape shape = KeyShape::of(segment);
  const bool stored = !shape.dense() || !in_order;
  format::Section section;
  section.kind = format::SectionKind::kKeys;
  section.count = stored ? shape.blocks() : 0;
  section.element_bytes = format::kBlockBytes;
  NEARLINE_CHECK(writer.begin(section));
  BlockWriter block(writer);
  if (stored) {
    NEARLINE_CHECK(write_fences(shape, ids, order, block));
    NEARLINE_CHECK(write_blocks(shape, ids, order, block));
  }
  return writer.end();
}

}  // namespace nearline::engine
