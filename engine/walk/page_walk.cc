// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/page_walk.h"

#include <algorithm>

namespace nearline::engine {
void PageWalk::reset(std::size_t list_bytes) {
  s_.shortlist.reset(options_.l, options_.room, list_bytes);
  s_.visited.clear();
  s_.answers.reset(options_.k);
  if (admission_.hidden() != kNoOrdinal) s_.visited.insert(admission_.hidden());
}

float PageWalk::limit() const noexcept {
  const float best = knows_all_ ? -std::numeric_limits<float>::infinity() : s_.answers.best();
  const float kth = options_.kth(s_.answers.kth(), best);
  if (kth == std::numeric_limits<float>::infinity()) return StopRule::kNever;
  return std::min(kth + margin_, options_.stop.limit(kth));
}

void PageWalk::estimate() {
  s_.distances.resize(s_.records.size());
  scorer_.estimates(s_.records, s_.distances.data());
  s_.stats.estimates += static_cast<std::uint32_t>(s_.records.size());
}

void PageWalk::sort_guesses(std::size_t most) {
  s_.path.resize(s_.fresh.size());
  for (std::size_t i = 0; i < s_.fresh.size(); ++i) s_.path[i] = {s_.distances[i], s_.fresh[i]};
  const auto sorted = static_cast<std::ptrdiff_t>(std::min(s_.path.size(), most));
  std::partial_sort(s_.path.begin(), s_.path.begin() + sorted, s_.path.end());
}

void PageWalk::start(std::size_t most) {
  for (std::size_t i = 0; i < std::min(most, s_.path.size()); ++i) {
    const std::uint32_t ordinal = s_.path[i].ordinal;
    const float distance = ranked(s_.path[i].distance, ordinal);
    if (s_.visited.insert(ordinal) && s_.shortlist.keeps(distance, ordinal))
      s_.shortlist.guess(distance, ordinal, false, admission_.admits(ordinal));
  }
  s_.path.clear();
}

void PageWalk::guess() {
  const float far = limit();
  for (std::size_t i = 0; i < s_.fresh.size(); ++i) {
    const float distance = ranked(s_.distances[i], s_.fresh[i]);
    if (!(distance > far) && s_.shortlist.keeps(distance, s_.fresh[i]))
      s_.shortlist.guess(distance, s_.fresh[i], is_asked(s_.fresh[i]), admission_.admits(s_.fresh[i]));
  }
}

bool PageWalk::ask() {
  const std::size_t best = s_.shortlist.next(Shortlist::State::kGuess);
  if (best == Shortlist::kNone || in_flight_ == options_.beam_width) return false;
  const float next = s_.shortlist[best].distance;
  if (next > limit()) return false;
  if (options_.watch != nullptr && !options_.watch->goes_on(options_.stop, next, s_)) return false;
  const std::uint32_t page = graph_.places.of(s_.shortlist[best].ordinal).page;
  s_.shortlist.ask(page * graph_.shape.slots, graph_.shape.slots);
  io::PageBatch& flight = s_.flight((oldest_ + in_flight_) % options_.beam_width);
  flight.wanted.assign(1, page);
  ++in_flight_;
  return true;
}

PageWalk::Landed PageWalk::compare_oldest() {
  const io::PageBatch& flight = s_.flight(oldest_);
  oldest_ = (oldest_ + 1) % options_.beam_width;
  --in_flight_;
  const std::uint32_t slots = graph_.shape.slots;
  Landed landed{.page = flight.pages[0], .number = flight.wanted[0], .first = flight.wanted[0] * slots};
  landed.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(slots, graph_.count - landed.first));
  s_.shortlist.take_out(landed.first, landed.count);
  s_.records.resize(landed.count);
  for (std::uint32_t i = 0; i < landed.count; ++i) {
    s_.records[i] = landed.page + sizeof(format::GraphPageHeader) + std::size_t{i} * graph_.shape.slot_bytes;
  }
  s_.distances.resize(landed.count);
  scorer_.distances(s_.records, s_.distances.data());
  s_.stats.distance_computations += landed.count;
  for (std::uint32_t i = 0; i < landed.count; ++i) {
    s_.visited.insert(landed.first + i);
    if (!admission_.admits(landed.first + i)) continue;
    s_.answers.offer({s_.distances[i], format::stored_id(graph_.shape, s_.records[i])});
  }
  return landed;
}

bool PageWalk::is_asked(std::uint32_t ordinal) {
  if (in_flight_ == 0) return false;
  const std::uint32_t page = graph_.places.of(ordinal).page;
  for (std::uint32_t i = 0; i < in_flight_; ++i) {
    if (s_.flight((oldest_ + i) % options_.beam_width).wanted[0] == page) return true;
  }
  return false;
}

}  // namespace nearline::engine
