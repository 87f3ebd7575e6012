// SPDX-License-Identifier: Apache-2.0
#include "engine/records/record_set.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <string>

namespace nearline::engine {
namespace {

constexpr std::uint64_t words_for(std::uint64_t records) noexcept {
  return (records + 63) / 64;
}

}  // namespace

Result<RecordSet> RecordSet::decode(std::span<const std::byte> bytes, std::uint64_t records, std::uint64_t deleted,
                                    std::uint64_t at) {
  assert(bytes.size() == (records + 7) / 8);
  RecordSet dead;
  dead.words_.resize(words_for(records));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    dead.words_[i / 8] |= std::to_integer<std::uint64_t>(bytes[i]) << (i % 8 * 8);
  }
  for (const std::uint64_t word : dead.words_) {
    dead.count_ += static_cast<std::uint64_t>(std::popcount(word));
  }
  if (records % 64 != 0 && (dead.words_.back() >> (records % 64)) != 0) {
    return Error{.code = Code::kCorrupt,
                 .what = "tombstones behind record " + std::to_string(records - 1) + ": expected zeros there",
                 .at = at};
  }
  if (dead.count_ != deleted) {
    return Error{.code = Code::kCorrupt,
                 .what = std::to_string(dead.count_) + " tombstones: expected " + std::to_string(deleted),
                 .at = at};
  }
  return dead;
}

RecordSet RecordSet::of(std::vector<std::uint64_t> words) noexcept {
  RecordSet set;
  set.words_ = std::move(words);
  for (const std::uint64_t word : set.words_) set.count_ += static_cast<std::uint64_t>(std::popcount(word));
  return set;
}

RecordSet RecordSet::without(const RecordSet& other) const {
  std::vector<std::uint64_t> words = words_;
  for (std::size_t i = 0; i < std::min(words.size(), other.words_.size()); ++i) words[i] &= ~other.words_[i];
  return of(std::move(words));
}

std::vector<std::byte> RecordSet::encode(std::uint64_t records) const {
  std::vector<std::byte> bytes((records + 7) / 8);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(words_[i / 8] >> (i % 8 * 8));
  }
  return bytes;
}

void RecordSet::make_room(std::uint64_t records) {
  words_.resize(words_for(records));
}

bool RecordSet::add(Row row) noexcept {
  std::uint64_t& word = words_[number(row) / 64];
  const std::uint64_t bit = std::uint64_t{1} << (number(row) % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  ++count_;
  return true;
}

}  // namespace nearline::engine
