// SPDX-License-Identifier: Apache-2.0
#include "io/simulated_inode.h"

#include <algorithm>
#include <random>

namespace nearline::io {
namespace {

constexpr std::uint64_t kSector = 512;

using Random = std::mt19937_64;

/// How many of the changes each sector has seen when the power goes.
std::vector<std::size_t> draw_progress(std::size_t sectors, std::size_t changes, Random& random) {
  enum { kNothing, kEverything, kAllButOne, kOnlyOne, kSameForAll, kEachItsOwn, kPolicies };
  std::vector<std::size_t> progress(sectors, 0);
  if (sectors == 0) return progress;
  const auto one = random() % sectors;
  switch (random() % (kPolicies + 2)) {
    case kNothing: break;
    case kEverything: std::ranges::fill(progress, changes); break;
    case kAllButOne:
      std::ranges::fill(progress, changes);
      progress[one] = random() % changes;
      break;
    case kOnlyOne: progress[one] = changes; break;
    case kSameForAll: std::ranges::fill(progress, random() % (changes + 1)); break;
    default:  // the likeliest: any mixture
      for (auto& seen : progress) seen = random() % (changes + 1);
  }
  return progress;
}

void fill_with_rubbish(std::span<std::byte> bytes, Random& random) {
  for (auto& byte : bytes) byte = static_cast<std::byte>(random());
}

/// Copies the part of `bytes` (which stand at `at` in the file) that falls into [begin, end) of the image.
void overlay(std::span<const std::byte> bytes, std::uint64_t at, std::uint64_t begin, std::uint64_t end,
             std::vector<std::byte>& image) {
  begin = std::max(begin, at);
  end = std::min({end, at + bytes.size(), std::uint64_t{image.size()}});
  for (; begin < end; ++begin) image[begin] = bytes[begin - at];
}

}  // namespace

void SimulatedInode::apply(const Change& change, std::vector<std::byte>& to) {
  if (change.cuts || to.size() < change.size) to.resize(change.size);
  std::ranges::copy(change.bytes, to.begin() + static_cast<std::ptrdiff_t>(change.at));
}

void SimulatedInode::write(std::uint64_t at, std::span<const std::byte> bytes) {
  changes_.push_back({.size = at + bytes.size(), .at = at, .bytes = {bytes.begin(), bytes.end()}});
  apply(changes_.back(), live_);
}

void SimulatedInode::resize(std::uint64_t bytes) {
  changes_.push_back({.size = bytes, .cuts = true});
  apply(changes_.back(), live_);
}

void SimulatedInode::sync() {
  for (const Change& change : changes_) apply(change, durable_);
  changes_.clear();
}

std::vector<std::byte> SimulatedInode::after_power_cut(std::uint64_t seed) const {
  if (changes_.empty()) return durable_;
  Random random(seed);
  std::size_t most = durable_.size();
  for (const Change& change : changes_) most = std::max<std::size_t>(most, change.size);
  auto image = durable_;
  image.resize(most);
  if (random() % 2 == 0) fill_with_rubbish(std::span(image).subspan(durable_.size()), random);

  const auto progress = draw_progress((most + kSector - 1) / kSector, changes_.size(), random);
  for (std::size_t sector = 0; sector < progress.size(); ++sector) {
    const std::uint64_t begin = sector * kSector;
    for (std::size_t i = 0; i < progress[sector]; ++i) {
      overlay(changes_[i].bytes, changes_[i].at, begin, begin + kSector, image);
    }
    if (progress[sector] < changes_.size() && random() % 8 == 0) {  // torn: the next change got into a part of it
      const Change& next = changes_[progress[sector]];
      overlay(next.bytes, next.at, begin, begin + random() % kSector, image);
    }
  }
  std::uint64_t size = durable_.size();
  const auto seen = random() % (changes_.size() + 1);
  for (std::size_t i = 0; i < seen; ++i) {
    size = changes_[i].cuts ? changes_[i].size : std::max(size, changes_[i].size);
  }
  image.resize(size);
  return image;
}

}  // namespace nearline::io
