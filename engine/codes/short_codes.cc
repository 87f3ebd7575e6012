// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/short_codes.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <utility>

#include "engine/kernels/code_kernels.h"

namespace nearline::engine {
namespace {

using format::kCentroids;

static_assert(ShortCodes::kBatch == ShortCodes::kShared * kernels::kPartsTogether);

/// A cut code tells too little of a product: by the share of the variance that is cut off where the vectors are near,
/// by nothing where they are far. What lies between finds most for the pages that it reads: measured,
/// docs/decisions.md.
constexpr double kLeastPush = 0.38;
constexpr double kPushOfShare = 0.7;
constexpr double kMostShare = 0.9;

constexpr std::uint16_t kByteStep = 257;  // 255 of them are 65535
constexpr unsigned kMostByte = 254;       // 255 stands for a vector beyond the scales

std::byte to_byte(const format::Scale16& scale, float value) noexcept {
  return static_cast<std::byte>(std::min((scale.store(value) + kByteStep / 2U) / kByteStep, kMostByte));
}

/// What centroids of one axis vary by.
double variance(const float* centroids) noexcept {
  double sum = 0;
  for (std::size_t c = 0; c < kCentroids; ++c) sum += static_cast<double>(centroids[c] * centroids[c]);
  return sum / kCentroids;
}

/// Of a code's product with a query, for each unit of a distance.
double weight(Metric metric) noexcept {
  return metric == Metric::kL2 ? -2 : -1;
}

}  // namespace

ShortCodes::ShortCodes(const format::CodeBook& book, Metric metric, std::uint64_t count, std::uint32_t parts)
    : book_(&book),
      metric_(metric),
      all_parts_(book.parts()),
      parts_(parts),
      code_bytes_(book.code_bytes()),
      stride_(kHeadBytes + parts),
      offset_(book.offset),
      squares_(book.parts() * kCentroids),
      means_(kernels::kPartsTogether * book.axis_count()),
      nearest_(kernels::kPartsTogether * book.parts()),
      kept_(count * stride_),
      shared_((count + kShared - 1) / kShared * (all_parts_ - parts)) {
  assert(parts > 0 && parts < book.parts());
  double all = 0, cut = 0, cut_squared = 0;
  std::size_t axis = 0;
  for (std::size_t p = 0; p < all_parts_; ++p) {
    first_axis_.push_back(axis);
    for (std::uint32_t w = 0; w < book.widths[p]; ++w, ++axis) {
      const float* const centroids = book.centroids.data() + axis * kCentroids;
      for (std::size_t c = 0; c < kCentroids; ++c) squares_[p * kCentroids + c] += centroids[c] * centroids[c];
      const double varies = variance(centroids);
      all += varies;
      if (p < parts) continue;
      cut += varies;
      cut_squared += varies * varies;
    }
  }
  const double share = all > 0 ? std::min(kMostShare, cut / all) : 0;
  push_ = static_cast<float>(kLeastPush + kPushOfShare * share);
  const double missed = all > 0 ? weight(metric) * weight(metric) * cut_squared / all : 0;
  error_ = static_cast<float>(std::sqrt(static_cast<double>(book.error * book.error) + missed));
  // Factors grow by what is cut off, in general, and for some records by more.
  const auto one = static_cast<float>(weight(metric));
  const auto [least, most] =
      std::minmax({book.factor.value(0) / one, book.factor.value(format::kBeyondScales - 1) / one});
  const float grown = most * (1 + push_ * static_cast<float>(2 * share / (1 - share)));
  factor_ = {.low = grown * one, .step = (least - grown) * one / (format::kBeyondScales - 1)};
}

/// The shared parts of up to kPartsTogether groups of records: nearest_.
void ShortCodes::share(std::span<const std::byte> codes, std::size_t count) {
  const std::size_t axes = book_->axis_count();
  std::fill(means_.begin(), means_.end(), 0.0F);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t group = i / kShared, first = group * kShared;
    const float part_of_one = 1.0F / static_cast<float>(std::min<std::size_t>(kShared, count - first));
    const std::byte* const code = codes.data() + i * code_bytes_ + format::kCodeHeadBytes;
    for (std::size_t p = parts_; p < all_parts_; ++p) {
      const float* centroid = table(p) + std::to_integer<std::size_t>(code[p]);
      float* const mean = means_.data() + group * axes + first_axis_[p];
      for (std::uint32_t w = 0; w < book_->widths[p]; ++w, centroid += kCentroids) mean[w] += *centroid * part_of_one;
    }
  }
  for (std::size_t p = parts_; p < all_parts_; ++p) {
    kernels::nearest_centroids(means_.data() + first_axis_[p], axes, table(p), book_->widths[p], nearest_.data() + p,
                               all_parts_);
  }
}

