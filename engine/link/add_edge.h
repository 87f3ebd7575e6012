// SPDX-License-Identifier: Apache-2.0
/// Adds one edge to a list that may be full or have it already: how records are mended that a walk does not find.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/link/record_image.h"

namespace nearline::engine {

enum class AddedEdge { kNew, kKnown, kNoRoom };

/// list: working memory of the image's degree.
inline AddedEdge add_edge(RecordImage& image, std::uint32_t from, std::uint32_t to, std::uint32_t degree,
                          std::vector<std::uint32_t>& list) {
  std::byte* record = image.record(from);
  const std::uint32_t length = format::unpack_neighbors(image.shape(), record, list.data());
  const auto end = list.begin() + length;
  if (std::find(list.begin(), end, to) != end) return AddedEdge::kKnown;
  if (length >= degree) return AddedEdge::kNoRoom;
  *end = to;
  format::store_neighbors(image.shape(), std::span(list).first(length + 1), record);
  return AddedEdge::kNew;
}

}  // namespace nearline::engine
