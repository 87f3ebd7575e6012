// SPDX-License-Identifier: Apache-2.0
/// Neighbour lists that records bring along, because they come from graphs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/link/record_image.h"
#include "nearline/result.h"

namespace nearline::engine {

class KnownLists {
 public:
  KnownLists() = default;
  KnownLists(const KnownLists&) = delete;
  KnownLists& operator=(const KnownLists&) = delete;
  virtual ~KnownLists() = default;

  /// Fills the lists of an image that holds vectors, ids and scales. rows[i]: which of what was taken in stands at i.
  /// True of each record that is still to be connected with the others: those that have no list or a thin one, and
  /// those that stood in another graph than the largest. Errors: those of reading the graphs.
  virtual Result<std::vector<bool>> fill(RecordImage& image, std::span<const std::uint32_t> rows) = 0;
};

}  // namespace nearline::engine