/// Offset and factor of a code whose last parts are those that are shared.
std::pair<float, float> ShortCodes::numbers_of(const std::byte* code, const std::byte* shared) const noexcept {
  std::array<std::uint16_t, 2> head;
  std::memcpy(head.data(), code, sizeof head);
  const std::byte* const bytes = code + format::kCodeHeadBytes;
  float squares = 0;
  for (std::size_t p = 0; p < parts_; ++p) squares += squares_[p * kCentroids + std::to_integer<std::size_t>(bytes[p])];
  float agreement = squares;  // product of the vector, as its code tells it, and what is kept of that
  for (std::size_t p = parts_; p < all_parts_; ++p) {
    const auto own = std::to_integer<std::size_t>(bytes[p]), other = std::to_integer<std::size_t>(shared[p - parts_]);
    squares += squares_[p * kCentroids + own];
    const float* centroids = table(p);
    for (std::uint32_t w = 0; w < book_->widths[p]; ++w, centroids += kCentroids) {
      agreement += centroids[own] * centroids[other];
    }
  }
  const auto one = static_cast<float>(weight(metric_));
  const float offset = book_->offset.value(head[0]), factor = book_->factor.value(head[1]) / one;
  const float length = metric_ == Metric::kL2 ? offset : factor * squares;
  const float exact = agreement > length * 0.1F ? length / agreement : factor;
  return {offset, (factor + push_ * (exact - factor)) * one};
}

void ShortCodes::add(std::span<const std::byte> codes) {
  const std::size_t count = codes.size() / code_bytes_;
  assert(added_ % kBatch == 0 && count <= kBatch);
  share(codes, count);
  const std::size_t cut = all_parts_ - parts_;
  for (std::size_t i = 0; i < count; ++i, ++added_) {
    std::byte* const shared = shared_.data() + added_ / kShared * cut;
    if (i % kShared == 0) std::memcpy(shared, nearest_.data() + i / kShared * all_parts_ + parts_, cut);
    const std::byte* const code = codes.data() + i * code_bytes_;
    std::byte* const kept = kept_.data() + added_ * stride_;
    const auto [offset, factor] = numbers_of(code, shared);
    kept[0] = to_byte(offset_, offset);
    kept[1] = to_byte(factor_, factor);
    std::array<std::uint16_t, 2> head;
    std::memcpy(head.data(), code, sizeof head);
    if ((head[0] & head[1]) == format::kBeyondScales) kept[0] = kept[1] = std::byte{255};
    std::memcpy(kept + kHeadBytes, code + format::kCodeHeadBytes, parts_);
  }
}

format::CodeBook ShortCodes::finish() {
  format::CodeBook book = *book_;
  book.factor = factor_;
  book.error = error_;
  book_ = nullptr;
  first_axis_ = {};
  squares_ = {};
  means_ = {};
  nearest_ = {};
  return book;
}

void ShortCodes::lengthen(std::uint32_t ordinal, std::byte* out) const noexcept {
  const std::byte* const kept = kept_.data() + std::uint64_t{ordinal} * stride_;
  const std::uint16_t head[] = {static_cast<std::uint16_t>(std::to_integer<unsigned>(kept[0]) * kByteStep),
                                static_cast<std::uint16_t>(std::to_integer<unsigned>(kept[1]) * kByteStep)};
  std::memcpy(out, head, sizeof head);
  std::memcpy(out + sizeof head, kept + kHeadBytes, parts_);
  const std::size_t cut = all_parts_ - parts_;
  std::memcpy(out + sizeof head + parts_, shared_.data() + ordinal / kShared * cut, cut);
}

}  // namespace nearline::engine
