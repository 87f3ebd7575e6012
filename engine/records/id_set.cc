// SPDX-License-Identifier: Apache-2.0
#include "engine/records/id_set.h"

namespace nearline::engine {
namespace {

/// Scatters ids that follow each other, and those that differ in high bits alone (the finalizer of SplitMix64).
std::uint64_t scattered(Id id) noexcept {
  id = (id ^ (id >> 30)) * 0xBF58'476D'1CE4'E5B9;
  id = (id ^ (id >> 27)) * 0x94D0'49BB'1331'11EB;
  return id ^ (id >> 31);
}

}  // namespace

bool IdSet::insert(Id id) noexcept {
  std::size_t place = scattered(id) % slots_.size();
  while (slots_[place] != kNoId) {
    if (slots_[place] == id) return false;
    if (++place == slots_.size()) place = 0;
  }
  slots_[place] = id;
  return true;
}

bool IdSet::contains(Id id) const noexcept {
  std::size_t place = scattered(id) % slots_.size();
  while (slots_[place] != kNoId && slots_[place] != id) {
    if (++place == slots_.size()) place = 0;
  }
  return slots_[place] == id;
}

}  // namespace nearline::engine
