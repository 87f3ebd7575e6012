// SPDX-License-Identifier: Apache-2.0
/// One thread's means to read, prune and write the neighbour lists of an image.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/link/prune.h"
#include "engine/link/record_image.h"
#include "engine/space/space.h"

namespace nearline::engine {

class ListWorker {
 public:
  ListWorker(RecordImage& image, const Nearness& nearness, std::uint32_t degree, float alpha)
      : image_(image), pruner_(image, nearness), degree_(degree), alpha_(alpha), list_(image.shape().degree) {}

  /// The list of a record; valid until the next call.
  std::span<const std::uint32_t> list(std::uint32_t record) {
    return std::span(list_).first(format::unpack_neighbors(image_.shape(), image_.record(record), list_.data()));
  }

  /// Adds to `out` the neighbours of a record with their distances.
  void measured_list(std::uint32_t record, std::vector<Candidate>& out) { pruner_.measure(record, list(record), out); }

  /// The best neighbours among candidates, nearest first; valid until the next call.
  std::span<const std::uint32_t> choose(std::uint32_t record, std::vector<Candidate>& candidates) {
    return pruner_.prune(record, candidates, degree_, alpha_);
  }

  void store(std::uint32_t record, std::span<const std::uint32_t> neighbors) {
    format::store_neighbors(image_.shape(), neighbors, image_.record(record));
  }

  /// Adds neighbours that a record does not have yet. Nearest first; pruned when they are too many.
  void add(std::uint32_t record, std::span<const std::uint32_t> fresh);

 private:
  RecordImage& image_;
  Pruner pruner_;
  const std::uint32_t degree_;
  const float alpha_;
  std::vector<std::uint32_t> list_;
  std::vector<Candidate> candidates_;
  std::vector<std::uint32_t> sorted_;
};

}  // namespace nearline::engine
