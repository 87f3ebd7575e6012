// SPDX-License-Identifier: Apache-2.0
/// Chooses a record's neighbours among candidates so that every direction is covered and few edges are spent.
/// Source: RobustPrune of DiskANN (NeurIPS 2019), algorithm 2, on squared distances.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/link/record_image.h"
#include "engine/space/space.h"
#include "engine/walk/ranked_nodes.h"

namespace nearline::engine {

/// Working memory of one thread.
class Pruner {
 public:
  /// Borrows both. The image's vectors must not change; its lists may.
  Pruner(const RecordImage& image, const Space& space) : image_(image), space_(space), query_(space.query_bytes()) {}

  /// candidates: distances from `record`, any order, repeats and `record` itself allowed; reordered by the call.
  /// Returns at most `degree` ordinals, nearest first. A candidate is passed over when a neighbour chosen already is
  /// nearer to it by the factor alpha; at equal distances too, so that of exact copies one is chosen and the rest of
  /// the list leads elsewhere. The span is valid until the next call.
  std::span<const std::uint32_t> prune(std::uint32_t record, std::vector<Candidate>& candidates, std::uint32_t degree,
                                       float alpha);

  /// As prune, where all candidates but `fresh` were neighbours already, and so do not cover each other: pairs of those
  /// are not compared. A list that took neighbours without being pruned keeps what that brought.
  std::span<const std::uint32_t> prune_with(std::span<const std::uint32_t> fresh, std::uint32_t record,
                                            std::vector<Candidate>& candidates, std::uint32_t degree, float alpha);

  /// Distances from a record to others.
  void measure(std::uint32_t record, std::span<const std::uint32_t> others, std::vector<Candidate>& out);

 private:
  template <class IsFresh>
  std::span<const std::uint32_t> choose(std::uint32_t record, std::vector<Candidate>& candidates, std::uint32_t degree,
                                        float alpha, const IsFresh& is_fresh);
  bool covered(const Candidate& candidate, std::span<const std::byte* const> by, float alpha);

  const RecordImage& image_;
  const Space& space_;
  std::vector<std::byte> query_;
  std::vector<std::uint32_t> chosen_;
  std::vector<const std::byte*> chosen_records_;
  std::vector<const std::byte*> fresh_records_;  ///< those of them that are compared with all
  std::vector<float> distances_;
  std::vector<const std::byte*> records_;
};

}  // namespace nearline::engine
