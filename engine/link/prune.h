// SPDX-License-Identifier: Apache-2.0
/// Chooses a record's neighbours among candidates so that every direction is covered and few edges are spent.
/// Source: RobustPrune of DiskANN (NeurIPS 2019), algorithm 2, on squared distances.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/link/nearness.h"
#include "engine/link/record_image.h"
#include "engine/walk/ranked_nodes.h"

namespace nearline::engine {

/// Working memory of one thread.
class Pruner {
 public:
  /// Borrows the image. Its vectors must not change; its lists may.
  Pruner(const RecordImage& image, const Nearness& nearness)
      : image_(image), nearness_(nearness), query_(nearness.first().query_bytes()) {}

  /// candidates: with their distances from `record`, any order, repeats and `record` itself allowed; changed by the
  /// call. Returns at most `degree` ordinals, nearest first. A candidate is passed over when a neighbour chosen already
  /// is nearer to it by the factor alpha; at equal distances too, so that of exact copies one is chosen and the rest of
  /// the list leads elsewhere. Where nearness has several kinds, each chooses its share, without alpha but for the
  /// first, and distances are measured anew. The span is valid until the next call.
  std::span<const std::uint32_t> prune(std::uint32_t record, std::vector<Candidate>& candidates, std::uint32_t degree,
                                       float alpha);

  /// As prune, where all candidates but `fresh` were neighbours already, and so do not cover each other: pairs of those
  /// are not compared. A list that took neighbours without being pruned keeps what that brought.
  std::span<const std::uint32_t> prune_with(std::span<const std::uint32_t> fresh, std::uint32_t record,
                                            std::vector<Candidate>& candidates, std::uint32_t degree, float alpha);

  /// Distances from a record to others, by the first kind.
  void measure(std::uint32_t record, std::span<const std::uint32_t> others, std::vector<Candidate>& out);

 private:
  /// One choice by one kind of nearness. alpha: 1 where distances may be negative.
  struct Choice {
    const Space& space;
    std::uint32_t record, degree;
    float alpha;
  };

  template <class IsFresh>
  std::span<const std::uint32_t> choose(const Choice& choice, std::vector<Candidate>& candidates,
                                        const IsFresh& is_fresh);
  bool covered(const Choice& choice, const Candidate& candidate, std::span<const std::byte* const> by);
  std::span<const std::uint32_t> prune_by_all_kinds(std::uint32_t record, std::vector<Candidate>& candidates,
                                                    std::uint32_t degree, float alpha);
  void measure_by(const Space& space, std::uint32_t record, std::span<const std::uint32_t> others,
                  std::vector<Candidate>& out);

  const RecordImage& image_;
  const Nearness nearness_;
  std::vector<std::byte> query_;
  std::vector<std::uint32_t> chosen_;
  std::vector<std::uint32_t> met_, united_;  ///< of several kinds: all candidates, those that were chosen
  std::vector<const std::byte*> chosen_records_;
  std::vector<const std::byte*> fresh_records_;  ///< those of them that are compared with all
  std::vector<float> distances_;
  std::vector<const std::byte*> records_;
};

}  // namespace nearline::engine
