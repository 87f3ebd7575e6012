// SPDX-License-Identifier: Apache-2.0
#include "engine/salvage/id_set.h"

#include <utility>

namespace nearline::engine {
namespace {

/// Scatters ids that follow each other, and those that differ in high bits alone (the finalizer of SplitMix64).
std::uint64_t scattered(Id id) noexcept {
  id = (id ^ (id >> 30)) * 0xBF58'476D'1CE4'E5B9;
  id = (id ^ (id >> 27)) * 0x94D0'49BB'1331'11EB;
  return id ^ (id >> 31);
}

}  // namespace

bool IdSet::insert(Id id) {
  if ((count_ + 1) * 4 > slots_.size() * 3) grow();
  Id& slot = slots_[place_of(id)];
  if (slot == id) return false;
  slot = id;
  ++count_;
  return true;
}

/// Of the id, or of the empty slot where it belongs.
std::size_t IdSet::place_of(Id id) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t place = scattered(id) & mask;
  while (slots_[place] != kNoId && slots_[place] != id) place = (place + 1) & mask;
  return place;
}

void IdSet::grow() {
  std::vector<Id> old = std::exchange(slots_, std::vector<Id>(slots_.empty() ? 1024 : slots_.size() * 2, kNoId));
  for (const Id id : old) {
    if (id != kNoId) slots_[place_of(id)] = id;
  }
}

}  // namespace nearline::engine
