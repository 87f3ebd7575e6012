// SPDX-License-Identifier: Apache-2.0
#include "engine/link/prune.h"

#include <algorithm>
#include <array>

namespace nearline::engine {
namespace {

/// Chosen neighbours compared at once before looking whether one of them covers the candidate: most candidates that
/// are covered are so by one of the first few.
constexpr std::size_t kStep = 8;

}  // namespace

template <class IsFresh>
std::span<const std::uint32_t> Pruner::choose(const Choice& choice, std::vector<Candidate>& candidates,
                                              const IsFresh& is_fresh) {
  std::sort(candidates.begin(), candidates.end());
  chosen_.clear();
  chosen_records_.clear();
  fresh_records_.clear();
  std::uint32_t last = choice.record;
  for (const Candidate& candidate : candidates) {
    if (chosen_.size() == choice.degree) break;
    if (candidate.ordinal == choice.record || candidate.ordinal == last) continue;
    last = candidate.ordinal;
    const bool fresh = is_fresh(candidate.ordinal);
    if (covered(choice, candidate, fresh ? chosen_records_ : fresh_records_)) continue;
    chosen_.push_back(candidate.ordinal);
    chosen_records_.push_back(image_.record(candidate.ordinal));
    if (fresh) fresh_records_.push_back(chosen_records_.back());
  }
  return chosen_;
}

std::span<const std::uint32_t> Pruner::prune(std::uint32_t record, std::vector<Candidate>& candidates,
                                             std::uint32_t degree, float alpha) {
  if (nearness_.kinds().size() > 1) return prune_by_all_kinds(record, candidates, degree, alpha);
  return choose({nearness_.first(), record, degree, alpha}, candidates, [](std::uint32_t) { return true; });
}

std::span<const std::uint32_t> Pruner::prune_with(std::span<const std::uint32_t> fresh, std::uint32_t record,
                                                  std::vector<Candidate>& candidates, std::uint32_t degree,
                                                  float alpha) {
  if (nearness_.kinds().size() > 1) return prune_by_all_kinds(record, candidates, degree, alpha);
  return choose({nearness_.first(), record, degree, alpha}, candidates,
                [&](std::uint32_t ordinal) { return std::find(fresh.begin(), fresh.end(), ordinal) != fresh.end(); });
}

std::span<const std::uint32_t> Pruner::prune_by_all_kinds(std::uint32_t record, std::vector<Candidate>& candidates,
                                                          std::uint32_t degree, float alpha) {
  met_.clear();
  for (const Candidate& candidate : candidates) met_.push_back(candidate.ordinal);
  std::sort(met_.begin(), met_.end());
  met_.erase(std::unique(met_.begin(), met_.end()), met_.end());
  united_.clear();
  std::size_t left = nearness_.kinds().size();
  for (const Space& space : nearness_.kinds()) {
    candidates.clear();
    measure_by(space, record, met_, candidates);
    const bool first = &space == &nearness_.first();
    const std::size_t share = std::max<std::size_t>(1, (degree - united_.size()) / left--);
    const std::size_t room = std::min<std::size_t>(degree, united_.size() + share);
    for (const std::uint32_t one :
         choose({space, record, degree, first ? alpha : 1}, candidates, [](std::uint32_t) { return true; })) {
      if (united_.size() == room) break;
      if (std::find(united_.begin(), united_.end(), one) == united_.end()) united_.push_back(one);
    }
  }
  return united_;
}

bool Pruner::covered(const Choice& choice, const Candidate& candidate, std::span<const std::byte* const> by) {
  if (by.empty()) return false;
  const Query query = choice.space.query_of(image_.record(candidate.ordinal), query_.data());
  std::array<float, kStep> distances;
  for (std::size_t at = 0; at < by.size(); at += kStep) {
    const auto step = by.subspan(at, std::min(kStep, by.size() - at));
    choice.space.distances(query, step, distances.data());
    for (std::size_t i = 0; i < step.size(); ++i) {
      if (choice.alpha * distances[i] <= candidate.distance) return true;
    }
  }
  return false;
}

void Pruner::measure(std::uint32_t record, std::span<const std::uint32_t> others, std::vector<Candidate>& out) {
  measure_by(nearness_.first(), record, others, out);
}

void Pruner::measure_by(const Space& space, std::uint32_t record, std::span<const std::uint32_t> others,
                        std::vector<Candidate>& out) {
  records_.clear();
  for (const std::uint32_t other : others) records_.push_back(image_.record(other));
  for (const std::byte* bytes : records_) __builtin_prefetch(bytes);
  distances_.resize(others.size());
  space.distances(space.query_of(image_.record(record), query_.data()), records_, distances_.data());
  for (std::size_t i = 0; i < others.size(); ++i) out.push_back({distances_[i], others[i]});
}

}  // namespace nearline::engine
