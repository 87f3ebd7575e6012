// SPDX-License-Identifier: Apache-2.0
#include "engine/link/leaf_pairs.h"

#include <algorithm>
#include <limits>

namespace nearline::engine {
namespace {

/// Cosine distances of copies differ from 0 by rounding.
constexpr float kCosineRounding = 1e-6F;
/// Larger vectors are compared where they stand: the processor streams them well enough, and copies would cost memory.
constexpr std::size_t kMostCopied = 1088;

}  // namespace

std::uint64_t LeafPairs::memory_bytes(const format::PageShape& shape, std::uint32_t most,
                                      std::uint32_t nearest) noexcept {
  const std::uint64_t stride = (std::uint64_t{shape.id_place()} + 63) / 64 * 64;
  const std::uint64_t tables = sizeof(std::byte*) + nearest * sizeof(Candidate) + 5 * sizeof(std::uint32_t);
  return most * (tables + (stride <= kMostCopied ? stride : 0));
}

LeafPairs::LeafPairs(const RecordImage& image, const Nearness& nearness, std::uint32_t nearest)
    : image_(image),
      nearness_(nearness),
      nearest_(nearest),
      copy_distance_(nearness.first().metric() == Metric::kCosine ? kCosineRounding : 0.0F),
      stride_((image.shape().id_place() + 63) / 64 * 64),
      query_(nearness.first().query_bytes()) {}

void LeafPairs::gather(std::span<const std::uint32_t> leaf) {
  ordinals_.assign(leaf.begin(), leaf.end());
  records_.resize(leaf.size());
  const bool copied = stride_ <= kMostCopied;
  if (copied) vectors_.resize(leaf.size() * stride_);
  for (std::size_t i = 0; i < leaf.size(); ++i) {
    if (!copied) {
      records_[i] = image_.record(leaf[i]);
      continue;
    }
    std::copy_n(image_.record(leaf[i]), image_.shape().id_place(), vectors_.data() + i * stride_);
    records_[i] = vectors_.data() + i * stride_;
  }
  distances_.resize(leaf.size());
  const std::size_t heaps = leaf.size() * nearness_.kinds().size();
  heaps_.resize(heaps * nearest_);
  sizes_.assign(heaps, 0);
  worst_.assign(heaps, std::numeric_limits<float>::infinity());
  copies_.assign(leaf.begin(), leaf.end());
}

void LeafPairs::compare(std::span<const std::uint32_t> leaf) {
  gather(leaf);
  for (std::size_t i = 0; i + 1 < leaf.size(); ++i) {
    for (std::size_t kind = 0; kind < nearness_.kinds().size(); ++kind) compare_by(nearness_.kinds()[kind], kind, i);
  }
}

/// Compares a record with those after it. Copies are what the first kind says.
void LeafPairs::compare_by(const Space& space, std::size_t kind, std::size_t i) {
  const auto others = std::span<const std::byte* const>(records_).subspan(i + 1);
  space.distances(space.query_of(records_[i], query_.data()), others, distances_.data());
  const std::size_t heaps = kind * records_.size();
  for (std::size_t n = 0; n < others.size(); ++n) {
    const std::size_t j = i + 1 + n;
    const float distance = distances_[n];
    if (kind == 0 && distance <= copy_distance_) {
      offer_copy(i, ordinals_[j]);
      offer_copy(j, ordinals_[i]);
      continue;
    }
    if (distance <= worst_[heaps + i]) offer(heaps + i, {distance, ordinals_[j]});
    if (distance <= worst_[heaps + j]) offer(heaps + j, {distance, ordinals_[i]});
  }
}

void LeafPairs::offer(std::size_t to, const Candidate& candidate) {
  const auto begin = heaps_.begin() + static_cast<std::ptrdiff_t>(to * nearest_);
  std::uint32_t& size = sizes_[to];
  if (size < nearest_) {
    begin[size++] = candidate;
    if (size < nearest_) return;
    std::make_heap(begin, begin + size);
  } else {
    if (!(candidate < *begin)) return;
    std::pop_heap(begin, begin + size);
    begin[size - 1] = candidate;
    std::push_heap(begin, begin + size);
  }
  worst_[to] = begin->distance;
}

void LeafPairs::offer_copy(std::size_t to, std::uint32_t ordinal) {
  const std::uint32_t self = ordinals_[to];
  // Unsigned differences wrap: the ordinals above come first, then those below.
  if (copies_[to] == self || ordinal - self < copies_[to] - self) copies_[to] = ordinal;
}

void LeafPairs::nearest_of(std::size_t i, std::vector<Candidate>& out) const {
  for (std::size_t heap = i; heap < sizes_.size(); heap += records_.size()) {
    const auto begin = heaps_.begin() + static_cast<std::ptrdiff_t>(heap * nearest_);
    out.insert(out.end(), begin, begin + sizes_[heap]);
  }
  if (copies_[i] != ordinals_[i]) out.push_back({0.0F, copies_[i]});
}

}  // namespace nearline::engine
