// SPDX-License-Identifier: Apache-2.0
/// What all walks have in common that know records by estimate until their page is read. Which page is asked for next
/// follows from pages that have come, taken in the order in which they were asked for, so the answer depends on L and W
/// and not on the disk.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "engine/walk/walk.h"

namespace nearline::engine {

/// Reads in flight, the shortlist, and the answers so far. A walk adds how it begins and what it learns from a page.
class PageWalk {
 public:
  /// Measured on records filtered at random: docs/decisions.md.
  static constexpr float kBridgePenalty = 0.4F;

  [[nodiscard]] io::PageBatch& newest() { return s_.flight((oldest_ + in_flight_ - 1) % options_.beam_width); }
  [[nodiscard]] io::PageBatch& oldest() { return s_.flight(oldest_); }
  [[nodiscard]] bool waits() const noexcept { return in_flight_ > 0; }
  void end() noexcept { s_.answers.sort(); }

 protected:
  explicit PageWalk(const WalkCall& call) noexcept
      : graph_(call.graph),
        scorer_(call.scorer),
        admission_(call.admission),
        options_(call.options),
        s_(call.scratch) {}

  /// list_bytes: that the shortlist keeps of each record that is here.
  void reset(std::size_t list_bytes);

  /// For a search that has an estimate of every record: what is farther than the k-th answer, of this segment or the
  /// others, by more than `margin` is not looked at, whatever the stop rule says.
  void look_no_farther_than(float margin) noexcept {
    knows_all_ = true;
    margin_ = margin;
  }

  /// The distance beyond which no guess's page is read any more, whatever comes.
  [[nodiscard]] float limit() const noexcept;

  /// s.distances: the estimates of the codes at s.records.
  void estimate();

  /// s.path: s.fresh with their estimates, the best first, `most` of them at least.
  void sort_guesses(std::size_t most);

  /// The best of s.path become guesses.
  void start(std::size_t most);

  /// A filter's walk goes by its matches first: what is none is a bridge, whose page is read only where it promises to
  /// lead much nearer.
  [[nodiscard]] float ranked(float estimate, std::uint32_t node) const noexcept {
    if (admission_.matches() == nullptr || admission_.admits(node)) return estimate;
    return estimate + kBridgePenalty * std::fabs(estimate - options_.stop.zero);
  }

  /// Makes guesses of those of s.fresh that are near enough. s.distances: their estimates.
  void guess();

  /// Takes the best guess's page into a new flight. False when there is none, or no room for it.
  bool ask();

  /// The records of a page that has come.
  struct Landed {
    const std::byte* page = nullptr;
    std::uint32_t number = 0;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  /// Compares the query with every record of the oldest flight's page: s.records, s.distances, s.answers.
  Landed compare_oldest();

  const GraphView& graph_;
  const Scorer scorer_;
  const Admission admission_;
  const WalkOptions options_;
  Scratch& s_;

 private:
  [[nodiscard]] bool is_asked(std::uint32_t ordinal);

  std::uint32_t oldest_ = 0;
  std::uint32_t in_flight_ = 0;
  bool knows_all_ = false;  // it has an estimate of every record
  float margin_ = StopRule::kNever;
};

/// Runs a walk that has `Result<void> enter()`, `Result<bool> advance()` (true when newest() is to be read) and
/// `Result<void> land()` (what the oldest read brought). What the walk refers to outlives the task.
template <class Walk>
SearchTask run_walk(FrameMemory& /*memory*/, Walk walk, io::PageReader& reader) {
  if (Result<void> entered = walk.enter(); !entered) co_return entered;
  while (true) {
    while (true) {
      Result<bool> more = walk.advance();
      if (!more) co_return std::move(more).error();
      if (!*more) break;
      reader.begin(walk.newest());
    }
    if (!walk.waits()) break;
    io::PageBatch* const oldest[] = {&walk.oldest()};
    co_await io::PageReader::any_of(oldest);
    if (!oldest[0]->outcome) co_return std::move(oldest[0]->outcome);
    if (Result<void> landed = walk.land(); !landed) co_return landed;
  }
  walk.end();
  co_return Result<void>{};
}

}  // namespace nearline::engine
