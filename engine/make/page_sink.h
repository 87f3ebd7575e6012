// SPDX-License-Identifier: Apache-2.0
/// Where a build puts its records, in their final order: what both page layouts take.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/graph_page.h"
#include "nearline/result.h"

namespace nearline::engine {

class PageSink {
 public:
  virtual ~PageSink() = default;

  /// The next record: vector, scale and id are copied from `record`, which is of shape `from`; neighbours are final
  /// ordinals, the nearest first. code: its code, where it is known.
  virtual Result<void> append(const format::PageShape& from, const std::byte* record,
                              std::span<const std::uint32_t> neighbors, std::span<const std::byte> code) = 0;

  /// Writes what is left. Precondition: all records of the segment were appended.
  virtual Result<void> finish() = 0;

  /// Where walks begin. linked: what linking chose, final ordinals.  Precondition: finish.
  virtual Result<std::vector<std::uint32_t>> entries(std::vector<std::uint32_t> linked) = 0;

  [[nodiscard]] std::uint64_t edges() const noexcept { return edges_; }
  [[nodiscard]] std::uint64_t local_edges() const noexcept { return local_edges_; }

 protected:
  std::uint64_t edges_ = 0;
  std::uint64_t local_edges_ = 0;
};

}  // namespace nearline::engine
