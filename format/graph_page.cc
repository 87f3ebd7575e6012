// SPDX-License-Identifier: Apache-2.0
/// Choosing the shape of a segment's pages, and writing them. Checking them is page_check.cc's.
#include "format/graph_page.h"

#include <cassert>

#include "format/endian.h"
#include "format/superblock.h"

namespace nearline::format {
namespace {

constexpr std::uint32_t kOverhead = sizeof(GraphPageHeader) + kSealBytes;
constexpr std::uint32_t kLargestShared = 8;  ///< blocks of a page that holds more than one record

/// The same records on pages of so many blocks, as many as there is room for.
PageShape on_blocks(const PageShape& lean, std::uint32_t blocks) noexcept {
  PageShape shape = lean;
  shape.page_bytes = blocks * kBlockBytes;
  shape.slots = (shape.page_bytes - kOverhead) / shape.slot_bytes;
  return shape;
}

/// A page for each record, where a record is larger than a shared page can be; else no slots.
PageShape alone(const PageShape& lean) noexcept {
  PageShape shape = lean;
  shape.page_bytes = (lean.slot_bytes + kOverhead + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  shape.slots = shape.page_bytes > kLargestShared * kBlockBytes ? 1 : 0;
  return shape;
}

/// The pages that writers choose. Larger ones take more bytes from the disk for each read of a record, so each doubling
/// must save a tenth: the least page_bytes / slots * (10 / 9)^doublings, the smaller of equals.
PageShape chosen(const PageShape& lean) noexcept {
  PageShape best = alone(lean);
  std::uint64_t best_cost = 0;
  std::uint64_t cost = 9 * 9 * 9;  // of a page: so that three times 10 / 9 is a whole number
  for (std::uint32_t blocks = 1; blocks <= kLargestShared; blocks *= 2) {
    const PageShape tried = on_blocks(lean, blocks);
    if (tried.slots > 0 && (best.slots == 0 || cost * best.slots < best_cost * tried.slots)) {
      best = tried;
      best_cost = cost;
    }
    cost = cost * 2 / 9 * 10;
  }
  return best;
}

}  // namespace

PageShape PageShape::choose(std::uint64_t count, std::uint32_t vector_dim, ElementType element_type, Metric metric,
                            std::uint32_t max_degree, std::uint8_t id_size) noexcept {
  assert(vector_dim >= 1 && vector_dim <= kMaxDim && max_degree >= 1 && max_degree <= kMaxDegree);
  assert(count <= kMaxRecords && (id_size == 4 || id_size == 8));
  PageShape shape;
  shape.dim = vector_dim;
  shape.type = element_type;
  shape.has_scale = metric == Metric::kIp || metric == Metric::kCosine;
  shape.id_bytes = id_size;
  shape.degree = max_degree;
  shape.neighbor_bits = bits_for(count);
  shape.vector_bytes = static_cast<std::uint32_t>(nearline::vector_bytes(element_type, vector_dim));
  shape.slot_bytes = static_cast<std::uint32_t>(shape.list_place() + packed_bytes(max_degree, shape.neighbor_bits));
  return chosen(shape);
}

PageShape resized(const PageShape& lean, std::uint32_t page_bytes) noexcept {
  for (std::uint32_t blocks = 1; blocks <= kLargestShared; blocks *= 2) {
    if (page_bytes == blocks * kBlockBytes) return on_blocks(lean, blocks);
  }
  PageShape shape = alone(lean);
  if (shape.page_bytes != page_bytes) shape.slots = 0;
  return shape;
}

void store_id(const PageShape& shape, Id id, std::byte* record) noexcept {
  assert(shape.id_bytes == 8 || id <= 0xFFFF'FFFF);
  le64 stored;
  stored = id;
  std::memcpy(record + shape.id_place(), &stored, shape.id_bytes);
}

void store_scale(const PageShape& shape, float scale, std::byte* record) noexcept {
  assert(shape.has_scale);
  lef32 stored;
  stored = scale;
  std::memcpy(record + shape.scale_place(), &stored, sizeof stored);
}

void store_neighbors(const PageShape& shape, std::span<const std::uint32_t> neighbors, std::byte* record) noexcept {
  assert(neighbors.size() <= shape.degree);
  le16 degree;
  degree = static_cast<std::uint16_t>(neighbors.size());
  std::memcpy(record + shape.degree_place(), &degree, sizeof degree);
  std::memset(record + shape.list_place(), 0, shape.slot_bytes - shape.list_place());
  pack(neighbors, shape.neighbor_bits, record + shape.list_place());
}

void store_header(std::uint32_t page, std::uint32_t count, std::byte* bytes) noexcept {
  assert(count >= 1 && count <= 0xFFFF);
  GraphPageHeader header;
  header.kind = kGraphPageKind;
  header.count = static_cast<std::uint16_t>(count);
  header.page = page;
  std::memcpy(bytes, &header, sizeof header);
}

}  // namespace nearline::format
